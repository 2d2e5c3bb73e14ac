"""Checks the required contents of a decision: edits, a reason, a purpose, a question."""

from collections.abc import Mapping

from dispatch.approval.decision_text import edits_problem
from dispatch.models.contract import Contract
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    Decision,
    DecisionType,
)
from dispatch.models.work.guidance import RespondPurpose


def incomplete(
    decision: Decision,
    item: ApprovalItem,
    approval_request: ApprovalRequest,
    parameters: Mapping[str, type[Contract]],
) -> str | None:
    """Return what is missing, or what this decision type would silently drop; None if the decision is complete."""
    kind = decision.decision_type
    if kind.sets_values:
        return edits_problem(decision.edits, item, parameters) or _unused(decision, approval_request)
    if decision.edits:
        return f"edits were given with {kind}; send them with edit"
    if (why := _unused(decision, approval_request)) is not None:
        return why
    if kind is DecisionType.APPROVE and item.must_change:
        return f"it cannot be approved as it is: {item.must_change}"
    if kind in {DecisionType.REJECT, DecisionType.LEAVE} and not decision.reason.strip():
        return f"{kind} needs a reason"
    return _response(decision, approval_request) if kind is DecisionType.RESPOND else None


def _unused(decision: Decision, approval_request: ApprovalRequest) -> str | None:
    """Return fields that belong to another decision type; their author expects something that would not happen."""
    kind, is_approval = decision.decision_type, approval_request.kind is ApprovalKind.APPROVAL
    if decision.reason_for_requester and not (kind is DecisionType.REJECT and is_approval):
        return f"reason_for_requester was given with {kind}; it belongs to the rejection of an action"
    if decision.purpose is not None and kind is not DecisionType.RESPOND:
        return f"a purpose was given with {kind}; it belongs to respond"
    if decision.question and decision.purpose is not RespondPurpose.ASK_REQUESTER:
        return f"a question was given; it belongs to respond with the purpose {RespondPurpose.ASK_REQUESTER}"
    return None


def _response(decision: Decision, approval_request: ApprovalRequest) -> str | None:
    possible = approval_request.purposes
    if decision.purpose is None:
        return f"respond needs a purpose: {', '.join(possible)}"
    if decision.purpose not in possible:
        return f"{decision.purpose} is not possible at this desk; possible: {', '.join(possible)}"
    if decision.purpose is RespondPurpose.ASK_REQUESTER:
        return (
            None if decision.question.strip() else f"{decision.purpose} needs a question, as it is to be sent"
        )
    return None if decision.reason.strip() else "respond needs a reason"
