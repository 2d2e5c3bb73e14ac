"""The hourly limit of automatic mails to one address, kept for all requests, workers and restarts."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.guard.mail_quota import reserve, within_window
    from dispatch.models.work.mail_quota import (
        MAIL_QUOTA,
        RESERVE,
        WINDOW,
        MailQuotaAnswer,
        MailQuotaUsed,
        MailReservation,
    )
    from workflows.parts.quota import answer_while_counting


@workflow.defn(name=MAIL_QUOTA)
class MailQuota:
    """Counts for a share of the addresses (workflows/parts/quota.py).

    It runs on the worker of the quotas, which has separate slots, because the request that asks holds a slot of the
    desk's worker.
    """

    @workflow.init
    def __init__(self, used: MailQuotaUsed) -> None:
        self._used = used

    @workflow.run
    async def run(self, _used: MailQuotaUsed) -> None:
        """Run until no reservation is within the window."""
        await answer_while_counting(self, "forget what is older than an hour")

    def lapses_at(self) -> datetime | None:
        """Return when the newest reservation expires: all are dropped together, with one timer."""
        return self._used.reserved[-1].at + WINDOW if self._used.reserved else None

    def forget(self, now: datetime) -> None:
        """Drop reservations older than an hour."""
        self._used = within_window(self._used, now)

    def next_input(self) -> MailQuotaUsed:
        """Return the reservations of the last hour."""
        return self._used

    @workflow.update(
        name=RESERVE, description="Whether one more automatic mail to an address is within the limit."
    )
    def reserve(self, ask: MailReservation) -> MailQuotaAnswer:
        answer, self._used = reserve(self._used, ask, workflow.now())
        return answer

    @workflow.query(description="What is reserved within the hour.")
    def used(self) -> MailQuotaUsed:
        return self._used
