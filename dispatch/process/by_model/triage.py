"""The form of the triage: what each item asks, of the desk's intents, and how sure that is. It never chooses a desk.

Where the rules are sure of one intent and the model is sure of another, the item is in doubt and a person says what it is.
Where the rules know none, a sure model's counts. The playbook's thresholds say what is sure, as for its examples.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.request.classified import Candidate
from dispatch.models.request.intake import TriageBrief
from dispatch.models.request.item import OTHER, Item
from dispatch.models.request.reading import ReadingBrief, SortedItems
from dispatch.models.work.examples import NONE, Examples
from dispatch.models.work.playbook import Playbook
from dispatch.process.intake import OVERFLOW_ITEM
from dispatch.process.routing import Told, told_in, with_fields
from dispatch.process.sorting import is_sure, speaks_against
from dispatch.text.normalise import one_line

_SHOWN: Final = 4
"""Examples of an intent."""
_MOST_CHARS: Final = 120
_OTHERWISE: Final = {
    OTHER: "something of this desk's trade that none of these is",
    NONE: "nothing, or nothing that this desk is there for",
}


def form(brief: ReadingBrief, playbook: Playbook, examples: Examples | None) -> Form | None:
    """Return the items and the desk's intents, each with a few examples; one intent and a score for each item."""
    items = _sortable(brief)
    if not items:
        return None
    labels: list[JsonValue] = [*playbook.intents, OTHER, NONE]
    answer: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"intent": {"enum": labels}, "score": {"type": "number", "minimum": 0, "maximum": 1}},
        "required": ["intent", "score"],
        "additionalProperties": False,
    }
    return Form(
        data=(
            DataBlock("intents", "\n".join(_described(playbook, examples))),
            *(DataBlock(item.item_id, item.text) for item in items),
        ),
        schema={
            "type": "object",
            "properties": {item.item_id: answer for item in items},
            "required": [item.item_id for item in items],
            "additionalProperties": False,
        },
        names=(brief.submission.sender.name,),
    )


def filled(brief: ReadingBrief, playbook: Playbook, value: JsonValue) -> SortedItems:
    """Return the items with their kinds, by the rules and the model together, and why they are what they are."""
    asked = TriageBrief(handoff=brief.handoff, intake=brief.intake, submission=brief.submission)
    told, answers = told_in(asked, playbook), _answers(value)
    sorted_items, notes = [], []
    for item in brief.items:
        answer = answers.get(item.item_id) if item.item_id != OVERFLOW_ITEM else None
        now = item if answer is None else _sorted(item, answer, playbook, told)
        sorted_items.append(now)
        if answer is not None:
            notes.append(
                f"{item.item_id}: {answer.intent} {answer.score:.2f}{', in doubt' if now.is_doubtful else ''}"
            )
    return SortedItems(items=tuple(sorted_items), why="; ".join(notes))


def _sorted(item: Item, answer: Candidate, playbook: Playbook, told: Told) -> Item:
    """Return the item as rules and model see it; what the model is not sure of, or sees alike, changes nothing."""
    # The model names one intent; all the others may have no more than what is left.
    rest = Candidate(intent="", score=1 - answer.score)
    kind = OTHER if answer.intent == NONE else answer.intent
    if not is_sure((answer, rest), playbook.triage):
        return item
    by_rules = _of_rules(item, playbook)
    if item.is_doubtful:
        # A person is asked already, unless the model is sure of one of the two that the examples are between.
        named = {OTHER if one.intent == NONE else one.intent for one in item.candidates}
        is_settled = kind in named and not by_rules and not speaks_against(item.text, kind, playbook)
        return _as(item, kind, playbook, told) if is_settled else _in_doubt(item, item.kind, answer)
    if by_rules and kind != item.kind:
        return _in_doubt(item, item.kind, by_rules[0], answer)
    if kind == item.kind:
        return item
    if speaks_against(item.text, kind, playbook):
        return _in_doubt(item, kind, answer)
    return _as(item, kind, playbook, told)


def _of_rules(item: Item, playbook: Playbook) -> tuple[Candidate, ...]:
    """Return what the rules are sure of: by their examples, or by their phrases where they name an intent."""
    if is_sure(item.candidates, playbook.triage):
        return (item.candidates[0],)
    if item.kind != OTHER and not item.is_doubtful:
        return (Candidate(intent=item.kind, score=1.0),)
    return ()


def _as(item: Item, kind: str, playbook: Playbook, told: Told) -> Item:
    now = item.model_copy(update={"kind": kind, "is_doubtful": False})
    return now.model_copy(update={"fields": {**with_fields(now, playbook, told).fields, **item.fields}})


def _in_doubt(item: Item, kind: str, *named: Candidate) -> Item:
    by_intent = {one.intent: one for one in (*item.candidates, *named)}
    return item.model_copy(
        update={"kind": kind, "is_doubtful": True, "candidates": tuple(by_intent.values())}
    )


def _answers(value: JsonValue) -> Mapping[str, Candidate]:
    by_item = value if isinstance(value, dict) else {}
    return {
        item_id: Candidate.model_validate(answer)
        for item_id, answer in by_item.items()
        if isinstance(answer, dict)
    }


def _sortable(brief: ReadingBrief) -> tuple[Item, ...]:
    return tuple(item for item in brief.items if item.item_id != OVERFLOW_ITEM)


class _Intent(NamedTuple):
    name: str
    examples: Sequence[str]


def _described(playbook: Playbook, examples: Examples | None) -> Iterator[str]:
    """Yield one line for each label; of its examples a few, from all over the list."""
    for name, intent in playbook.intents.items():
        texts = examples.intents.get(name, ()) if examples is not None else intent.phrases
        step = max(1, len(texts) // _SHOWN)
        shown = (f'"{one_line(text)[:_MOST_CHARS]}"' for text in texts[::step][:_SHOWN])
        yield f"{name}: such as {', '.join(shown)}"
    for name, what in _OTHERWISE.items():
        yield f"{name}: {what}"
