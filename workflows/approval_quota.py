"""One person's daily limit, kept in one place for all requests, workers and restarts."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.approval_quota import grant
    from dispatch.models.people.approval_quota import (
        APPROVAL_QUOTA,
        ASK,
        ApprovalQuotaAnswer,
        ApprovalQuotaDay,
        ApprovalQuotaRequest,
        ApprovalQuotaUsage,
    )
    from workflows.parts.endings import history_full


@workflow.defn(name=APPROVAL_QUOTA)
class ApprovalQuota:
    """Keeps what one person approved in one UTC day; the first ask starts it (update with start), and it ends by itself.

    Asks come one after the other, so two approvals at the same moment never both take what is left. `ask` is its one
    message; it changes nothing where it refuses. Its worker has slots and a cache of its own: the request that asks
    holds one of the desk's until it is answered, and with the desk's last one held both would wait indefinitely.
    """

    @workflow.init
    def __init__(self, of: ApprovalQuotaDay) -> None:
        self._used = of.used

    @workflow.run
    async def run(self, of: ApprovalQuotaDay) -> ApprovalQuotaUsage:
        """Answer until 24 hours after the day; goes on in a new history where this one grows long."""
        left = max(of.closes_at - workflow.now(), timedelta())
        with suppress(TimeoutError):
            await workflow.wait_condition(
                history_full, timeout=left, timeout_summary=f"the day {of.day} is over"
            )
        await workflow.wait_condition(workflow.all_handlers_finished)
        if workflow.now() < of.closes_at:
            workflow.continue_as_new(of.model_copy(update={"used": self._used}))
        return self._used

    @workflow.update(name=ASK, description="Whether one more approval is within the limit that comes along.")
    def ask(self, ask: ApprovalQuotaRequest) -> ApprovalQuotaAnswer:
        answer, self._used = grant(self._used, ask)
        return answer

    @workflow.query(description="What is used so far.")
    def used(self) -> ApprovalQuotaUsage:
        return self._used
