"""Edits pages as a request asks for it in words, or takes a file in the place of one; asks about all that is not clear."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final
from urllib.parse import urlsplit

from activities.contracts import System, Systems
from desks.website.models.changes import Wish
from desks.website.models.facts import EditFacts, Line, PageChange, PageProblem
from desks.website.models.publishing import PublishParameters
from desks.website.models.terms import EditTerms
from desks.website.page_jobs import JobDone, Tools, do
from desks.website.questions import Unclear, of_asks, question_of
from desks.website.quoting import quotable
from desks.website.rules.request.answer import Answer, answer_of
from desks.website.rules.request.items import items_of
from desks.website.rules.request.jobs import Job, Site, pages_of, sorted_by_page, with_answer
from desks.website.rules.request.read import wish_of
from desks.website.systems.site_pages import SitePages
from desks.website.systems.web_pages import WebPages
from desks.website.texts import website_texts
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.contract import Contract
from dispatch.models.request.item import Item
from dispatch.models.work.finding import (
    Brief,
    Evidence,
    EvidenceSource,
    Finding,
    FindingStatus,
    RecommendedAction,
    Refusal,
    Statement,
)
from dispatch.models.work.guidance import REJECTED
from dispatch.storage.document_reader import Documents
from dispatch.text.new_words import own_words

_NAME: Final = "page_edit"
_ACTION: Final = "publish_page"
FIELD: Final = "clarification"
"""The field in which an answer to its question comes back."""


class PageEdit:
    """Makes the changes of all pages that the request names, each on the page as it is now.

    Nothing is changed outside: both versions are documents, and one action publish_page for each page of the site is
    recommended. If anything is not clear, nothing is recommended and the finding is `ambiguous` with one question for all
    of it. A page of another host, or an attached one, is returned as a file. Facts: EditFacts.

    Raises the errors of the site's folder; what is wrong with a page itself is asked about.
    """

    uses: ClassVar[tuple[type[System], ...]] = (SitePages, WebPages)
    needs: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = EditTerms

    def __init__(self, systems: Systems) -> None:
        self._tools = Tools(
            systems.get(SitePages), systems.get(WebPages), systems.get(Documents), systems.get(TextProcesses)
        )

    async def examine(self, brief: Brief) -> Finding:
        terms = EditTerms.model_validate(brief.config)
        items = [
            i for i in brief.items if i.kind in brief.intents and _NAME in brief.intents[i.kind].specialists
        ]
        body = own_words(brief.body)
        wish = await self._tools.texts.read(len(body), wish_of, body, brief.subject)
        answer = answer_of(next((item.fields[FIELD] for item in items if item.fields.get(FIELD)), ""))
        wish, used = with_answer(wish, answer)
        site = Site(
            await self._tools.site.pages(),
            frozenset(terms.hosts),
            frozenset(terms.fetch),
            pages_of([(document.name, document.media_type) for document in brief.attachments]),
        )
        plan = sorted_by_page(wish, answer, site)
        unclear = [*of_asks(plan.asks), *_without_change(items, wish)]
        if len(plan.jobs) > terms.most_pages:
            unclear.append(Unclear(brief.subject or body[:80], "too_many_pages"))
        done: list[JobDone] = []
        if not unclear:
            done = [await self._do(job, brief, terms, wish, answer, used=used) for job in plan.jobs]
            unclear = [one for job in done for one in job.unclear]
        pages = tuple(job.page for job in done if job.page is not None)
        if unclear or not pages:
            return _asking(brief, unclear)
        return _finding(brief, pages, tuple(each for job in done for each in job.left))

    async def _do(
        self, job: Job, brief: Brief, terms: EditTerms, wish: Wish, answer: Answer, *, used: bool
    ) -> JobDone:
        done = await do(job, brief, terms, answer.chosen, wish.checks, self._tools)
        if not done.unclear or used or len(answer.changes) != len(done.unclear):
            return done
        # The answer says anew what was not clear of this page, one change for each.
        said = [one.said for one in done.unclear]
        again = iter(answer.changes)
        changes = tuple(
            next(again).model_copy(update={"said": change.said}) if change.said in said else change
            for change in job.changes
        )
        return await do(job._replace(changes=changes), brief, terms, answer.chosen, wish.checks, self._tools)


def _without_change(items: Sequence[Item], wish: Wish) -> Iterable[Unclear]:
    """Yield the items in which no change was understood, and nothing is asked about either."""
    texts = [(item.item_id, item.text) for item in items]
    said = (*(c.said for c in wish.changes), *(u.said for u in wish.unclear))
    told = {item_id for words in said for item_id in items_of(words, texts)}
    for item in items:
        if item.item_id not in told:
            yield Unclear(item.text, "not_understood")


def _asking(brief: Brief, unclear: Sequence[Unclear]) -> Finding:
    if not unclear:
        return Finding(
            handoff=brief.handoff, specialist=_NAME, status=FindingStatus.NOTHING, summary="no change to make"
        )
    kinds = ", ".join(dict.fromkeys(one.why for one in unclear))
    return Finding(
        handoff=brief.handoff,
        specialist=_NAME,
        status=FindingStatus.AMBIGUOUS,
        summary=f"{len(unclear)} not clear: {kinds}",
        questions={FIELD: question_of(tuple(dict.fromkeys(unclear)), brief.language, _hosts(brief))},
        evidence=tuple(
            Evidence(
                evidence_id=f"{_NAME}.unclear.{number}",
                source=EvidenceSource.REQUEST,
                reference=one.why,
                text=one.said[:300],
            )
            for number, one in enumerate(dict.fromkeys(unclear), 1)
        ),
    )


def _finding(brief: Brief, pages: tuple[PageChange, ...], left: tuple[PageProblem, ...]) -> Finding:
    declined = {one.subject: one for one in brief.declined if one.name == _ACTION}
    wanted = tuple(page for page in pages if _subject(page) not in declined)
    return Finding(
        handoff=brief.handoff,
        specialist=_NAME,
        status=FindingStatus.FOUND,
        summary="; ".join(f"{page.path}: {len(page.lines) or 1} changes, {page.risk}" for page in pages)[
            :500
        ],
        facts=EditFacts(pages=wanted, left=left).model_dump(mode="json"),
        evidence=tuple(_evidence(page) for page in pages),
        statements=tuple(said for page in wanted for said in _statements(page, brief)),
        recommended=tuple(_action(page) for page in wanted if page.is_published),
        attachments=tuple(page.after for page in wanted if not page.is_published),
        refusals=tuple(
            Refusal(
                item_id=item_id,
                reason=_refused(page, declined[_subject(page)].reason_for_requester, brief.language),
                rule=REJECTED,
                evidence_ids=(_evidence(page).evidence_id,),
            )
            for page in pages
            if _subject(page) in declined
            for item_id in page.item_ids
        ),
    )


def _hosts(brief: Brief) -> tuple[str, ...]:
    """Return the hosts that a letter of the desk may lead to."""
    terms = EditTerms.model_validate(brief.config)
    return (*terms.hosts, *([urlsplit(terms.public_url).hostname or ""] if terms.public_url else []))


def _subject(page: PageChange) -> str:
    return f"page {page.path}"


def _refused(page: PageChange, reason: str, language: str) -> str:
    return f"{website_texts(language).declined.format(url=page.url)} {reason}".strip()


def _evidence(page: PageChange) -> Evidence:
    was = page.before.sha256[:12] if page.before is not None else "no page"
    return Evidence(
        evidence_id=f"{_NAME}.{page.path}",
        # A page of the site is public: what it says may be told to anyone.
        source=EvidenceSource.PLAYBOOK,
        reference=page.url,
        text=f"{page.path}, changed from {was} to {page.after.sha256[:12]}",
    )


def _statements(page: PageChange, brief: Brief) -> Iterable[Statement]:
    texts = website_texts(brief.language)
    cited = (_evidence(page).evidence_id,)
    for text in _lines(page, brief):
        yield Statement(text=quotable(text, _hosts(brief)), item_ids=page.item_ids, evidence_ids=cited)
    if not page.is_published:
        text = texts.returned.format(name=page.after.name)
        yield Statement(text=text, item_ids=page.item_ids, evidence_ids=cited)


def _lines(page: PageChange, brief: Brief) -> Iterable[str]:
    texts = website_texts(brief.language)
    if not page.lines:
        yield texts.replaced.format(url=page.url)
    for line in page.lines:
        yield _told(page, line, brief)


def _told(page: PageChange, line: Line, brief: Brief) -> str:
    texts, hosts = website_texts(brief.language), _hosts(brief)
    was, becomes = quotable(line.was, hosts), quotable(line.becomes, hosts)
    values = {"url": page.url, "line": line.line, "part": line.what, "was": was, "becomes": becomes}
    form = texts.changed if line.was and line.becomes else texts.added if line.becomes else texts.removed
    return form.format(**values)


def _action(page: PageChange) -> RecommendedAction:
    changes = tuple(f"line {one.line}, {one.what}: “{one.was}” → “{one.becomes}”" for one in page.lines)
    parameters = PublishParameters(
        path=page.path,
        was_sha256=page.before.sha256 if page.before is not None else "",
        page=page.after,
        risk=page.risk,
        changes=changes[:100],
        checks=page.checks,
    )
    return RecommendedAction(
        name=_ACTION,
        subject=_subject(page),
        parameters=parameters.model_dump(mode="json"),
        item_ids=page.item_ids,
        why=f"changes {page.path} as asked",
        evidence_ids=(_evidence(page).evidence_id,),
    )
