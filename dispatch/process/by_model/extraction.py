"""The form of the extraction: the words in which an item's fields are told, where the rules found none.

The model gives no value, only words that stand in the requester's own text; the field's pattern and writings make the
value of them. Where those words are one of several that could be the value, it is not asked: the requester is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.language import ENGLISH, in_language
from dispatch.models.request.item import Item
from dispatch.models.request.reading import ExtractedFields, ReadingBrief
from dispatch.models.work.playbook import FieldSpec, Playbook
from dispatch.process.fields import field_values, whole_value
from dispatch.process.intake import OVERFLOW_ITEM

_MOST_CHARS: Final = 300
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[ .,/_\u2010-\u2015-]{1,3}(?=\d)")


def form(brief: ReadingBrief, playbook: Playbook) -> Form | None:
    """Return the items with the fields that they lack; None where they lack none that their words could tell."""
    wanted = _wanted(brief, playbook)
    if not wanted:
        return None
    fields = {field for names in wanted.values() for field in names}
    quote: dict[str, JsonValue] = {"type": ["string", "null"], "minLength": 1, "maxLength": _MOST_CHARS}
    return Form(
        data=(
            DataBlock("fields", "\n".join(_described(playbook, fields))),
            *((DataBlock("subject", brief.intake.subject),) if brief.intake.subject else ()),
            *(DataBlock(item.item_id, item.text) for item in brief.items),
        ),
        schema={
            "type": "object",
            "properties": {
                item_id: {
                    "type": "object",
                    "properties": dict.fromkeys(names, quote),
                    "required": list(names),
                    "additionalProperties": False,
                }
                for item_id, names in wanted.items()
            },
            "required": list(wanted),
            "additionalProperties": False,
        },
        check=lambda value: list(_problems(value, brief, playbook)),
        names=(brief.submission.sender.name,),
    )


def filled(brief: ReadingBrief, playbook: Playbook, value: JsonValue) -> ExtractedFields:
    """Return the values of a form that holds, for the fields that were asked for and no other."""
    found: dict[str, dict[str, str]] = {}
    for item_id, field, quote in _quotes(value, _wanted(brief, playbook)):
        if _stands_in(quote, brief) and (told := _value(playbook.fields[field], quote)) is not None:
            found.setdefault(item_id, {})[field] = told
    told_of = "; ".join(
        f"{item_id}: {', '.join(f'{field} {told!r}' for field, told in values.items())}"
        for item_id, values in found.items()
    )
    return ExtractedFields(by_item=found, why=told_of)


def with_extracted(items: Sequence[Item], extracted: ExtractedFields) -> tuple[Item, ...]:
    """Return the items with what was extracted, which never takes the place of what the rules found."""
    return tuple(
        item.model_copy(update={"fields": {**extracted.by_item.get(item.item_id, {}), **item.fields}})
        for item in items
    )


def _problems(value: JsonValue, brief: ReadingBrief, playbook: Playbook) -> Iterator[str]:
    for item_id, field, quote in _quotes(value, _wanted(brief, playbook)):
        if not _stands_in(quote, brief):
            yield f"verbatim: the words for {field} of {item_id} do not stand in the subject or in an item"
        elif _value(playbook.fields[field], quote) is None:
            yield f"fits_field: the words for {field} of {item_id} are no such value; give null where none is told"


def _quotes(value: JsonValue, wanted: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    by_item = value if isinstance(value, dict) else {}
    for item_id, names in wanted.items():
        quotes = by_item.get(item_id)
        for field in names:
            quote = quotes.get(field) if isinstance(quotes, dict) else None
            if isinstance(quote, str):
                yield item_id, field, quote


def _own_words(brief: ReadingBrief) -> str:
    return "\n".join((brief.intake.subject, *(item.text for item in brief.items)))


def _wanted(brief: ReadingBrief, playbook: Playbook) -> dict[str, tuple[str, ...]]:
    """Return the fields that each item lacks and of which the request tells at most one value, however it is written."""
    own = _own_words(brief)
    fields = [field for field, spec in playbook.fields.items() if len(_told(spec, own)) <= 1]
    lacking = {
        item.item_id: tuple(field for field in fields if field not in item.fields)
        for item in brief.items
        if item.item_id != OVERFLOW_ITEM
    }
    return {item_id: names for item_id, names in lacking.items() if names}


def _told(spec: FieldSpec, text: str) -> set[str]:
    answered = spec.model_copy(update={"writings": (*spec.writings, *spec.answer_writings)})
    return set(field_values(answered, text)) | set(field_values(answered, _BETWEEN_DIGITS.sub("", text)))


def _value(spec: FieldSpec, quote: str) -> str | None:
    """Return the one value that the words tell, in the field's one form."""
    told = _told(spec, quote)
    whole = whole_value(spec.pattern, quote, (*spec.writings, *spec.answer_writings))
    values = {whole} if whole is not None else told
    return next(iter(values)) if len(values) == 1 else None


def _stands_in(quote: str, brief: ReadingBrief) -> bool:
    """Return whether the words stand there as whole words: a piece of a longer number is another number."""
    own, at = _own_words(brief), -1
    while (at := own.find(quote, at + 1)) >= 0:
        before, after = own[at - 1 : at] if at else "", own[at + len(quote) : at + len(quote) + 1]
        if not (before.isalnum() and quote[0].isalnum()) and not (after.isalnum() and quote[-1].isalnum()):
            return True
    return False


def _described(playbook: Playbook, fields: set[str]) -> Iterator[str]:
    for name in sorted(fields):
        spec = playbook.fields[name]
        yield f"{name}: {in_language(spec.question, ENGLISH)} Such as {in_language(spec.example, ENGLISH)}"
