"""Runs a follower as a series of long activities, so that its history stays small."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.following.turns import TURN
    from dispatch.models.contract import Contract

P = TypeVar("P", bound=Contract)

TURNS: Final = 24
"""Activities in one history, which therefore ends about once a day and has a few events for each."""
_ATTEMPT: Final = TURN + timedelta(minutes=10)
_HEARTBEAT: Final = timedelta(seconds=20)
"""The heartbeat timeout: after a crash of its worker Temporal gives it to another one after a pause of `_RETRY`."""
_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1))
_PAUSE: Final = timedelta(minutes=1)


async def follow_in_turns(follow: Callable[[Any, P], Awaitable[P]], so_far: P, summary: str) -> P:
    """Run a follower's activity as often as one history allows, and return its checkpoint."""
    for _ in range(TURNS):
        try:
            so_far = await workflow.execute_activity_method(
                follow,
                so_far,
                start_to_close_timeout=_ATTEMPT,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_RETRY,
                summary=summary,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # An immediate retry would not help, and the followed requests continue in any case.
            await workflow.sleep(_PAUSE, summary="it failed for good; tried again all the same")
    return so_far
