"""What each item of a request asks: by the scores of the desk's classifier, held against the playbook's thresholds."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from dispatch.models.request.classified import Candidate, Classified
from dispatch.models.request.intake import TriageBrief
from dispatch.models.request.item import OTHER, Item
from dispatch.models.work.examples import NONE
from dispatch.models.work.playbook import Playbook, TriagePolicy
from dispatch.process.intake import OVERFLOW_ITEM
from dispatch.text import requested
from dispatch.text.asks import is_pleasantry
from dispatch.text.extraction import says
from dispatch.text.new_words import own_words
from dispatch.text.requested import Reading

_SHOWN: Final = 2


class Texts(NamedTuple):
    """What a classifier reads of a request: all of it, each item, and a single item below its subject."""

    whole: str
    items: tuple[str, ...]
    with_subject: str

    def all(self) -> tuple[str, ...]:
        """Return the texts in one row, each once."""
        return tuple(dict.fromkeys((self.whole, *self.items, self.with_subject)))


class Sorted(NamedTuple):
    """An item's kind, and whether a person must confirm it."""

    kind: str
    is_doubtful: bool


def texts_of(brief: TriageBrief) -> Texts:
    """Return what is to be classified of a request."""
    subject, body = brief.intake.subject, own_words(brief.intake.body)
    items = tuple(item.text for item in brief.intake.items)
    whole = "\n".join(part for part in (subject, body) if part) or items[0]
    with_subject = items[0]
    if has_own_subject(brief) and subject and subject not in items[0] and not is_pleasantry(subject):
        with_subject = f"{subject}\n{items[0]}"
    return Texts(whole, items, with_subject)


def has_own_subject(brief: TriageBrief) -> bool:
    """Return whether the subject says what the items ask: where there is one item, and no other desk has more of them."""
    return len(brief.intake.items) == 1 and brief.submission.part is None


def is_in_scope(read: Sequence[Classified], policy: TriagePolicy) -> bool:
    """Return whether any of the texts asks for what the desk is there for."""
    return any(one.in_scope >= policy.in_scope for one in read)


def sort_item(item: Item, read: Classified, playbook: Playbook) -> Item:
    """Return the item with its kind, its candidates, and whether it is in doubt.

    Where no candidate is sure, a phrase of the playbook decides between the best two. What several asks share
    (the overflow item) has no one kind.
    """
    if item.item_id == OVERFLOW_ITEM:
        return item
    kind, is_doubtful = _kind(item, read, playbook)
    return item.model_copy(
        update={"kind": kind, "is_doubtful": is_doubtful, "candidates": read.candidates[:_SHOWN]}
    )


def is_sure(candidates: Sequence[Candidate], policy: TriagePolicy) -> bool:
    """Return whether the first of the candidates is sure enough, and far enough before the second."""
    if not candidates:
        return False
    second = candidates[1].score if len(candidates) > 1 else 0.0
    return candidates[0].score >= policy.sure and candidates[0].score - second >= policy.margin


def _kind(item: Item, read: Classified, playbook: Playbook) -> Sorted:
    policy, best = playbook.triage, read.candidates[0]
    if is_sure(read.candidates, policy):
        kind = OTHER if best.intent == NONE else best.intent
        return Sorted(kind, is_doubtful=speaks_against(item.text, kind, playbook))
    plain = [kind for kind in _paid_for(playbook) if _read(item.text, kind, playbook).is_plain]
    if len(plain) == 1:
        # Asked for in a whole sentence of the sender's own; the same rule lets the guardian pay.
        return Sorted(plain[0], is_doubtful=False)
    named = {kind for kind, intent in playbook.intents.items() if says(item.text, intent.phrases)}
    likely = [one.intent for one in read.candidates[:_SHOWN]]
    if len(named) == 1 and named <= set(likely) and best.intent in playbook.intents:
        (kind,) = named
        return Sorted(kind, is_doubtful=speaks_against(item.text, kind, playbook))
    if not set(likely) & set(playbook.intents):
        return Sorted(OTHER, is_doubtful=False)
    return Sorted(best.intent if best.intent in playbook.intents else OTHER, is_doubtful=True)


def _paid_for(playbook: Playbook) -> set[str]:
    policies = (playbook.contact_guardian, playbook.guardian)
    actions = (action for policy in policies if policy is not None for action in policy.actions.values())
    return {action.requires_intent for action in actions if action.requires_intent is not None}


def speaks_against(text: str, kind: str, playbook: Playbook) -> bool:
    """Return whether a text names what the desk would refuse, and asks for it nowhere: 'please do not cancel it'.

    What is paid for has its own rule: a specialist finds that it is not plainly asked for.
    """
    intent = playbook.intents.get(kind)
    if intent is None or intent.refuse is None:
        return False
    found = _read(text, kind, playbook)
    return bool(found.doubts) and not found.intents


def _read(text: str, kind: str, playbook: Playbook) -> Reading:
    return requested.read(text, playbook.intents[kind].phrases)


def merged(items: Sequence[Item], read: Mapping[str, Classified], playbook: Playbook) -> tuple[Item, ...]:
    """Return the items without those that ask for nothing, and with neighbours that ask the same as one.

    What asks for nothing is told with the item before it, or after it where it is the first; nothing is left out.
    Two orders that are asked about stay two items.
    """
    kept: list[Item] = []
    waiting: list[str] = []
    for item in items:
        if item.item_id != OVERFLOW_ITEM and len(items) > 1 and _asks_nothing(read[item.item_id], playbook):
            if kept:
                kept[-1] = _joined(kept[-1], item)
            else:
                waiting.append(item.text)
            continue
        if waiting:
            item = item.model_copy(update={"text": " ".join((*waiting, item.text))})  # noqa: PLW2901 (it goes on as this one)
            waiting = []
        if kept and _is_the_same(kept[-1], item):
            kept[-1] = _joined(kept[-1], item)
        else:
            kept.append(item)
    return tuple(kept) or tuple(items)


def _asks_nothing(read: Classified, playbook: Playbook) -> bool:
    return read.candidates[0].intent == NONE and read.candidates[0].score >= playbook.triage.sure


def _is_the_same(before: Item, item: Item) -> bool:
    differ = any(before.fields.get(field, value) != value for field, value in item.fields.items())
    return before.kind == item.kind != OTHER and not differ


def _joined(before: Item, item: Item) -> Item:
    return before.model_copy(
        update={
            "text": f"{before.text} {item.text}",
            "fields": {**item.fields, **before.fields},
            "is_doubtful": before.is_doubtful and (item.is_doubtful or item.kind != before.kind),
        }
    )


def reasons(items: Sequence[Item], understanding_of: str, nearest: Mapping[str, Classified]) -> str:
    """Return in words how sure each kind is: its score, the second one's, and the nearest example."""
    parts = [
        f"{item.item_id}: {_scores(item)}"
        + (f", like {one.nearest[0]!r}" if (one := nearest[item.item_id]).nearest else "")
        for item in items
        if item.candidates
    ]
    return f"{'; '.join(parts)} ({understanding_of})" if parts else ""


def _scores(item: Item) -> str:
    shown = " before ".join(f"{one.intent} {one.score:.2f}" for one in item.candidates)
    return f"{shown}, in doubt" if item.is_doubtful else shown
