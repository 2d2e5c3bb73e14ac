"""Draws the parts together: what the requester is told, what the approver sees, and the publication that is asked for."""

from collections.abc import Iterable
from typing import ClassVar, Final

from pydantic import ValidationError

from activities.contracts import System, Systems
from desks.marketing.judged_copy import JudgedCopy, edited_copy, finding_of, unavailable
from desks.marketing.letters import Telling, changes_in_words, statement_texts
from desks.marketing.models.facts import FlagFacts, PublicationTerms
from desks.marketing.models.flag import Flag
from desks.marketing.rules.noting import noted
from desks.marketing.rules.posting import ACTION, parameters_of, subject_of
from desks.marketing.rules.telling import marks_of, report
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.exhibit import Exhibit
from dispatch.models.work.finding import Brief, Finding, FindingStatus, RecommendedAction, Statement
from dispatch.storage.document_reader import Documents

_NAME: Final = "publication"
_JUDGES: Final = ("brand_rules", "claims", "reading_level", "links")
_MOST_EVIDENCE: Final = 50


class Publication:
    """Recommends the publication at the brief's time where one is asked for, and writes what was found and changed.

    The requester gets the edited copy, the differences and the list as documents; the approver sees the copy before and
    after, with what is open marked in place. Without the findings of every judge it is unavailable: what was not judged
    is not clean.
    """

    uses: ClassVar[tuple[type[System], ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("copy_reader", "copy_editor", *_JUDGES)
    Config: ClassVar[type[Contract]] = PublicationTerms

    def __init__(self, systems: Systems) -> None:
        self._documents = systems.get(Documents)

    async def examine(self, brief: Brief) -> Finding:
        terms = PublicationTerms.model_validate(brief.config)
        one = await edited_copy(brief, self._documents)
        judged = [finding_of(brief, name) for name in _JUDGES]
        if one is None or not all(judged):
            return unavailable(brief, _NAME)
        flags = tuple(flag for each in judged if each for flag in FlagFacts.model_validate(each.facts).flags)
        cited = tuple(evidence.evidence_id for each in judged if each for evidence in each.evidence)[
            :_MOST_EVIDENCE
        ]
        attached = await self._attached(one, flags)
        recommended, problem = _recommended(brief, one)
        if problem:
            return Finding(
                handoff=brief.handoff, specialist=_NAME, status=FindingStatus.AMBIGUOUS, summary=problem
            )
        telling = Telling(brief.language, brief.handoff.at, is_published=bool(recommended))
        texts = statement_texts(one, flags, terms.most_exceptions, telling)
        item_ids = tuple(item.item_id for item in brief.items)
        evidence_ids = ("copy_reader.copy", "copy_editor.changes", *cited)
        kinds = len(noted(flags))
        return Finding(
            handoff=brief.handoff,
            specialist=_NAME,
            status=FindingStatus.FOUND,
            summary=f"{one.edit.number} replacements, {kinds} kinds of exceptions open",
            statements=tuple(
                Statement(text=text, item_ids=item_ids, evidence_ids=evidence_ids) for text in texts
            ),
            recommended=recommended,
            exhibits=(_exhibit(one, flags),),
            attachments=attached,
        )

    async def _attached(self, one: JudgedCopy, flags: Iterable[Flag]) -> tuple[DocumentRef, ...]:
        every = noted(flags)
        stem = one.facts.source.name.rpartition(".")[0] or one.facts.source.name
        found: list[DocumentRef] = []
        if one.edit.diff is not None:
            found += [one.edit.edited, one.edit.diff]
        if every or one.edit.changes:
            text = report(one.copy.source, one.facts.source.name, changes_in_words(one.edit.changes), every)
            found.append(await self._documents.keep(text.encode(), "text/plain", f"{stem}-list.txt"))
        return tuple(found)


def _recommended(brief: Brief, one: JudgedCopy) -> tuple[tuple[RecommendedAction, ...], str]:
    """Return the publication, if it is asked for and nobody rejected it; or why there can be none."""
    subject = subject_of(one.facts)
    rejected = any((gone.name, gone.subject) == (ACTION, subject) for gone in brief.declined)
    if not one.facts.publish or rejected:
        return (), ""
    try:
        parameters = parameters_of(one.facts, one.copy.source)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return (), f"it cannot be published as it is: {where}: {first['msg']}"
    action = RecommendedAction(
        name=ACTION,
        subject=subject,
        parameters=parameters.model_dump(mode="json"),
        item_ids=tuple(item.item_id for item in brief.items),
        why=f"the brief asks for it as {one.facts.channel}",
        evidence_ids=("copy_reader.copy", "copy_editor.changes"),
        not_before=one.facts.launch,
    )
    return (action,), ""


def _exhibit(one: JudgedCopy, flags: Iterable[Flag]) -> Exhibit:
    return Exhibit(
        title=f"Copy: {one.facts.title or one.facts.source.name}"[:200],
        before=one.facts.source,
        after=one.edit.edited,
        marks=marks_of(flags, len(one.copy.source)),
        source=one.facts.source.name[:500],
    )
