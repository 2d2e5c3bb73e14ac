"""Runs our programs in separate processes without a new import: forked from one that has imported everything.

A command of a second imports for most of it, and so does a worker until it works. What they are given and leave is the
same: arguments, environment, exit code, both outputs; each is a process, which can be killed. The program itself is run
where a test is about starting it or about the interpreter's end (docs/test_recipes.py, test_worker.py, make demo).
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO, Final

import worker
from cli.commands import COMMANDS, run
from devstack.processes import PRIVATE, ROOT, Child, Program

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, *sorted({command.module for command in COMMANDS.values()})])
_PROGRAMS: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {"dispatch": run, "worker.py": worker.run}


def is_warm(program: str) -> bool:
    """Return whether a program can be started warm."""
    return program in _PROGRAMS


async def run_warm(
    typed: tuple[str, ...], folder: Path, environment: Mapping[str, str], seconds: float
) -> tuple[int, bytes, bytes]:
    """Run a program with the words typed; returns the exit code and what it wrote. Raises TimeoutError."""
    with ExitStack() as stack:
        out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        # Opened by another process, which is no child of this one.
        names = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (out, err)]
        process = _CONTEXT.Process(target=_program, args=(typed, folder, dict(environment), *names))
        await asyncio.to_thread(process.start)
        try:
            await asyncio.to_thread(process.join, seconds)
            if process.exitcode is None:
                raise TimeoutError(f"{' '.join(typed)} took more than {seconds} s")
            return process.exitcode, _all_of(out), _all_of(err)
        finally:
            if process.exitcode is None:
                process.kill()
                process.join()
            process.close()


class WarmProgram(Program):
    """A program of ours that starts warm; it can be killed and asked to end as any."""

    def launched(self, log: IO[bytes]) -> Child:
        """Fork the process, which writes to `log`."""
        given = (tuple(self.arguments), ROOT, self.environment, log.name, log.name, PRIVATE)
        process = _CONTEXT.Process(target=_program, args=given)
        process.start()
        return _Forked(process)


class _Forked:
    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired("a forked process", timeout or 0)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _program(
    typed: tuple[str, ...],
    folder: Path,
    environment: Mapping[str, str],
    out: str,
    err: str,
    umask: int | None = None,
) -> None:
    for number, name in ((1, out), (2, err)):
        written = os.open(name, os.O_WRONLY | os.O_APPEND)
        os.dup2(written, number)
        os.close(written)
    os.chdir(folder)
    if umask is not None:
        os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [*typed]
    sys.exit(_PROGRAMS[typed[0]](typed[1:]))
