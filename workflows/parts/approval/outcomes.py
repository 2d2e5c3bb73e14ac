"""How an approval request closes."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.people.decision import Decision, DecisionType
    from dispatch.models.request.status import Ending
    from workflows.parts.endings import EndedEarlyError

ApprovalsByDigest = dict[str, tuple[Decision, ...]]
"""By digest: the approvals it has, of as many different people as its tier asks for."""


class Expired:
    """Nobody decided in time; the safe default is to deny."""


def returned_decision(outcome: Decision | Expired | None, expired: str) -> Decision:
    """Return a person's edit or response. Raises EndedEarlyError (rejected) for a rejection and where nobody decided."""
    if not isinstance(outcome, Decision):
        raise EndedEarlyError(Ending.REJECTED, expired)
    if outcome.decision_type is DecisionType.REJECT:
        raise EndedEarlyError(Ending.REJECTED, f"rejected by {outcome.approver}: {outcome.reason}")
    return outcome


def describe(outcome: ApprovalsByDigest | Decision | Expired | None) -> tuple[str, str]:
    """Return who closed an approval request, and how."""
    if isinstance(outcome, dict):
        last = list(outcome.values())[-1][-1]
        return last.approver, f"{last.approver} approved"
    if isinstance(outcome, Decision):
        return outcome.approver, f"{outcome.approver} decided: {outcome.decision_type}"
    if isinstance(outcome, Expired):
        return "nobody", "nobody decided by the deadline"
    return "requester", "the requester wrote again or took the request back"
