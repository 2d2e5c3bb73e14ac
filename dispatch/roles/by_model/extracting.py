"""The form of a role `extract`: of each field that the patterns leave open, its value with the words that it stands on.

What the patterns found is never asked. A quote is found verbatim in one of the field's own sources, the value is in the
quote and fits the field's pattern and schema, and of several values that the patterns found it is one of them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from dispatch.forms import DataBlock, Form
from dispatch.models.contract import Facts
from dispatch.models.work.finding import Brief, Finding
from dispatch.roles.extraction import (
    MOST_QUOTED,
    ExtractConfig,
    ExtractedField,
    Found,
    Quote,
    Source,
    finding_of,
    found_by_rules,
    source_text,
    typed,
)
from dispatch.text.normalise import fold

_MOST_VALUES: Final = 20
_FIGURE: Final = re.compile(r"(?<![\w.,])-?\d{1,15}(?:[.,:/-]\d{1,9}){0,5}(?!\w)")


def form(brief: Brief, config: ExtractConfig) -> Form | None:
    """Return the fields that the patterns leave open, with the texts that they may be in; None where there are none."""
    open_fields = [one for one in found_by_rules(brief, config) if one.is_open]
    if not open_fields:
        return None
    properties: dict[str, dict[str, JsonValue]] = {}
    blocks: dict[str, str] = {}
    for one in open_fields:
        properties.setdefault(one.item.item_id, {})[one.name] = _entry(one.spec)
        for source in one.spec.sources:
            blocks[one.item.item_id if source == "item" else source] = source_text(source, one.item, brief)
    return Form(
        data=tuple(DataBlock(name, text) for name, text in blocks.items()),
        schema={
            "type": "object",
            "properties": {
                item_id: {"type": "object", "properties": fields, "additionalProperties": False}
                for item_id, fields in properties.items()
            },
            "required": list(properties),
            "additionalProperties": False,
        },
        check=lambda value: [
            problem for _, problems in _read(brief, open_fields, value) for problem in problems
        ],
        names=(brief.requester.name,),
    )


def filled(brief: Brief, config: ExtractConfig, value: JsonValue) -> Finding:
    """Return what the patterns found, and beside it what a form that holds says."""
    found = found_by_rules(brief, config)
    read = [
        one for one, problems in _read(brief, [one for one in found if one.is_open], value) if not problems
    ]
    told = {(one.item.item_id, one.name): one for one in read if one.values}
    return finding_of(brief, [told.get((one.item.item_id, one.name), one) for one in found])


def _entry(spec: ExtractedField) -> Facts:
    kind = spec.json_schema.get("type")
    entry: Facts = {
        "type": "object",
        "properties": {
            "value": {"type": kind if kind in ("integer", "number") else "string"},
            "quote": {"type": "string", "minLength": 1, "maxLength": MOST_QUOTED},
            "source": {"type": "string", "enum": list(spec.sources)},
        },
        "required": ["value", "quote", "source"],
        "additionalProperties": False,
    }
    about: Facts = {"description": spec.about} if spec.about else {}
    if spec.several == "all":
        return {"type": "array", "items": entry, "maxItems": _MOST_VALUES, **about}
    return {**entry, **about}


def _read(brief: Brief, asked: list[Found], value: JsonValue) -> Iterator[tuple[Found, list[str]]]:
    """Yield each field that was filled in, and a sentence for each thing that is wrong with it."""
    by_item = value if isinstance(value, dict) else {}
    for one in asked:
        fields = by_item.get(one.item.item_id)
        entry = fields.get(one.name) if isinstance(fields, dict) else None
        entries = [each for each in (entry if isinstance(entry, list) else [entry]) if isinstance(each, dict)]
        quotes: list[Quote] = []
        problems: list[str] = []
        for each in entries:
            quote, problem = _quote(brief, one, each)
            if quote is None:
                problems.append(f"{one.item.item_id}, {one.name}: {problem}")
            elif quote.value not in [other.value for other in quotes]:
                quotes.append(quote)
        if entries:
            yield one._replace(values=tuple(quotes)), problems


def _quote(brief: Brief, field: Found, entry: Mapping[str, JsonValue]) -> tuple[Quote | None, str]:
    source: Source | None = next((one for one in field.spec.sources if one == entry.get("source")), None)
    quote, told = entry.get("quote"), entry.get("value")
    if source is None or not isinstance(quote, str) or not quote.strip() or len(quote) > MOST_QUOTED:
        return None, "give a quote and its source"
    start = source_text(source, field.item, brief).find(quote)
    if start < 0:
        return None, f"the quote is not in {source}, letter for letter"
    value = _valued(told, quote, field.spec)
    if value is None:
        return None, "the value is not in the quote as it stands, or does not fit what the field may be"
    if field.values and str(value).casefold() not in {str(one.value).casefold() for one in field.values}:
        return None, "it is none of the values that were found"
    return Quote(value, source, start, quote), ""


def _valued(told: JsonValue, quote: str, spec: ExtractedField) -> JsonValue:
    """Return the value as the field has it; None where the quote does not hold it, or pattern or schema refuse it."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    if isinstance(told, str):
        written = told.strip()
        held = _is_within(written, quote)
    else:
        # A number is one that stands in the quote as a whole: 4990 is not in '49.90'.
        written = next((one for one in _FIGURE.findall(quote) if typed(one, spec.json_schema) == told), "")
        held = bool(written)
    value = typed(written, spec.json_schema)
    return value if held and value is not None and _fits(written, quote, spec.pattern) else None


def _is_within(value: str, quote: str) -> bool:
    """Return whether a value stands in a quote as whole words, whatever the case of its letters."""
    words, text = " ".join(fold(value).split()), " ".join(fold(quote).split())
    if not words:
        return False
    before, after = (r"(?<!\w)" if words[0].isalnum() else ""), (r"(?!\w)" if words[-1].isalnum() else "")
    return re.search(before + re.escape(words) + after, text) is not None


def _fits(written: str, quote: str, pattern: str | None) -> bool:
    """Return whether a value is what the pattern finds in the quote, or fits it as a whole."""
    if pattern is None:
        return True
    compiled = re.compile(pattern)
    if compiled.fullmatch(written):
        return True
    return any(
        match[1 if match.re.groups and match[1] is not None else 0] == written
        for match in compiled.finditer(quote)
    )
