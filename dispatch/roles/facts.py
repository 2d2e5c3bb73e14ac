"""What generic roles find, in one shape, so that each can read what another found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from dispatch.models.contract import Facts
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus

REQUEST: Final = "request"
BY_ITEM: Final = "by_item"
"""The fact under which a generic role keeps its facts for each item, by the item's id."""


def facts_by_item(facts: Mapping[str, Facts]) -> Facts:
    """Return facts for each item as a finding holds them."""
    return {BY_ITEM: {item_id: dict(of_item) for item_id, of_item in facts.items()}}


def facts_for(finding: Finding, item_id: str) -> Facts:
    """Return what a finding says of an item; what it says of the request as a whole stands behind that."""
    whole = {name: value for name, value in finding.facts.items() if name != BY_ITEM}
    by_item = finding.facts.get(BY_ITEM)
    mine = by_item.get(item_id) if isinstance(by_item, dict) else None
    return {"status": finding.status.value, **whole, **(mine if isinstance(mine, dict) else {})}


def evidence_id(specialist: str, item_id: str = REQUEST, *suffix: str) -> str:
    """Return the id of what a generic role found, for an item or for the whole request."""
    return ".".join((specialist, item_id, *suffix))


def own_items(brief: Brief) -> tuple[Item, ...]:
    """Return the items whose intents name this specialist; all where none does, for then it works on every request."""
    named = {kind for kind, intent in brief.intents.items() if brief.specialist in intent.specialists}
    return tuple(item for item in brief.items if item.kind in named) or brief.items


def latest(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return the last finding of each specialist that was available."""
    found = {finding.specialist: finding for finding in findings}
    return {name: one for name, one in found.items() if one.status is not FindingStatus.UNAVAILABLE}


def evidence_for(finding: Finding, item_id: str) -> tuple[Evidence, ...]:
    """Return what a finding holds of an item, or of the request as a whole; not what is another item's."""
    others = f"{finding.specialist}.item-"
    mine = f"{finding.specialist}.{item_id}"
    return tuple(
        one
        for one in finding.evidence
        if not one.evidence_id.startswith(others)
        or one.evidence_id == mine
        or one.evidence_id.startswith(f"{mine}.")
    )


def at_path(value: JsonValue, path: Sequence[str]) -> JsonValue:
    """Return what stands at a path of names and positions; None where nothing does."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
