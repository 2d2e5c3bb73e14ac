"""The command `dispatch` in a process of its own that need not import anew: forked from one that has imported it all.

A command of a second imports for most of it. What it is given and leaves is the same: arguments, environment, exit code,
both outputs. The installed script is run where a test is about starting it (docs/test_recipes.py, make demo).
"""

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from cli.commands import COMMANDS, main

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, *sorted({command.module for command in COMMANDS.values()})])


async def run_warm(
    typed: tuple[str, ...], folder: Path, environment: Mapping[str, str], seconds: float
) -> tuple[int, bytes, bytes]:
    """Run `dispatch` with the words typed; returns the exit code and what it wrote. Raises TimeoutError."""
    with ExitStack() as stack:
        out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        names = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (out, err)]
        process = _CONTEXT.Process(target=_command, args=(typed, str(folder), dict(environment), *names))
        await asyncio.to_thread(process.start)
        try:
            await asyncio.to_thread(process.join, seconds)
            if process.exitcode is None:
                raise TimeoutError(f"dispatch {' '.join(typed)} took more than {seconds} s")
            return process.exitcode, _all_of(out), _all_of(err)
        finally:
            if process.exitcode is None:
                process.kill()
                process.join()
            process.close()


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _command(typed: tuple[str, ...], folder: str, environment: dict[str, str], out: str, err: str) -> None:
    for number, name in ((1, out), (2, err)):
        written = os.open(name, os.O_WRONLY | os.O_APPEND)
        os.dup2(written, number)
        os.close(written)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["dispatch", *typed]
    sys.exit(main())
