"""Hands a request that the desk could not settle to a person."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.requests import request_settlement
    from dispatch.models.people.decision import DecisionType
    from dispatch.models.request.status import RequestState
    from dispatch.models.work.playbook import Waiting
    from workflows.parts.approval.approvals import Approvals
    from workflows.parts.approval.outcomes import Decided


async def settle(
    approvals: Approvals, request_id: str, what: str, why: str, waiting: Waiting
) -> tuple[str, str]:
    """Wait until a person says that it is settled; at the deadline it closes unsettled, with that person as owner.

    Returns the owner ('nobody' once settled) and the reason, with the person's text.
    """
    approval_request = request_settlement(request_id, what, waiting, workflow.now(), why)
    outcome = await approvals.decide(approval_request, waiting, RequestState.ESCALATED, lambda: False)
    if not isinstance(outcome, Decided):
        return waiting.approvers[-1], f"{why}; nobody settled it by the deadline"
    decision = outcome.last
    if decision.decision_type is DecisionType.SETTLE:
        return "nobody", f"{why}; settled by {decision.approver}: {decision.reason}"
    return decision.approver, f"{why}; not settled, says {decision.approver}: {decision.reason}"
