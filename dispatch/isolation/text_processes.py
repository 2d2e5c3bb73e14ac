"""Limits readers of strangers' text from outside: child processes are killed if they exceed time or memory.

A thread cannot be ended, and the `re` module keeps the interpreter while it matches; a process can be ended whatever
it does. Short texts are read here: every pattern is linear, and a call of a process costs a few milliseconds.
"""

import asyncio
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from dispatch.isolation.text_child import read_frame, write_frame
from dispatch.models.errors import DispatchError, UnreadableTextError

SHORT: Final = 4_000
"""Texts up to this size are read without a process."""

PROCESSES: Final = 4
READERS: Final = ("channels.mail.parse", "dispatch.process.routing")
"""Modules that a process imports before its first text, so that the text need not wait."""

_START_SECONDS: Final = 60
_MARGIN_SECONDS: Final = 2
_ROOT: Final = Path(__file__).parents[2]

P = ParamSpec("P")
R = TypeVar("R")


class TextProcesses:
    """Up to `processes`, started when they are needed and kept for the next call; one text at a time in each."""

    def __init__(
        self,
        seconds: float,
        megabytes: int,
        *,
        processes: int = PROCESSES,
        readers: tuple[str, ...] = READERS,
    ) -> None:
        self._seconds, self._megabytes, self._readers = seconds, megabytes, readers
        self._idle: list[subprocess.Popen[bytes]] = []
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="text")
        self._end = weakref.finalize(self, _end_all, self._idle)

    async def read(self, size: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that reads a text of `size`, as `call` does, without holding up the event loop."""
        if size <= SHORT:
            return function(*args, **kwargs)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self.call(function, *args, **kwargs))

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a module's function in a process.

        Raises UnreadableTextError, in one sentence for people, where it took too long, took too much memory or failed; a
        DispatchError of the function passes as it is.
        """
        if kwargs:
            raise TypeError("only positional arguments go to another process")
        frame = pickle.dumps((function, args))
        child = self._idle.pop() if self._idle else self._started()
        late = threading.Event()
        timer = threading.Timer(self._seconds, lambda: _kill_late(child, late))
        timer.start()
        try:
            answer = _exchange(child, frame)
        except (EOFError, OSError):
            _end(child)
            raise UnreadableTextError(self._too_long() if late.is_set() else self._died(child)) from None
        finally:
            timer.cancel()
        if late.is_set():
            _end(child)
        else:
            self._idle.append(child)
        result: R = _unpacked(answer)
        return result

    def end_idle(self) -> None:
        """End the idle processes; the next call starts one."""
        _end_all(self._idle)

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(  # noqa: S603 (our own module, in our own interpreter)
            [
                sys.executable,
                "-m",
                "dispatch.isolation.text_child",
                str(self._seconds + _MARGIN_SECONDS),
                str(self._megabytes),
                *self._readers,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The child gets no credentials of this process, because a stranger's text might take it over.
            # One thread of linear algebra: each takes address space, and other processes need the cores.
            env={
                "PYTHONPATH": str(_ROOT),
                "PATH": os.defpath,
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
            # This process handles Ctrl-C of the terminal, not the child.
            start_new_session=True,
        )
        # Its imports take a second on a busy machine, and do not count towards the time for a text.
        timer = threading.Timer(_START_SECONDS, child.kill)
        timer.start()
        try:
            _answer(child)
        except (EOFError, OSError):
            _end(child)
            raise UnreadableTextError(self._died(child)) from None
        finally:
            timer.cancel()
        return child

    def _too_long(self) -> str:
        return f"the text could not be read automatically within {self._seconds:g} seconds"

    def _died(self, child: subprocess.Popen[bytes]) -> str:
        return (
            "the text could not be read automatically: the process that read it ended "
            f"(exit code {child.returncode}); it may have {self._megabytes:,} MB of memory"
        )


def _exchange(child: subprocess.Popen[bytes], frame: bytes) -> bytes:
    if child.stdin is None:
        raise EOFError
    write_frame(child.stdin, frame)
    return _answer(child)


def _answer(child: subprocess.Popen[bytes]) -> bytes:
    if child.stdout is None:
        raise EOFError
    return read_frame(child.stdout)


def _unpacked(result: bytes) -> Any:
    is_done, value = pickle.loads(result)  # noqa: S301 (written by our own process)
    if is_done:
        return value
    if isinstance(value, DispatchError):
        raise value
    raise UnreadableTextError(f"the text could not be read automatically: {value}")


def _kill_late(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    child.kill()


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            # What was not sent yet to a process that has ended is lost with it.
            with contextlib.suppress(OSError):
                stream.close()


def _end_all(children: list[subprocess.Popen[bytes]]) -> None:
    while children:
        _end(children.pop())
