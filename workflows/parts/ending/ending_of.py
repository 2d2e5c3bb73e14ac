"""Determines how a request ends, also if people rejected parts of it or a part was set aside for a person."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending
    from dispatch.models.work.guidance import REJECTED
    from workflows.parts.endings import EndedEarlyError

_LEAVES_NOTHING: Final = frozenset({Ending.WITHDRAWN, Ending.CANCELLED, Ending.SET_APART})


def ending_of(state: ProcessState, ended: EndedEarlyError | None = None) -> tuple[Ending, str]:
    """Return how the request ends and why; a part that was set aside stays with a person in any case.

    `ended` is how the desk's own part ended before its last stage; None if it was done and read back.
    """
    aside = "; ".join(f"{item_id}: {why}" for item_id, why in state.set_aside.items())
    if ended is None:
        return _of_what_was_done(state, aside)
    if not aside or state.ending is not None or ended.ending in _LEAVES_NOTHING:
        return ended.ending, ended.why
    if ended.ending in {Ending.REJECTED, Ending.ABANDONED}:
        return Ending.ESCALATED, f"{ended.why}; a part is left for a person, {aside}"
    return ended.ending, f"{ended.why}; {aside}"


def _of_what_was_done(state: ProcessState, aside: str) -> tuple[Ending, str]:
    rejected = "; ".join(
        f"{one.name} on {one.subject} was rejected by {one.by}: {one.reason}" for one in state.declined
    )
    rest = "everything else was done and read back"
    if aside:
        return (
            Ending.ESCALATED,
            "; ".join(part for part in (f"a part is left for a person, {aside}", rejected, rest) if part),
        )
    if not rejected:
        return Ending.DONE, "every item was carried to its end and read back"
    if _is_all_rejected(state):
        return Ending.REJECTED, rejected
    return Ending.PARTLY_DONE, f"{rejected}; {rest}"


def _is_all_rejected(state: ProcessState) -> bool:
    """Check whether people rejected every item, so that only the reply was sent."""
    proposal = state.proposed
    refused = {refusal.item_id for refusal in proposal.refusals if refusal.rule == REJECTED}
    acts = any(not proposal.delivers(bound) for bound in proposal.actions)
    return not acts and all(item.item_id in refused for item in state.worked_on)
