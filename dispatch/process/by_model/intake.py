"""The form of the intake: which of the numbered sentences ask for something.

A model may find asks that the rules missed. It writes none, drops none that the rules found, changes no item of theirs,
and sees nothing of what they set apart: quotes, signatures, orders to the machine.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.request.intake import Intake
from dispatch.models.request.item import OTHER, Item
from dispatch.models.request.reading import ReadingBrief
from dispatch.models.work.playbook import Playbook
from dispatch.process.intake import MAX_ITEMS, Sentences, sentences_in, with_found
from dispatch.text.normalise import one_line

_MOST_SENTENCES: Final = 100


def form(brief: ReadingBrief) -> Form | None:
    """Return the numbered sentences; None where the rules take each for an ask, or where there are too many."""
    sentences = sentences_in(brief.submission)
    if len(sentences.texts) > _MOST_SENTENCES or len(sentences.texts) == len(sentences.asks):
        return None
    lines = (f"s{number}: {one_line(text)}" for number, text in enumerate(sentences.texts, 1))
    names: list[JsonValue] = [f"s{number}" for number, _ in enumerate(sentences.texts, 1)]
    return Form(
        data=(DataBlock("sentences", "\n".join(lines)),),
        schema={
            "type": "object",
            "properties": {"asks": {"type": "array", "items": {"enum": names}, "uniqueItems": True}},
            "required": ["asks"],
            "additionalProperties": False,
        },
        check=lambda value: _problems(value, sentences),
        names=(brief.submission.sender.name,),
    )


def filled(brief: ReadingBrief, value: JsonValue) -> Intake:
    """Return the request with an item more for each ask that a form found; as the rules took it apart where it found none."""
    found = _found(value, sentences_in(brief.submission))
    return with_found(brief.submission, brief.handoff, found) if found else brief.intake


def found_items(rules: Sequence[Item], again: Sequence[Item], playbook: Playbook) -> tuple[Item, ...]:
    """Return the items that a model found, as the rules have sorted them, without those that an item of theirs covers.

    What nobody but a model takes for an ask is answered where it has a standing answer; else a person says what it is.
    """
    known = {item.item_id for item in rules}
    found = (item for item in again if item.item_id not in known)
    return tuple(
        confirmed_by_person(item, playbook)
        for item in found
        if not any(_covers(one, item.kind, item.fields) for one in rules)
    )


def confirmed_by_person(item: Item, playbook: Playbook) -> Item:
    """Return an item that a model found, in doubt unless its intent has a standing answer."""
    intent = playbook.intents.get(item.kind)
    is_harmless = intent is not None and intent.answer is not None
    return item.model_copy(update={"is_doubtful": item.is_doubtful or not is_harmless})


def _covers(item: Item, kind: str, fields: Mapping[str, str]) -> bool:
    differ = any(item.fields.get(field, value) != value for field, value in fields.items())
    return item.kind == kind != OTHER and not differ


def _problems(value: JsonValue, sentences: Sentences) -> list[str]:
    most = MAX_ITEMS - (sentences.items[-1] + 1)
    if (number := len(_found(value, sentences))) > most:
        return [f"most_items: {number} sentences more are marked as asks, and at most {most} may be"]
    return []


def _found(value: JsonValue, sentences: Sentences) -> tuple[int, ...]:
    """Return what is marked beside the asks of the rules, in the order of the text."""
    marked = value.get("asks") if isinstance(value, dict) else None
    names = set(marked) if isinstance(marked, list) else set()
    return tuple(
        index
        for index, _ in enumerate(sentences.texts)
        if f"s{index + 1}" in names and index not in sentences.asks
    )
