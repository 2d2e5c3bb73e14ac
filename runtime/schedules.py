"""Temporal's schedules of the desk; a worker of the desk role updates them at each start."""

from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

_DAILY_DIGEST: Final = "daily-digest"
_DEFAULT_QUEUE: Final = "dispatch"
_CATCH_UP: Final = timedelta(hours=6)
"""A digest missed while Temporal was down is still sent within this time."""


def daily_digest_id(task_queue: str) -> str:
    """Return the id of the schedule; each desk in a namespace has its own."""
    return _DAILY_DIGEST if task_queue == _DEFAULT_QUEUE else f"{_DAILY_DIGEST}.{task_queue}"


async def keep_daily_digest(client: Client, digest: Any, *, task_queue: str, hour: int) -> None:
    """Create or update the schedule `daily-digest` (every day at `hour` UTC).

    `digest` is the workflow's run method. A pause or a note from Temporal's UI stays.
    """
    name = daily_digest_id(task_queue)
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            digest,
            id=name,
            task_queue=task_queue,
            static_summary="what waits, to those who want one mail a day",
        ),
        spec=ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(hour)])]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
    )

    def renewed(there: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule.state = there.description.schedule.state
        return ScheduleUpdate(schedule)

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renewed)
