"""Runs Temporal workers together, and bounds how long their stop may take.

A worker's stop can take forever: an activity that does not listen, a loop that computes, or the SDK's core itself (its
`finalize_shutdown` did not return on a busy machine). A process manager would kill such a process without a
message. `HardEnd` ends it first, logs what still ran, and sets a distinct exit code.
"""

import asyncio
import faulthandler
import os
import queue
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from temporalio.worker import Worker

log = structlog.get_logger("shutdown")

HARD_END_CODE: Final = 70
"""The exit code of a process that did not stop in time; EX_SOFTWARE of sysexits.h."""
MARGIN: Final = timedelta(seconds=10)
"""The time for a stop beyond the grace in which activities finish: their results must still reach Temporal."""
_BACKSTOP_SECONDS: Final = 2.0


class WorkerStuckError(Exception):
    """A worker did not stop in time and was given up; the message lists what its loop still waits for."""


class HardEnd:
    """Ends the process `within` a time after its stop begins, even if work is still running.

    In a thread, because the event loop itself may be stuck. Where even that thread gets no turn, because C code keeps the
    interpreter, faulthandler prints the stacks and ends the process two seconds later, with its own exit code 1.
    """

    def __init__(self, within: timedelta) -> None:
        """Start the thread; must be called within the running loop."""
        self._seconds = within.total_seconds()
        self._loop = asyncio.get_running_loop()
        # A SimpleQueue may be written in a signal handler, and a thread may not be started there.
        self._stops: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._begun = False
        threading.Thread(target=self._watch, name="hard-end", daemon=True).start()

    def begin(self) -> None:
        """Note that the stop begins; also from a signal handler, and again without effect."""
        if not self._begun:
            self._begun = True
            self._stops.put(None)
            faulthandler.dump_traceback_later(
                self._seconds + _BACKSTOP_SECONDS, exit=True, file=sys.__stderr__ or 2
            )

    def _watch(self) -> None:
        self._stops.get()
        time.sleep(self._seconds)
        log.critical(
            "the stop took too long; the process is ended",
            after_seconds=self._seconds,
            exit_code=HARD_END_CODE,
            still_waiting=waiting_tasks(self._loop),
        )
        faulthandler.dump_traceback(file=sys.__stderr__ or 2)
        os._exit(HARD_END_CODE)


@asynccontextmanager
async def running_workers(
    *workers: Worker, on_stop: Callable[[], None] = lambda: None, give_up_after: timedelta | None = None
) -> AsyncIterator[None]:
    """Run workers for as long as the block lasts, then stop all of them at once: they share one grace.

    `on_stop` is called when the stop begins. Raises WorkerStuckError where it takes longer than `give_up_after`; what is
    stuck is left behind.
    """
    started = list[Worker]()
    try:
        for worker in workers:
            await worker.__aenter__()
            started.append(worker)
        yield
    finally:
        on_stop()
        await _stop(started, give_up_after)


async def _stop(workers: Sequence[Worker], give_up_after: timedelta | None) -> None:
    if not workers:
        return
    # With the exception that ends the block: a failed worker cancels the block and raises its own error.
    why = sys.exc_info()
    stops = [asyncio.create_task(worker.__aexit__(*why)) for worker in workers]
    timeout = None if give_up_after is None else give_up_after.total_seconds()
    done, stuck = await asyncio.wait(stops, timeout=timeout)
    if stuck:
        waiting = "\n".join(waiting_tasks(asyncio.get_running_loop()))
        for stop in stuck:
            stop.cancel()
        raise WorkerStuckError(f"{len(stuck)} of {len(workers)} workers did not stop; waiting are\n{waiting}")
    for stop in done:
        stop.result()


def waiting_tasks(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Return, for each task of a loop, its coroutines and the line where it waits; stacks of threads do not show them."""
    try:
        tasks = asyncio.all_tasks(loop)
    except RuntimeError:  # from another thread, while tasks come and go
        return ["(the tasks cannot be listed)"]
    return sorted(f"{task.get_name()}: {_chain(task.get_coro())}" for task in tasks)


def _chain(awaited: Any) -> str:
    """Return the chain of awaited coroutines, from the outermost to the innermost."""
    names, place = list[str](), ""
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        names.append(awaited.__qualname__)
        place = f" ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
        awaited = awaited.cr_await
    return " > ".join(names) + place
