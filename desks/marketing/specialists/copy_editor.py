"""Applies what is mechanical to the copy, and keeps the edited text and the differences as documents."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.marketing.copy.text import MEDIA_TYPES, CopyForm
from desks.marketing.judged_copy import copy_facts, unavailable
from desks.marketing.models.facts import CopyFacts, EditFacts, Made, NoTerms
from desks.marketing.models.flag import quoted
from desks.marketing.rules.editing import Change, diff_of
from desks.marketing.rules.posting import effect_of
from desks.marketing.systems.brand_book import BrandBook
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus
from dispatch.storage.document_reader import Documents

_NAME: Final = "copy_editor"
_MOST: Final = 100


class CopyEditor:
    """Puts in terms with their capitals, words that the brand replaces, marks, and spelling and grammar that are certain.

    Names, links, code, quotations and figures are never touched. What an approver wrote takes the place of the copy and
    is not edited. Facts: EditFacts.
    """

    uses: ClassVar[tuple[type[System], ...]] = (BrandBook,)
    needs: ClassVar[tuple[str, ...]] = ("copy_reader",)
    Config: ClassVar[type[Contract]] = NoTerms

    def __init__(self, systems: Systems) -> None:
        self._book, self._documents = systems.get(BrandBook), systems.get(Documents)

    async def examine(self, brief: Brief) -> Finding:
        facts = copy_facts(brief)
        if facts is None:
            return unavailable(brief, _NAME)
        source = (await self._documents.read(facts.source)).decode()
        written, by = _written_by_a_person(brief, facts)
        if written is not None:
            return await self._finding(brief, facts, source, written, (), by)
        occasion = facts.occasion((brief.asked_at or brief.handoff.at).date())
        edited = await asyncio.to_thread(self._book.house.edited, source, facts.form, occasion)
        return await self._finding(brief, facts, source, edited.source, edited.changes)

    async def _finding(
        self,
        brief: Brief,
        facts: CopyFacts,
        source: str,
        edited: str,
        changes: tuple[Change, ...],
        by: str = "",
    ) -> Finding:
        kept, diff = facts.source, None
        if edited != source:
            kept = await self._kept(facts, edited, "edited")
            text = diff_of(source, edited, facts.source.name)
            diff = await self._documents.keep(text.encode(), "text/x-diff", f"{_stem(facts.source)}.diff")
        made = EditFacts(edited=kept, diff=diff, changes=_made(changes), number=len(changes), by=by)
        what = f"{by} wrote the text" if by else f"{len(changes)} replacements"
        evidence = Evidence(
            evidence_id=f"{_NAME}.changes", source="playbook", reference=kept.sha256, text=what
        )
        return Finding(
            handoff=brief.handoff,
            specialist=_NAME,
            status=FindingStatus.FOUND,
            summary=what,
            facts=made.model_dump(mode="json"),
            evidence=(evidence,),
        )

    async def _kept(self, facts: CopyFacts, text: str, what: str) -> DocumentRef:
        ending = facts.source.name.rpartition(".")[2]
        name = f"{_stem(facts.source)}-{what}.{ending}"
        return await self._documents.keep(text.encode(), MEDIA_TYPES[CopyForm(facts.form)], name)


def _stem(document: DocumentRef) -> str:
    return document.name.rpartition(".")[0] or document.name


def _written_by_a_person(brief: Brief, facts: CopyFacts) -> tuple[str | None, str]:
    """Return the text that an approver put in place of the desk's, the latest, and who wrote it."""
    effect = effect_of(facts)
    for said in reversed(brief.guidance):
        text = said.edits.get(effect, {}).get("text")
        if isinstance(text, str) and text.strip() and effect not in said.superseded:
            return text, said.by
    return None, ""


def _made(changes: Iterable[Change]) -> tuple[Made, ...]:
    counted = Counter((quoted(one.before), quoted(one.after), one.rule) for one in changes)
    return tuple(
        Made(before=before, after=after, rule=rule, times=times)
        for (before, after, rule), times in list(counted.items())[:_MOST]
    )
