"""How an approval request closes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.consequences import is_settled
    from dispatch.models.people.decision import ApprovalRequest, Decision, DecisionType
    from dispatch.models.request.status import Ending
    from workflows.parts.endings import EndedEarlyError

ApprovalsByDigest = dict[str, tuple[Decision, ...]]
"""By digest: the approvals of an action, from as many different people as its tier requires."""


@dataclass(frozen=True)
class Decided:
    """People's decisions: approvals and rejections of single items, and the edit or response that closed the request early."""

    approvals: ApprovalsByDigest = field(default_factory=dict)
    rejections: tuple[Decision, ...] = ()
    returned: Decision | None = None

    @property
    def last(self) -> Decision:
        """Return the decision that closed the request, or one of the last."""
        if self.returned is not None:
            return self.returned
        if self.rejections:
            return self.rejections[-1]
        return next(given[-1] for given in reversed(self.approvals.values()) if given)


def decided_of(
    approval_request: ApprovalRequest, given: Sequence[Decision], returned: Decision | None = None
) -> Decided:
    """Return the combined result of the decisions on single items; an item with too few approvals is not approved."""
    rejections = tuple(one for one in given if one.decision_type is DecisionType.REJECT)
    approved = tuple(one for one in given if one.decision_type is DecisionType.APPROVE)
    rejected = {one.action_digest for one in rejections}
    approvals = {
        item.digest: tuple(one for one in approved if one.action_digest == item.digest)
        for item in approval_request.items
        if item.digest not in rejected and is_settled(item, approved, ())
    }
    return Decided(approvals, rejections, returned)


class Expired:
    """The deadline passed without a decision; the safe default is to deny."""


def returned_decision(outcome: Decided | Expired | None, expired: str) -> Decision:
    """Return a person's edit. Raises EndedEarlyError (rejected) for a rejection and where nobody decided."""
    if not isinstance(outcome, Decided):
        raise EndedEarlyError(Ending.REJECTED, expired)
    if outcome.returned is None:
        raise EndedEarlyError(Ending.REJECTED, rejected_by(outcome.rejections))
    return outcome.returned


def rejected_by(rejections: tuple[Decision, ...]) -> str:
    """Return who rejected, and why, for the trail."""
    each = (f"rejected by {decision.approver}: {decision.reason}" for decision in rejections)
    return "; ".join(dict.fromkeys(each))


def describe(outcome: Decided | Expired | None) -> tuple[str, str]:
    """Return who closed an approval request, and how."""
    if isinstance(outcome, Expired):
        return "nobody", "nobody decided by the deadline"
    if outcome is None:
        return "requester", "the requester wrote again or took the request back"
    last = outcome.last
    if outcome.returned is not None or not any(outcome.approvals.values()):
        return last.approver, f"{last.approver} decided: {last.decision_type}"
    if outcome.rejections:
        return (
            last.approver,
            f"{last.approver} decided last: {len(outcome.rejections)} rejected, the rest approved",
        )
    return last.approver, f"{last.approver} approved"
