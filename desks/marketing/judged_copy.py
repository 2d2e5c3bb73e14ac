"""The edited copy of a brief, for the specialists that judge it, and their findings."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from activities.contracts import System, Systems
from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import Copy
from desks.marketing.models.facts import CopyFacts, EditFacts, FlagFacts, NoTerms
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.house import MOST_FLAGS, House
from desks.marketing.rules.noting import noted
from desks.marketing.rules.rule import Rule
from desks.marketing.systems.brand_book import BrandBook
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus
from dispatch.storage.document_reader import Documents

READER = "copy_reader"
EDITOR = "copy_editor"


class JudgedCopy(NamedTuple):
    """The brief's facts, what the editor made of its copy, and the edited copy, read."""

    facts: CopyFacts
    edit: EditFacts
    copy: Copy
    occasion: Occasion


def finding_of(brief: Brief, specialist: str) -> Finding | None:
    """Return the latest finding of a specialist, if it found anything."""
    found = next((one for one in reversed(brief.findings) if one.specialist == specialist), None)
    return found if found is not None and found.status is FindingStatus.FOUND else None


def copy_facts(brief: Brief) -> CopyFacts | None:
    """Return what the reader found; None where it found no copy."""
    found = finding_of(brief, READER)
    return CopyFacts.model_validate(found.facts) if found is not None else None


async def edited_copy(brief: Brief, documents: Documents) -> JudgedCopy | None:
    """Return the copy as the editor left it; None where reader or editor found none."""
    facts, found = copy_facts(brief), finding_of(brief, EDITOR)
    if facts is None or found is None:
        return None
    edit = EditFacts.model_validate(found.facts)
    source = (await documents.read(edit.edited)).decode()
    copy = await asyncio.to_thread(read_source, source, facts.form)
    return JudgedCopy(facts, edit, copy, facts.occasion((brief.asked_at or brief.handoff.at).date()))


async def judged(house: House, rules: Iterable[Rule], one: JudgedCopy) -> tuple[Flag, ...]:
    """Return what some rules of a house find in the copy, without holding up others."""
    return await asyncio.to_thread(house.judged, one.copy, one.occasion, tuple(rules))


def unavailable(brief: Brief, specialist: str) -> Finding:
    """Return that nothing could be judged, which never reads as clean."""
    return Finding(
        handoff=brief.handoff,
        specialist=specialist,
        status=FindingStatus.UNAVAILABLE,
        summary="there is no edited copy to judge",
    )


def flagged(brief: Brief, specialist: str, flags: tuple[Flag, ...], not_run: tuple[str, ...] = ()) -> Finding:
    """Return the finding of one part of the rules; each kind of exception is evidence."""
    kinds = noted(flags)
    summary = ", ".join(f"{one.rule} ({len(one.flags)})" for one in kinds) or "nothing to see"
    if not_run:
        summary += f"; {len(not_run)} rules of styles are not run: {'; '.join(not_run)[:300]}"
    facts = FlagFacts(flags=flags[:MOST_FLAGS], more=max(len(flags) - MOST_FLAGS, 0), not_run=not_run[:50])
    return Finding(
        handoff=brief.handoff,
        specialist=specialist,
        status=FindingStatus.FOUND,
        summary=summary,
        facts=facts.model_dump(mode="json"),
        evidence=tuple(
            Evidence(
                evidence_id=f"{specialist}.{one.rule}",
                source="playbook",
                reference=one.rule,
                text=one.in_words[:500],
            )
            for one in kinds
        ),
    )


class CopyJudge:
    """What the specialists have in common that judge the copy as the editor left it; each says by which rules."""

    uses: ClassVar[tuple[type[System], ...]] = (BrandBook,)
    needs: ClassVar[tuple[str, ...]] = (READER, EDITOR)
    Config: ClassVar[type[Contract]] = NoTerms
    name: ClassVar[str]

    def __init__(self, systems: Systems) -> None:
        self.house = systems.get(BrandBook).house
        self._documents = systems.get(Documents)

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of the house that this one judges by."""
        raise NotImplementedError

    async def more(self, one: JudgedCopy) -> tuple[Flag, ...]:
        """Return what it finds by other means than rules."""
        del one
        return ()

    def not_run(self) -> tuple[str, ...]:
        """Return which of the house's rules could not be made ready, in words."""
        return ()

    async def examine(self, brief: Brief) -> Finding:
        one = await edited_copy(brief, self._documents)
        if one is None:
            return unavailable(brief, self.name)
        flags = (*await judged(self.house, self.rules(), one), *await self.more(one))
        return flagged(brief, self.name, flags, self.not_run())
