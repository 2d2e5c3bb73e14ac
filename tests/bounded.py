"""Work in a process of its own that the kernel ends where it takes too much of the processor's time.

What runs away fails its test instead of hanging it: no signal handler of Python's runs inside the `re` module's loops.
Processor time is measured, so that a busy machine changes nothing.
"""

import multiprocessing
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import pytest

ENDED_AFTER_SECONDS = 3.0


class Bench:
    """Runs one function after another in another process."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def run(self, what: str, function: Callable[..., Any], *args: Any) -> Any:
        """Return the function's result; fail the test where the process was ended."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        try:
            return self._pool.submit(function, *args).result()
        except BrokenProcessPool:
            self.close()
            pytest.fail(f"{what} was ended: it took more than {ENDED_AFTER_SECONDS} s of processor time")

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = None


@contextmanager
def running_bench() -> Iterator[Bench]:
    bench = Bench()
    try:
        yield bench
    finally:
        bench.close()


def timed(function: Callable[..., Any], *args: Any) -> float:
    """Return the processor time of a call; the kernel ends this process where it is more than three seconds."""
    signal.setitimer(signal.ITIMER_PROF, ENDED_AFTER_SECONDS)
    started = time.process_time()
    function(*args)
    taken = time.process_time() - started
    signal.setitimer(signal.ITIMER_PROF, 0)
    return taken


def slow_texts(source: str, flags: int, units: Sequence[str], chars: int, most: float) -> list[str]:
    """Return, in a sentence each, the texts over which the pattern takes more than `most` seconds."""
    pattern = re.compile(source, flags)
    found: list[str] = []
    beginning = max(units, key=len)
    for unit in units:
        many = unit * (chars // len(unit))
        for how, look, text in (
            ("found in", _find_all, many),
            ("from the start of", pattern.match, many + "\x00"),
            ("over the whole of", pattern.fullmatch, many + "\x00"),
            ("over the whole of its own text and", pattern.fullmatch, beginning + many + "\x00"),
        ):
            taken = timed(look, pattern, text) if look is _find_all else timed(look, text)
            if taken > most:
                found.append(f"{taken:.2f} s {how} {chars:,} characters of {unit!r}")
    return found


def _find_all(pattern: re.Pattern[str], text: str) -> None:
    for _ in pattern.finditer(text):
        pass
