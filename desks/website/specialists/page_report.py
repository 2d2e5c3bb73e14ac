"""Sums up for people: the pages side by side with what is wrong marked in place, and notes for the requester."""

from collections.abc import Iterable
from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.website.models.facts import CheckFacts, PageChange, PageProblem
from desks.website.page_checks import SOURCE, pages_in
from desks.website.rules.page.source import PageError, read_source
from desks.website.systems.site_pages import SitePages
from desks.website.texts import website_texts
from dispatch.guard.contract import NoPolicy
from dispatch.models.contract import Contract
from dispatch.models.request.submission import DocumentRef
from dispatch.models.work.exhibit import Exhibit, Mark
from dispatch.models.work.finding import Brief, Evidence, EvidenceSource, Finding, FindingStatus, Statement
from dispatch.storage.document_reader import Documents

_NAME: Final = "page_report"
CHECKS: Final = ("page_assets", "seo", "conformance", "acceptance", "accessibility")
"""The specialists whose facts are CheckFacts."""
_MOST_RULES: Final = 6
_MOST_MARKS: Final = 100


class PageReport:
    """Keeps each page's text before and after as an exhibit, and tells what was wrong before and what was not checked."""

    uses: ClassVar[tuple[type[System], ...]] = (
        SitePages,
    )  # it reads the store, which is more than to compute
    needs: ClassVar[tuple[str, ...]] = (SOURCE, *CHECKS)
    Config: ClassVar[type[Contract]] = NoPolicy

    def __init__(self, systems: Systems) -> None:
        self._documents = systems.get(Documents)

    async def examine(self, brief: Brief) -> Finding:
        pages = pages_in(brief)
        if pages is None:
            return Finding(
                handoff=brief.handoff,
                specialist=_NAME,
                status=FindingStatus.UNAVAILABLE,
                summary=f"{SOURCE} is unavailable, so there is nothing to report",
            )
        facts = checks_in(brief)
        worse = [problem for one in facts.values() for problem in one.worse]
        exhibits = [await self._exhibit(page, [p for p in worse if p.path == page.path]) for page in pages]
        statements = tuple(_notes(pages, facts, brief.language))
        cited = Evidence(
            evidence_id=f"{_NAME}.checks",
            source=EvidenceSource.PLAYBOOK,
            reference="checks",
            text=f"{len(worse)} worse than before; checked: {', '.join(n for n, f in facts.items() if not f.unavailable)}",
        )
        return Finding(
            handoff=brief.handoff,
            specialist=_NAME,
            status=FindingStatus.FOUND,
            summary=f"{len(pages)} pages, {len(worse)} problems that the change brought",
            evidence=(cited,),
            statements=statements,
            exhibits=tuple(exhibits),
        )

    async def _exhibit(self, page: PageChange, worse: list[PageProblem]) -> Exhibit:
        after = (await self._documents.read(page.after)).decode("utf-8", "replace")
        try:
            after = read_source(await self._documents.read(page.after)).text
        except PageError:
            worse = []
        name = f"{page.path.rsplit('/', 1)[-1]}.txt"
        return Exhibit(
            title=page.path[:200],
            before=await self._text(page.before, name),
            after=await self._documents.keep(_utf8(after), "text/plain", name),
            marks=tuple(_marks(after, worse)),
            source=page.url[:500],
        )

    async def _text(self, document: DocumentRef | None, name: str) -> DocumentRef | None:
        if document is None:
            return None
        data = await self._documents.read(document)
        try:
            text = read_source(data).text
        except PageError:
            text = data.decode("utf-8", "replace")
        return await self._documents.keep(_utf8(text), "text/plain", name)


def checks_in(brief: Brief) -> dict[str, CheckFacts]:
    """Return the facts of the checks, by specialist; one that failed counts as not run."""
    found: dict[str, CheckFacts] = {}
    for finding in brief.findings:
        if finding.specialist in CHECKS:
            ran = finding.status is not FindingStatus.UNAVAILABLE
            found[finding.specialist] = (
                CheckFacts.model_validate(finding.facts)
                if ran
                else CheckFacts(unavailable=finding.summary[:300])
            )
    return found


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _marks(text: str, worse: Iterable[PageProblem]) -> Iterable[Mark]:
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for problem in list(worse)[:_MOST_MARKS]:
        at = min(max(problem.line, 1), len(lines)) - 1
        yield Mark(
            start=starts[at],
            end=starts[at] + len(lines[at]),
            severity=problem.severity,
            rule=problem.rule[:200],
            text=problem.text,
        )


def _notes(pages: tuple[PageChange, ...], facts: dict[str, CheckFacts], language: str) -> Iterable[Statement]:
    texts = website_texts(language)
    items = tuple(dict.fromkeys(item_id for page in pages for item_id in page.item_ids))
    where = ", ".join(dict.fromkeys(page.url for page in pages))
    cited = (f"{_NAME}.checks",)
    left = {rule: count for one in facts.values() for rule, count in one.left.items()}
    if left:
        most = sorted(left.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_RULES]
        what = ", ".join(texts.times.format(count=count, rule=rule) for rule, count in most)
        yield Statement(
            text=texts.left_before.format(url=where, what=what), item_ids=items, evidence_ids=cited
        )
    for name, one in facts.items():
        if one.unavailable:
            text = texts.not_checked.format(url=where, what=name, why=one.unavailable)
            yield Statement(text=text, item_ids=items, evidence_ids=cited)
