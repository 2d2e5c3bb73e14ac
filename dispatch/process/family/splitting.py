"""Divides a request whose items are surely of several desks; in any doubt it stays whole.

A wrong division costs more than none: each desk would work on half of what was asked. So an item counts for a desk only
where the desk's own classifier, or its phrases, are sure of it and no other desk takes it for its own too, and a request
is divided only where two desks have such an item each.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from dispatch.models.request.classified import Classified
from dispatch.models.request.family import PlannedPart
from dispatch.models.request.intake import TriageBrief
from dispatch.models.request.item import Item
from dispatch.models.work.examples import NONE
from dispatch.models.work.playbook import Playbook, PlaybookInForce
from dispatch.process.intake import OVERFLOW_ITEM
from dispatch.process.sorting import is_in_scope, is_sure
from dispatch.text.asks import is_ask
from dispatch.text.extraction import says
from dispatch.text.sentences import sentences_of

_FEWEST: Final = 2

ByText = Mapping[str, Mapping[str, Classified]]
"""By desk and text, what the desks' classifiers read; a desk without a classifier is not in it."""


def may_be_divided(brief: TriageBrief) -> bool:
    """Return whether a request may be divided at all: nobody named a desk, and nothing of it is in doubt.

    Where a sender is in doubt, a person decides on whatever is sent, and reads the request as a whole.
    """
    submission, items = brief.submission, brief.intake.items
    return (
        not brief.intake.unread
        and brief.desk is None
        and submission.desk is None
        and submission.part is None
        and submission.sender.doubt is None
        and len(items) >= _FEWEST
        and all(item.item_id != OVERFLOW_ITEM for item in items)
    )


def parts_of(
    items: Sequence[Item], playbooks: Mapping[str, Playbook], read: ByText
) -> tuple[PlannedPart, ...]:
    """Return one part for each desk that surely has an item, in the order of the items; none where those are not two desks.

    What says nothing of its own stays with the item before it, or after it where it comes first. What asks for something
    that no desk takes is a part without a desk. Every item is in exactly one part.
    """
    owners = [_owner(item.text, playbooks, read) for item in items]
    desks = {owner for owner in owners if owner is not None}
    if len(desks) < _FEWEST or not any(_can_answer(playbooks[desk]) for desk in desks):
        return ()
    placed = [
        owner or _likely(item.text, desks, playbooks, read) for owner, item in zip(owners, items, strict=True)
    ]
    by_desk: dict[str | None, list[str]] = {}
    for index, item in enumerate(items):
        desk = placed[index]
        if desk is None and not _asks_nobody_known(item.text, playbooks, read):
            desk = _neighbour(index, placed)
        by_desk.setdefault(desk, []).append(item.item_id)
    return tuple(_part(desk, ids, desks, playbooks) for desk, ids in by_desk.items())


def parts_in(
    brief: TriageBrief, playbooks: Mapping[str, PlaybookInForce], read: ByText
) -> tuple[PlannedPart, ...]:
    """Return the parts of a request; none where it stays whole."""
    if not may_be_divided(brief):
        return ()
    contents = {desk: one.playbook for desk, one in sorted(playbooks.items())}
    return parts_of(brief.intake.items, contents, read)


def answering_desk(parts: Sequence[PlannedPart], playbooks: Mapping[str, PlaybookInForce]) -> tuple[str, str]:
    """Return the desk that writes the one answer, the first that can, and how the items are divided."""
    desks = (part.desk for part in parts if part.desk is not None)
    desk = next(desk for desk in desks if _can_answer(playbooks[desk].playbook))
    divided = "; ".join(
        f"{', '.join(part.item_ids)} for {part.desk or 'a person to route'}" for part in parts
    )
    return desk, f"each item is surely of one desk: {divided}; {desk} answers for all"


def _can_answer(playbook: Playbook) -> bool:
    return playbook.contact_composer is not None


def _part(
    desk: str | None, item_ids: Sequence[str], desks: Iterable[str], playbooks: Mapping[str, Playbook]
) -> PlannedPart:
    if desk is None:
        return PlannedPart(desk=None, item_ids=tuple(item_ids))
    routing = playbooks[desk].routing
    after = tuple(other for other in routing.after if other in desks)
    return PlannedPart(
        desk=desk,
        item_ids=tuple(item_ids),
        after=after,
        after_failure=routing.after_failure if after else "start",
    )


def _owner(text: str, playbooks: Mapping[str, Playbook], read: ByText) -> str | None:
    """Return the one desk whose item this surely is; None where none is sure, or a second one knows it too."""
    knows = [desk for desk, playbook in playbooks.items() if _knows(text, desk, playbook, read)]
    if len(knows) > 1:
        # A desk whose best intent is a weak guess is no rival to one that is sure of its own.
        knows = [
            desk for desk in knows if desk not in read or _is_no_guess(text, desk, playbooks[desk], read)
        ]
        knows = knows if len(knows) == 1 and _is_surely_asked(text, knows[0], playbooks, read) else []
    if len(knows) != 1 or not _leads(text, knows[0], playbooks, read):
        return None
    return knows[0]


def _is_no_guess(text: str, desk: str, playbook: Playbook, read: ByText) -> bool:
    return read[desk][text].candidates[0].score >= playbook.triage.sure


def _is_surely_asked(text: str, desk: str, playbooks: Mapping[str, Playbook], read: ByText) -> bool:
    return desk in read and is_sure(read[desk][text].candidates, playbooks[desk].triage)


def _takes(text: str, desk: str, playbook: Playbook, read: ByText) -> bool:
    """Return whether a desk would take a text for its own, whatever is asked in it."""
    if desk not in read:
        return bool(says(text, playbook.routing.phrases))
    return is_in_scope([read[desk][text]], playbook.triage)


def _knows(text: str, desk: str, playbook: Playbook, read: ByText) -> bool:
    """Return whether a desk would take a text, and as one of the things that it is asked for."""
    if not _takes(text, desk, playbook, read):
        return False
    if desk not in read:
        return any(says(text, intent.phrases) for intent in playbook.intents.values())
    return read[desk][text].candidates[0].intent in playbook.intents


def _leads(text: str, desk: str, playbooks: Mapping[str, Playbook], read: ByText) -> bool:
    """Return whether a desk is sure of the intent, or that the text is its own more than any other desk's.

    Two intents of one desk that are close leave no doubt about the desk.
    """
    if desk not in read:
        # Phrases have no scores: a single word of another desk's is doubt enough.
        return not any(_takes(text, other, playbooks[other], read) for other in playbooks if other != desk)
    policy, own = playbooks[desk].triage, read[desk][text]
    others = [read[other][text].in_scope for other in read if other != desk and other in playbooks]
    return is_sure(own.candidates, policy) or own.in_scope - max(others, default=0.0) >= policy.margin


def _likely(text: str, desks: Iterable[str], playbooks: Mapping[str, Playbook], read: ByText) -> str | None:
    """Return the one desk of the family that takes a text for its own without being sure of it; a person sorts it there."""
    takes = [desk for desk in sorted(desks) if _takes(text, desk, playbooks[desk], read)]
    return takes[0] if len(takes) == 1 else None


def _asks_nobody_known(text: str, playbooks: Mapping[str, Playbook], read: ByText) -> bool:
    """Return whether a text asks for something, and no desk is there for it.

    A classifier that is sure of 'none of these' has seen small talk as well as foreign asks; with every one of them sure,
    the sentences themselves tell which it is.
    """
    if any(_takes(text, desk, playbook, read) for desk, playbook in playbooks.items()):
        return False
    idle = [
        (best := read[desk][text].candidates[0]).intent == NONE and best.score >= playbook.triage.sure
        for desk, playbook in playbooks.items()
        if desk in read
    ]
    if idle and all(idle) and len(sentences_of(text)) > 1:
        return False
    return any(is_ask(sentence) for sentence in sentences_of(text))


def _neighbour(index: int, placed: Sequence[str | None]) -> str | None:
    """Return the desk of the nearest item before, else of the first one after."""
    before = (desk for desk in reversed(placed[:index]) if desk is not None)
    after = (desk for desk in placed[index + 1 :] if desk is not None)
    return next(before, None) or next(after, None)
