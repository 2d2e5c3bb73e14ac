"""What one person may approve in one day, what is asked of it, and what is used."""

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
    """Name the queue of the quotas: its worker is their own, so that one never waits for the request that asks it."""
    return f"{desk_task_queue}-quotas"


class ApprovalQuotaUsage(Contract):
    """What a person has approved in a day; `granted` tells an ask that is repeated from a new one."""

    approvals: int = Field(default=0, ge=0)
    amounts_minor: dict[str, int] = Field(default_factory=dict, description="by ISO 4217 currency")
    granted: tuple[str, ...] = Field(default=(), description="grant ids, in the order in which they came")


class ApprovalQuotaDay(Contract):
    """Whose quota it is, of which day (UTC); `used` is what a history before this one left."""

    approver: ApproverName
    day: date
    closes_at: Moment = Field(description="nothing is asked of it any more")
    used: ApprovalQuotaUsage = ApprovalQuotaUsage()

    @property
    def workflow_id(self) -> str:
        return f"approval-quota-{self.approver}-{self.day.isoformat()}"


class ApprovalQuotaRequest(Contract):
    """One approval that is accepted but for the limit; the limit comes along, as the approvers file has it now."""

    grant_id: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="of request, decision and action: the same when asked again"
    )
    of: ApprovalQuotaDay = Field(description="of the decision's receipt")
    amount: Money | None = Field(default=None, description="what the action costs, where it costs anything")
    limit: DailyLimit


class ApprovalQuotaAnswer(Contract):
    """Granted, with what is used by now, or refused with what is used and what the limit is."""

    granted: bool
    reason: str
