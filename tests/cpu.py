"""A bound on the processor's time for one piece of work, that ends the work where it is passed.

The `re` module looks for signals while it matches, so a pattern that runs away fails its test instead of hanging it.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest


@contextmanager
def cpu_seconds(most: float, what: str) -> Iterator[None]:
    """Fail where the block takes more of this process's own time; another process's load does not count."""

    def over(signum: int, frame: FrameType | None) -> None:
        pytest.fail(f"{what} was ended: it took more than {most} s of processor time")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, most + 0.05)
    started = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    taken = time.process_time() - started
    assert taken < most, f"{what} took {taken:.2f} s of processor time; {most} s are allowed"
