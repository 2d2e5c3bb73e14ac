"""The end of a request: its notice, settlement, follow-ups and record."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.item import ItemOutcome
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending, RequestState
    from dispatch.models.trail import EntryKind, Outcome
    from dispatch.process.family.ending import items_of_family, outcomes_of_family, owner_of_family
    from dispatch.process.items import account
    from workflows.follow_up import start_follow_ups
    from workflows.parts.approval.settlement import settle
    from workflows.parts.ending.escalation import TO_A_PERSON, escalation_of, find_reception
    from workflows.parts.persist_trail import persist_trail
    from workflows.parts.request_parts import RequestParts


async def close(parts: RequestParts, ending: Ending, why: str) -> Outcome:
    """Notify the requester, hand the request over if a person must settle it, schedule the follow-ups, record the end.

    Raises HistoryFullError while it waits for the person.
    """
    state, owner, follow_ups = parts.state, "nobody", tuple[str, ...]()
    if ending not in TO_A_PERSON:
        parts.additions.close()
    playbook = state.triaged.playbook if state.triaged else None
    reservations = asyncio.ensure_future(parts.reservations.close(parts.effects.paid()))
    if state.family is None:
        await parts.own_part.settle(ending, why)
    state.ending, state.why = ending, why
    if state.family is not None and not (state.family.problem or state.failed):
        # Whoever had a part has settled it there.
        owner = owner_of_family(state.family)
    elif ending in TO_A_PERSON:
        await find_reception(state, parts.stages)
        owner, why = await settle(parts.approvals, parts.request_id, ending, why, escalation_of(state))
        parts.additions.close()
    if playbook is not None:
        follow_ups = await start_follow_ups(
            parts.request_id,
            parts.submission.sender.address,
            playbook,
            parts.status.status.priority,
            parts.effects.applied,
        )
    await reservations
    await parts.approvals.finish()
    _record_end(parts, ending, why, owner)
    await workflow.wait_condition(workflow.all_handlers_finished)
    return Outcome(
        request_id=parts.request_id,
        desk=parts.status.status.desk,
        ending=ending,
        why=why,
        owner=owner,
        items=_items(state, ending, why),
        effects=tuple(effect.receipt.effect_id for effect in parts.effects.applied),
        follow_ups=follow_ups,
        added=tuple(addition.key for addition in state.additions),
        answer=state.answer,
        parts=outcomes_of_family(state.family) if state.family is not None else (),
        trail=tuple(parts.recorder.entries),
    )


def _items(state: ProcessState, ending: Ending, why: str) -> tuple[ItemOutcome, ...]:
    if state.family is not None:
        return items_of_family(state.family, state.items)
    return account(state.items, state.proposal, ending, why, state.set_aside if state.verified else None)


async def cancel(parts: RequestParts) -> None:
    """Undo the applied effects after Temporal's cancellation; the run then ends as cancelled."""
    parts.state.acting = True
    parts.status.at(RequestState.COMPENSATE)
    await parts.family.cancel()
    left = await parts.effects.undo_all("the request was cancelled")
    await parts.reservations.close(parts.effects.paid())
    owner = escalation_of(parts.state).approvers[0] if left else "nobody"
    await parts.approvals.finish()
    _record_end(parts, Ending.CANCELLED, "; ".join(["cancelled", *left]), owner)
    await persist_trail(parts.recorder, parts.dispatcher)


def _record_end(parts: RequestParts, ending: Ending, why: str, owner: str) -> None:
    parts.approvals.close()
    parts.requester.close()
    parts.additions.close()
    parts.recorder.record(
        EntryKind.ENDING, what=ending, why=why + parts.recorder.closing_note(), receiver=owner
    )
    parts.status.at(ending, awaiting="nothing", owner=owner)
    parts.status.publish()
