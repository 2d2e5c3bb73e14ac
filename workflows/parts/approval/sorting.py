"""Asks a person for the intent of items for which the classifier is not sure enough."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.requests import request_sorting
    from dispatch.models.request.item import Item
    from dispatch.models.request.status import RequestState
    from dispatch.models.work.playbook import Playbook
    from workflows.parts.approval.approvals import Approvals
    from workflows.parts.approval.outcomes import returned_decision
    from workflows.parts.requester.dialog import RequesterDialog


async def ask_for_intents(
    request_id: str,
    items: tuple[Item, ...],
    playbook: Playbook,
    approvals: Approvals,
    requester: RequesterDialog,
) -> tuple[Item, ...]:
    """Wait for a person to name the intent of each doubtful item; without one, return the items unchanged.

    Raises EndedEarlyError: rejected, not decided by the deadline, or withdrawn.
    """
    doubtful = tuple(item for item in items if item.is_doubtful)
    if not doubtful:
        return items
    waiting = playbook.timed(playbook.escalation)
    approval_request = request_sorting(request_id, doubtful, tuple(playbook.intents), waiting, workflow.now())
    outcome = await approvals.decide(
        approval_request, waiting, RequestState.WAITING_FOR_ROUTING, requester.is_withdrawn
    )
    requester.check_withdrawn()
    decision = returned_decision(outcome, "nobody said by the deadline what is asked")
    return tuple(
        item.model_copy(
            update={"kind": str(decision.edits.get(item.item_id, item.kind)), "is_doubtful": False}
        )
        for item in items
    )
