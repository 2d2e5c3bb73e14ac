"""Fields out of a request's text, each with the words that it stands on and where they are."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from jsonschema import Draft202012Validator
from pydantic import Field, JsonValue

from dispatch.models.contract import Contract, Facts
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, EvidenceSource, Finding, FindingStatus
from dispatch.roles.facts import evidence_id, facts_by_item, own_items

Source = Literal["item", "subject", "body"]
MOST_QUOTED: Final = 500


class ExtractedField(Contract):
    """One field of the role `extract`."""

    pattern: str | None = Field(
        default=None,
        description="a regular expression; its group, or all of it where it has none, is the value; without one only a "
        "model can find it",
    )
    about: str = Field(default="", max_length=300, description="for a model: what it is, in words")
    json_schema: Facts = Field(
        default_factory=dict, alias="schema", description="a JSON schema that the value must fit"
    )
    sources: tuple[Source, ...] = Field(
        default=("item",), min_length=1, description="where it is looked for; the first that holds it counts"
    )
    several: Literal["ambiguous", "first", "all"] = Field(
        default="ambiguous", description="what becomes of different values in one source"
    )


class ExtractConfig(Contract):
    """What a playbook says of a role `extract`."""

    fields: dict[str, ExtractedField] = Field(min_length=1, description="name: how it is found")


class Quote(NamedTuple):
    """A value with the words that it was found in: text[start:start + len(quote)] is the quote."""

    value: JsonValue
    source: Source
    start: int
    quote: str


def stands_at(text: str, start: int, quote: str) -> bool:
    """Return whether a quote is found verbatim at its position in its source."""
    return bool(quote) and start >= 0 and text[start : start + len(quote)] == quote


class Found(NamedTuple):
    """What was found of one field of one item: its different values, in the order of the text."""

    item: Item
    name: str
    spec: ExtractedField
    values: tuple[Quote, ...]

    @property
    def is_open(self) -> bool:
        """Whether the rules cannot tell the value: they found none, or several where one is wanted."""
        return not self.values or (len(self.values) > 1 and self.spec.several == "ambiguous")


def extract(brief: Brief, config: ExtractConfig) -> Finding:
    """Return the fields of each item that this role works on; `ambiguous` where one has two values.

    It is so too where a field has no pattern, for then nothing was looked for. What does not fit its schema is no value.
    Facts by item.
    """
    found = found_by_rules(brief, config)
    unread = tuple(dict.fromkeys(one.name for one in found if one.spec.pattern is None))
    why = f"only a model can find {', '.join(unread)}, and none did" if unread else ""
    return finding_of(brief, found, why)


def found_by_rules(brief: Brief, config: ExtractConfig) -> tuple[Found, ...]:
    """Return what the patterns find, for each field of each item."""
    return tuple(
        Found(item, name, spec, tuple(_found(spec, item, brief)))
        for item in own_items(brief)
        for name, spec in config.fields.items()
    )


def finding_of(brief: Brief, all_found: Sequence[Found], unread: str = "") -> Finding:
    """Return the finding of what was found; `unread` says why something was not looked for."""
    items: dict[str, Facts] = {}
    evidence: list[Evidence] = []
    notes: list[str] = [unread] if unread else []
    for item, name, spec, found in all_found:
        if len(found) > 1 and spec.several == "ambiguous":
            notes.append(f"{item.item_id}: {len(found)} values for {name}")
        elif found:
            kept = found if spec.several == "all" else found[:1]
            values: list[JsonValue] = [one.value for one in kept]
            facts = items.setdefault(item.item_id, {})
            facts[name] = values if spec.several == "all" else values[0]
            evidence += [_evidence(brief.specialist, item, name, n, one) for n, one in enumerate(kept, 1)]
    status = FindingStatus.FOUND if items else FindingStatus.NOTHING
    told = ", ".join(f"{len(facts)} of {item_id}" for item_id, facts in items.items()) or "nothing found"
    return Finding(
        handoff=brief.handoff,
        specialist=brief.specialist,
        status=FindingStatus.AMBIGUOUS if notes else status,
        summary="; ".join((*notes, told)),
        facts=facts_by_item(items),
        evidence=tuple(evidence),
    )


def source_text(source: Source, item: Item, brief: Brief) -> str:
    """Return the text that a source names."""
    return {"item": item.text, "subject": brief.subject, "body": brief.body}[source]


def _found(spec: ExtractedField, item: Item, brief: Brief) -> Sequence[Quote]:
    for source in spec.sources:
        quotes = tuple(_quotes(spec, source, source_text(source, item, brief)))
        if quotes:
            return tuple({str(one.value).casefold(): one for one in reversed(quotes)}.values())[::-1]
    return ()


def _quotes(spec: ExtractedField, source: Source, text: str) -> Iterator[Quote]:
    if spec.pattern is None:
        return
    for match in _compiled(spec.pattern).finditer(text):
        group = 1 if match.re.groups and match[1] is not None else 0
        quote = match[group]
        value = typed(quote, spec.json_schema)
        if quote.strip() and len(quote) <= MOST_QUOTED and value is not None:
            yield Quote(value, source, match.start(group), quote)


def typed(quote: str, schema: Facts) -> JsonValue:
    """Return a quote as a value that fits a JSON schema; None where it does not."""
    value: JsonValue = quote
    try:
        if schema.get("type") == "integer":
            value = int(quote)
        elif schema.get("type") == "number":
            value = float(quote.replace(",", "."))
    except ValueError:
        return None
    return value if not schema or Draft202012Validator(schema).is_valid(value) else None


def _evidence(specialist: str, item: Item, name: str, number: int, one: Quote) -> Evidence:
    place = item.item_id if one.source == "item" else one.source
    return Evidence(
        evidence_id=evidence_id(specialist, item.item_id, name, *([] if number == 1 else [str(number)])),
        source=EvidenceSource.REQUEST,
        reference=f"{place}, characters {one.start} to {one.start + len(one.quote)}",
        text=" ".join(one.quote.split()),
    )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
