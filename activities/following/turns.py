"""An activity that polls Temporal for an hour at a time, and reports its checkpoint."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypeVar

from pydantic import ValidationError
from temporalio import activity

from dispatch.models.contract import Contract

P = TypeVar("P", bound=Contract)

OVERLAP: Final = timedelta(minutes=1)
"""Each look begins this long before the last one, because Temporal's lists lag behind."""
TURN: Final = timedelta(hours=1)
"""The length of a turn; then another worker may continue, so that work is shared again."""
_BEAT_SECONDS: Final = 5.0


async def follow_for_a_turn(
    look: Callable[[], Awaitable[None]],
    so_far: Callable[[], Contract],
    every: timedelta,
    turn: timedelta,
    stopping: asyncio.Event,
) -> None:
    """Poll for a turn, or until this worker stops; raises the errors of a look.

    `stopping` is set when the process is told to end. The SDK (1.35) says so to the activities that run by then, and
    never to the first one of a worker where it starts just after: the process would wait for it all its grace.
    """
    all_of_it = (
        _look(look, every),
        _beat(so_far),
        activity.wait_for_worker_shutdown(),
        _until(stopping),
    )
    tasks = [asyncio.create_task(one) for one in all_of_it]
    try:
        done, _ = await asyncio.wait(tasks, timeout=turn.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await _ended(tasks)


def resumed(begin: P) -> P:
    """Return the checkpoint of the previous attempt; another version's may not be readable."""
    for told in activity.info().heartbeat_details:
        with suppress(ValidationError):
            return type(begin).model_validate(told)
    return begin


async def _look(look: Callable[[], Awaitable[None]], every: timedelta) -> None:
    """Poll until an error or a cancellation."""
    while True:
        await look()
        await asyncio.sleep(every.total_seconds())


async def _beat(so_far: Callable[[], Contract]) -> None:
    """Report the checkpoint to Temporal, also during a long look or pause."""
    while True:
        activity.heartbeat(so_far())
        await asyncio.sleep(_BEAT_SECONDS)


async def _until(stopping: asyncio.Event) -> None:
    await stopping.wait()


async def _ended(tasks: "list[asyncio.Task[None]]") -> None:
    """Cancel the running tasks; an interrupted look is repeated, which changes nothing."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
