"""Determines how each item ended: by an answer, an action or a refusal."""

from collections.abc import Mapping

from dispatch.models.request.item import Disposition, Item, ItemOutcome
from dispatch.models.request.status import Ending
from dispatch.models.work.proposal import Proposal

_OPEN_WITH_A_PERSON = frozenset({Ending.ESCALATED, Ending.BLOCKED, Ending.UNKNOWN, Ending.COMPENSATED})


def account(
    items: tuple[Item, ...],
    proposal: Proposal | None,
    ending: Ending,
    why: str,
    set_aside: Mapping[str, str] | None = None,
) -> tuple[ItemOutcome, ...]:
    """Return how each item ended.

    Done: as the proposal that was carried out says, and likewise where only the items that were `set_aside` are left (None:
    the proposal was not carried out). Handed to a person: open, and theirs. Any other ending is a
    stated refusal for all of them. An item that a done request leaves over is open; the verifier does not let
    such a request end as done.
    """
    return tuple(
        _account(item, proposal, Ending.DONE if _is_done(item, set_aside) else ending, why) for item in items
    )


def _is_done(item: Item, set_aside: Mapping[str, str] | None) -> bool:
    return set_aside is not None and item.item_id not in set_aside


def _account(item: Item, proposal: Proposal | None, ending: Ending, why: str) -> ItemOutcome:
    disposition, how = Disposition.OPEN, "nothing was decided on it"
    if ending in _OPEN_WITH_A_PERSON:
        how = f"with a person: {why}"
    elif ending is not Ending.DONE:
        disposition, how = Disposition.REFUSED, f"{ending}: {why}"
    elif proposal is not None:
        disposition, how = _as_proposed(item, proposal)
    return ItemOutcome(item_id=item.item_id, text=item.text, disposition=disposition, how=how)


def _as_proposed(item: Item, proposal: Proposal) -> tuple[Disposition, str]:
    refused = [f"{r.rule}: {r.reason}" for r in proposal.refusals if r.item_id == item.item_id]
    acts = [
        f"{b.action.name} on {b.action.subject}"
        for b in proposal.actions
        if item.item_id in b.action.item_ids and not proposal.delivers(b)
    ]
    if acts or refused:
        return Disposition.ACTED if acts else Disposition.REFUSED, "; ".join((*acts, *refused))
    told = any(item.item_id in statement.item_ids for statement in proposal.draft.statements)
    if told and proposal.delivery is not None:
        return Disposition.ANSWERED, "answered in what was delivered"
    return Disposition.OPEN, "left over"
