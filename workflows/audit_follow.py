"""Follows what Temporal closes and exports it within seconds; a desk has one, beside the scheduled sweep."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.audit_follower import TURN, AuditFollower
    from dispatch.audit.store_models import Followed

TURNS: Final = 24
"""Turns of one history, which so ends about once a day and has a few events for each."""
_ATTEMPT: Final = TURN + timedelta(minutes=10)
_HEARTBEAT: Final = timedelta(seconds=20)
"""So long after a crash of its worker Temporal misses it, and hands it to another after a pause of `_RETRY`."""
_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1))
_PAUSE: Final = timedelta(minutes=1)


@workflow.defn(name="AuditFollow")
class AuditFollow:
    """Runs one long-lived export activity; its checkpoint survives retries and continue-as-new."""

    @workflow.run
    async def run(self, so_far: Followed | None = None) -> None:
        """Follow from `so_far` on, or from now where nothing was followed before."""
        so_far = so_far or Followed(until=workflow.now())
        for _ in range(TURNS):
            try:
                so_far = await workflow.execute_activity_method(
                    AuditFollower.follow,
                    so_far,
                    start_to_close_timeout=_ATTEMPT,
                    heartbeat_timeout=_HEARTBEAT,
                    retry_policy=_RETRY,
                    summary="exports what is closed, within seconds",
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                # It would not help to try again at once. Requests end all the same, and the sweep exports them.
                await workflow.sleep(_PAUSE, summary="it failed for good; tried again all the same")
        workflow.continue_as_new(so_far)
