"""Looks something up in a declared system: one declared read with checked values."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, NamedTuple

from pydantic import JsonValue

from activities.contracts import Systems
from activities.declared_systems.classes import ReadingSystems
from activities.declared_systems.contracts import Reading
from activities.roles.contracts import GenericDefaults, RoleContext, RoleProblem
from activities.roles.recommending import recommend, recommendation_problems, source_problems
from activities.roles.values import facts_by_item, items_of, value_of
from dispatch.models.canonical import canonical_json
from dispatch.models.contract import Contract, Facts
from dispatch.models.declared.lookup import LookupConfig
from dispatch.models.declared.reads import facts_of
from dispatch.models.declared.templates import fill, names_in
from dispatch.models.errors import RefusedError
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus

STATUS: Final = "status"
"""The name of the fact that says for each item whether it was found."""
MOST_OF_AN_ITEM: Final = 20_000
_LINE: Final = 500


class _Found(NamedTuple):
    status: FindingStatus
    why: str
    facts: Facts = {}  # noqa: RUF012 (nobody changes it)


class Lookup(GenericDefaults):
    """Read, for each item, one row of a declared system, and keep the declared parts of it as facts.

    Facts: `by_item`, by the item's id: `status` (found, nothing, ambiguous) and the declared facts.
    Raises what the system raises; nothing and ambiguity are findings.
    """

    Config: ClassVar[type[Contract]] = LookupConfig

    def __init__(self, systems: Systems) -> None:
        self._systems = systems.get(ReadingSystems)

    @staticmethod
    def reads(config: LookupConfig) -> tuple[str, ...]:
        """Return the system that it reads."""
        return (config.system,)

    @staticmethod
    def needs(config: LookupConfig) -> tuple[str, ...]:
        """Return the specialists whose facts its values and recommendations are taken from."""
        sources = [*config.values.values(), *(v for one in config.recommend for v in one.parameters.values())]
        return tuple(dict.fromkeys(source.finding for source in sources if source.finding is not None))

    @staticmethod
    def check(config: LookupConfig, context: RoleContext) -> Iterator[RoleProblem]:
        """Yield the errors between the read, its values and its system."""
        system = context.systems.get(config.system)
        if system is not None and (why := config.read.unfit(system)) is not None:
            yield RoleProblem("read", why, "Correct the read, or the system in systems.yaml.")
        for name in sorted(config.read.names() ^ config.values.keys()):
            there = name in config.values
            yield RoleProblem(
                f"values.{name}",
                "the read does not use it"
                if there
                else "the read uses it, and nothing says where it comes from",
                "Remove it, or use it in the read." if there else "Add it to values.",
            )
        for name, source in config.values.items():
            yield from source_problems(f"values.{name}", source, context, set())
        for name in config.facts.keys() & {STATUS, *config.values}:
            yield RoleProblem(f"facts.{name}", f"the name {name!r} is taken", "Give the fact another name.")
        for name in names_in(config.evidence):
            if name not in config.facts and name not in config.values:
                yield RoleProblem(
                    "evidence",
                    f"there is no fact and no value {name!r}",
                    "Add it to facts, or correct the text.",
                )
        yield from recommendation_problems(config.recommend, (STATUS, *config.facts), context)

    async def examine(self, brief: Brief) -> Finding:
        config = LookupConfig.model_validate(brief.config)
        system = self._systems.of(brief.desk, config.system)
        items = items_of(brief)
        results = await _results(items, brief, config, system)
        evidence = {item_id: _evidence(brief, config, item_id, one) for item_id, one in results.items()}
        facts = {item_id: {STATUS: one.status.value, **one.facts} for item_id, one in results.items()}
        found = {
            item_id: facts[item_id] for item_id, one in results.items() if one.status is FindingStatus.FOUND
        }
        recommended = recommend(
            config.recommend, brief, found, {item_id: one.evidence_id for item_id, one in evidence.items()}
        )
        return Finding(
            handoff=brief.handoff,
            specialist=brief.specialist,
            status=_status(results),
            summary="; ".join(f"{item_id}: {one.why}" for item_id, one in results.items())[:_LINE],
            facts=facts_by_item(facts),
            evidence=(*evidence.values(), *recommended.evidence),
            recommended=recommended.actions,
        )


async def _results(
    items: tuple[Item, ...], brief: Brief, config: LookupConfig, system: Reading
) -> dict[str, _Found]:
    """Read once for all items with the same values."""
    values = {item.item_id: _values(item, brief, config) for item in items}
    different = {canonical_json(one): one for one in values.values() if not isinstance(one, str)}
    answers = await asyncio.gather(*(_read(config, system, one) for one in different.values()))
    by_values = dict(zip(different, answers, strict=True))
    return {
        item_id: _Found(FindingStatus.NOTHING, one)
        if isinstance(one, str)
        else by_values[canonical_json(one)]
        for item_id, one in values.items()
    }


def _values(item: Item, brief: Brief, config: LookupConfig) -> Facts | str:
    """Return the values of the read, or why there are none; summaries never contain a value."""
    values: Facts = {}
    for name, source in config.values.items():
        value = value_of(source, brief, item, {})
        if value is None:
            return f"{name} is not known"
        try:
            values[name] = source.form.read(value)
        except ValueError:
            return f"{name} does not have the declared form"
    return values


async def _read(config: LookupConfig, system: Reading, values: Mapping[str, JsonValue]) -> _Found:
    rows = config.of(await system.read(config.read, values))
    if rows is None:
        raise RefusedError(f"{config.system} answered another shape than declared", "malformed_answer")
    if not rows:
        return _Found(FindingStatus.NOTHING, "nothing was found")
    if len(rows) > 1 and config.several == "ambiguous":
        return _Found(FindingStatus.AMBIGUOUS, f"{len(rows)} were found")
    facts = facts_of(rows[0], config.facts)
    if len(json.dumps(facts)) > MOST_OF_AN_ITEM:
        raise RefusedError(
            f"the facts from {config.system} are larger than {MOST_OF_AN_ITEM:,} characters", "too_large"
        )
    texts = {name: "unknown" if value is None else value for name, value in {**values, **facts}.items()}
    line = " ".join(fill(config.evidence, texts).split())
    return _Found(FindingStatus.FOUND, line[:_LINE], facts)


def _evidence(brief: Brief, config: LookupConfig, item_id: str, one: _Found) -> Evidence:
    return Evidence(
        evidence_id=f"{brief.specialist}.{item_id}",
        source=config.source,
        reference=config.system,
        text=one.why,
    )


def _status(results: Mapping[str, _Found]) -> FindingStatus:
    """Return the combined outcome; ambiguity has precedence, because a person or the requester can still resolve it."""
    statuses = {one.status for one in results.values()}
    if FindingStatus.AMBIGUOUS in statuses:
        return FindingStatus.AMBIGUOUS
    return FindingStatus.FOUND if FindingStatus.FOUND in statuses or not results else FindingStatus.NOTHING
