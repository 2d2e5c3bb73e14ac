"""One person's daily approval quota: asks, answers and the used amounts."""

from datetime import date
from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.money import Money
from dispatch.models.people.approvers import ApproverName, DailyLimit

APPROVAL_QUOTA: Final = "ApprovalQuota"
"""The workflow that keeps one person's day; activities know it by its name, for they import no workflow."""

ASK: Final = "ask"
"""Its update."""


def quota_task_queue(desk_task_queue: str) -> str:
    """Return the queue of the quotas; they have a separate worker, so that a quota never waits for the request that asks it."""
    return f"{desk_task_queue}-quotas"


class ApprovalQuotaUsage(Contract):
    """What a person has approved in a day; `granted` distinguishes a repeated ask from a new one."""

    approvals: int = Field(default=0, ge=0)
    amounts_minor: dict[str, int] = Field(default_factory=dict, description="by ISO 4217 currency")
    granted: tuple[str, ...] = Field(default=(), description="grant ids, in the order in which they came")


class ApprovalQuotaDay(Contract):
    """The person and the day (UTC) of a quota; `used` comes from the previous history."""

    approver: ApproverName
    day: date
    closes_at: Moment = Field(description="nothing is asked of it any more")
    used: ApprovalQuotaUsage = ApprovalQuotaUsage()

    @property
    def workflow_id(self) -> str:
        return f"approval-quota-{self.approver}-{self.day.isoformat()}"


class ApprovalQuotaRequest(Contract):
    """One approval that is accepted except for the limit; it includes the current limit of the approvers file."""

    grant_id: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="of request, decision and action: the same when asked again"
    )
    of: ApprovalQuotaDay = Field(description="of the decision's receipt")
    amount: Money | None = Field(default=None, description="what the action costs, where it costs anything")
    limit: DailyLimit


class ApprovalQuotaAnswer(Contract):
    """Granted, with the used amount, or refused, with the used amount and the limit."""

    granted: bool
    reason: str
