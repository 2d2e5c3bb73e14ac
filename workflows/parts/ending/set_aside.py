"""How a request ends of which a part was set aside for a person."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending
    from workflows.parts.endings import EndedEarlyError

_LEAVES_NOTHING: Final = frozenset({Ending.WITHDRAWN, Ending.CANCELLED, Ending.SET_APART})


def left_for_a_person(state: ProcessState, ended: EndedEarlyError | None = None) -> tuple[Ending, str]:
    """Return how the request ends and why; what was set aside is a person's, however the rest ended.

    `ended` is how the desk's own part ended before its last stage; None where it was done and read back.
    """
    aside = "; ".join(f"{item_id}: {why}" for item_id, why in state.set_aside.items())
    if ended is None:
        if not aside:
            return Ending.DONE, "every item was carried to its end and read back"
        return (
            Ending.ESCALATED,
            f"a part is left for a person, {aside}; everything else was done and read back",
        )
    if not aside or state.ending is not None or ended.ending in _LEAVES_NOTHING:
        return ended.ending, ended.why
    if ended.ending in {Ending.REJECTED, Ending.ABANDONED}:
        return Ending.ESCALATED, f"{ended.why}; a part is left for a person, {aside}"
    return ended.ending, f"{ended.why}; {aside}"
