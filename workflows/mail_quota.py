"""The hourly limit of automatic mails to one address, kept for all requests, workers and restarts."""

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
    from workflows.parts.endings import history_full


@workflow.defn(name=MAIL_QUOTA)
class MailQuota:
    """Counts for a share of the addresses; the first reservation starts it (update with start), and it ends by itself.

    Reservations come one after the other, so two mails at the same moment never both take the last place. It runs on the
    worker of the quotas, which has slots of its own: the request that asks holds one of the desk's meanwhile.
    """

    @workflow.init
    def __init__(self, used: MailQuotaUsed) -> None:
        self._used = used

    @workflow.run
    async def run(self, _used: MailQuotaUsed) -> None:
        """Answer until nothing is left within the window; goes on in a new history where this one grows long."""
        while True:
            try:
                await workflow.wait_condition(
                    history_full, timeout=WINDOW, timeout_summary="forget what is older than an hour"
                )
            except TimeoutError:
                self._used = within_window(self._used, workflow.now())
            await workflow.wait_condition(workflow.all_handlers_finished)
            if history_full():
                workflow.continue_as_new(self._used)
            if not self._used.reserved:
                return

    @workflow.update(
        name=RESERVE, description="Whether one more automatic mail to an address is within the limit."
    )
    def reserve(self, ask: MailReservation) -> MailQuotaAnswer:
        answer, self._used = reserve(self._used, ask, workflow.now())
        return answer

    @workflow.query(description="What is reserved within the hour.")
    def used(self) -> MailQuotaUsed:
        return self._used
