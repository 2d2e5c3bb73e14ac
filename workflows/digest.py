"""One mail a day to each approver who prefers that to a mail for each event."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.notifier import Notifier
    from dispatch.models.people.notification import DigestInput, DigestReport
    from workflows.parts import options

_ATTEMPT: Final = timedelta(minutes=5)
_GIVE_UP: Final = timedelta(hours=6)
"""A later digest would arrive together with the next one."""


@workflow.defn(name="DailyDigest")
class DailyDigest:
    """Started by the schedule `daily-digest`; mails each approver what waits for them, and nothing if nothing does."""

    @workflow.run
    async def run(self) -> DigestReport:
        day, desk = workflow.now().date(), workflow.info().task_queue
        return await workflow.execute_activity_method(
            Notifier.send_digests,
            DigestInput(day=day, task_queue=desk),
            task_queue=options.action_task_queue(desk),
            start_to_close_timeout=_ATTEMPT,
            schedule_to_close_timeout=_GIVE_UP,
            retry_policy=options.REACHING_RETRY,
            summary=f"what waits on {day.isoformat()}",
        )
