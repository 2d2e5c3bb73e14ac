"""Asks a person for the desk of a request that triage could not route."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.requests import request_routing
    from dispatch.models.request.intake import Triage
    from dispatch.models.request.snapshot import RoutingState
    from dispatch.models.request.status import Ending, RequestState
    from workflows.parts.approval.approvals import Approvals
    from workflows.parts.approval.outcomes import returned_decision
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.requester.dialog import RequesterDialog

MOST_ROUTINGS: Final = 3


async def ask_for_routing(
    request_id: str, triage: Triage, number: int, approvals: Approvals, requester: RequesterDialog
) -> RoutingState:
    """Wait for a person to name the desk. Raises EndedEarlyError: rejected, withdrawn, or asked too often."""
    if number > MOST_ROUTINGS:
        raise EndedEarlyError(Ending.REJECTED, f"routed {MOST_ROUTINGS} times to desks that do not exist")
    waiting = triage.reception.routing
    approval_request = request_routing(request_id, triage.desks, waiting, workflow.now(), triage.why, number)
    outcome = await approvals.decide(
        approval_request, waiting, RequestState.WAITING_FOR_ROUTING, requester.is_withdrawn
    )
    requester.check_withdrawn()
    decision = returned_decision(outcome, "nobody routed it by the deadline")
    return RoutingState(number=number + 1, desk=str(decision.edits.get("desk")), decided_by=decision.approver)
