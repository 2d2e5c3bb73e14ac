"""How an approval request closes."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.people.decision import Decision

ApprovalsByDigest = dict[str, tuple[Decision, ...]]
"""By digest: the approvals it has, of as many different people as its tier asks for."""


class Expired:
    """Nobody decided in time; the safe default is to deny."""


def describe(outcome: ApprovalsByDigest | Decision | Expired | None) -> tuple[str, str]:
    """Return who closed an approval request, and how."""
    if isinstance(outcome, dict):
        last = list(outcome.values())[-1][-1]
        return last.approver, f"{last.approver} approved"
    if isinstance(outcome, Decision):
        return outcome.approver, f"{outcome.approver} decided: {outcome.decision_type}"
    if isinstance(outcome, Expired):
        return "nobody", "nobody decided by the deadline"
    return "requester", "the requester took the request back"
