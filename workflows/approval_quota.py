"""One person's daily limit, kept in one place for all requests, workers and restarts."""

from datetime import datetime

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
    from workflows.parts.quota import answer_while_counting


@workflow.defn(name=APPROVAL_QUOTA)
class ApprovalQuota:
    """Keeps what one person approved in one UTC day (workflows/parts/quota.py).

    `ask` is its only message; a refusal changes nothing. Its worker has separate slots and a separate cache: the request that asks
    holds a slot of the desk's worker until the answer, so with shared slots both could wait indefinitely.
    """

    @workflow.init
    def __init__(self, of: ApprovalQuotaDay) -> None:
        self._of, self._used, self._is_over = of, of.used, False

    @workflow.run
    async def run(self, of: ApprovalQuotaDay) -> ApprovalQuotaUsage:
        """Run until 24 hours after the day."""
        await answer_while_counting(self, f"the day {of.day} is over")
        return self._used

    def lapses_at(self) -> datetime | None:
        """Return when the day's account closes."""
        return None if self._is_over else self._of.closes_at

    def forget(self, now: datetime) -> None:
        """Close the account once its time is over."""
        self._is_over = now >= self._of.closes_at

    def next_input(self) -> ApprovalQuotaDay:
        """Return the day with the used part of its limit."""
        return self._of.model_copy(update={"used": self._used})

    @workflow.update(name=ASK, description="Whether one more approval is within the limit that comes along.")
    def ask(self, ask: ApprovalQuotaRequest) -> ApprovalQuotaAnswer:
        answer, self._used = grant(self._used, ask)
        return answer

    @workflow.query(description="What is used so far.")
    def used(self) -> ApprovalQuotaUsage:
        return self._used
