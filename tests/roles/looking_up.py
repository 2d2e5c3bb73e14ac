"""Calls the generic role `lookup` on a declared system, as a worker does, without a workflow."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from activities.catalogue import Catalogue
from activities.declared_systems.classes import reading_systems
from activities.roles.specialists.lookup import Lookup
from dispatch.models.declared.systems import SystemsFile
from dispatch.models.handoff import Handoff
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Party
from dispatch.models.work.finding import Brief, Finding
from runtime.systems import open_systems

DESK = "loans"
HANDOFF = Handoff(
    seq=1,
    sender="coordinator",
    receiver="specialist.find_account",
    what="a brief",
    why="the plan calls it",
    decided_by="process",
    at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    digest="0" * 64,
)


def brief(
    config: Mapping[str, Any], *fields: Mapping[str, str], sender: str = "kim@club.example", **more: Any
) -> Brief:
    """Write a brief with an item for each set of fields."""
    items = tuple(
        Item(item_id=f"item-{number}", text="May I borrow it?", kind="borrow", fields=dict(each))
        for number, each in enumerate(fields or ({},), start=1)
    )
    return Brief(
        handoff=HANDOFF,
        specialist="find_account",
        desk=DESK,
        request_id="r-1",
        requester=Party(address=sender),
        subject="a question",
        items=items,
        config=dict(config),
        **more,
    )


async def look_up(systems: Mapping[str, Any], environment: Mapping[str, str], asked: Brief) -> Finding:
    """Open the systems from these variables, and examine."""
    declared = SystemsFile.model_validate({"systems": systems}).systems
    catalogue = Catalogue({}, {}, {}).with_systems({DESK: declared})
    async with asyncio.timeout(30), open_systems(catalogue.systems(acting=False), environment) as opened:
        own = opened.beside(reading_systems(catalogue.declared_systems, opened))
        return await Lookup(own).examine(asked)


def item_facts(finding: Finding, item_id: str = "item-1") -> dict[str, JsonValue]:
    """Return the facts of one item."""
    by_item = finding.facts["by_item"]
    assert isinstance(by_item, dict)
    facts = by_item[item_id]
    assert isinstance(facts, dict)
    return facts
