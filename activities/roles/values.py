"""Values of declared roles: from fields of items, the requester's address, facts of earlier findings."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from dispatch.models.contract import Facts
from dispatch.models.declared.reads import ValueSource
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, FindingStatus

BY_ITEM: Final = "by_item"
"""The fact under which a generic role keeps its facts for each item, by the item's id."""


def items_of(brief: Brief) -> tuple[Item, ...]:
    """Return the items that a specialist works on: those whose intent names it, else all."""
    named = tuple(
        item
        for item in brief.items
        if item.kind in brief.intents and brief.specialist in brief.intents[item.kind].specialists
    )
    return named or brief.items


def value_of(source: ValueSource, brief: Brief, item: Item, own: Mapping[str, JsonValue]) -> JsonValue:
    """Return a value for an item, or None if there is none; `own` are the facts of the current finding."""
    if source.field is not None:
        return item.fields.get(source.field)
    if source.requester is not None:
        return brief.requester.address or None
    if source.fact is None:
        return source.value
    if source.finding is None:
        return own.get(source.fact)
    return _fact(brief, source.finding, source.fact, item)


def _fact(brief: Brief, specialist: str, fact: str, item: Item) -> JsonValue:
    latest = next((each for each in reversed(brief.findings) if each.specialist == specialist), None)
    if latest is None or latest.status is FindingStatus.UNAVAILABLE:
        return None
    by_item = latest.facts.get(BY_ITEM)
    facts: JsonValue = by_item.get(item.item_id) if isinstance(by_item, dict) else latest.facts
    return facts.get(fact) if isinstance(facts, dict) else None


def facts_by_item(facts: Mapping[str, Mapping[str, JsonValue]]) -> Facts:
    """Return facts for each item as a finding holds them."""
    return {BY_ITEM: {item_id: dict(of_item) for item_id, of_item in facts.items()}}
