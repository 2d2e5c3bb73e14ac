"""What the specialists that check pages share: the pages of page_edit's finding, and the form of their own."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple

from desks.website.models.facts import CheckFacts, EditFacts, PageChange, PageProblem
from desks.website.rules.checks.problem import Compared
from desks.website.rules.page.source import PageError
from dispatch.isolation.text_processes import SHORT
from dispatch.models.errors import UnreadableTextError
from dispatch.models.work.exhibit import Exhibit
from dispatch.models.work.finding import Brief, Evidence, EvidenceSource, Finding, FindingStatus
from dispatch.storage.document_reader import Documents

SOURCE: Final = "page_edit"
_MOST: Final = 60


class Versions(NamedTuple):
    """A page before and after, and the size by which a reader is chosen."""

    page: PageChange
    before: bytes | None
    after: bytes

    @property
    def size(self) -> int:
        """Return a size with which a page is always read in a process of its own."""
        return max(len(self.after), len(self.before or b""), SHORT + 1)


def pages_in(brief: Brief) -> tuple[PageChange, ...] | None:
    """Return the pages that page_edit changed; None where its finding is not there."""
    earlier = next((f for f in reversed(brief.findings) if f.specialist == SOURCE), None)
    if earlier is None or earlier.status is FindingStatus.UNAVAILABLE:
        return None
    return EditFacts.model_validate(earlier.facts).pages


async def versions_of(page: PageChange, documents: Documents) -> Versions:
    """Read both versions of a page from the store."""
    before = await documents.read(page.before) if page.before is not None else None
    return Versions(page, before, await documents.read(page.after))


async def examined(
    name: str,
    brief: Brief,
    documents: Documents,
    check: Callable[[Versions], Awaitable[Compared]],
    exhibits: Sequence[Exhibit] = (),
) -> Finding:
    """Check each page; one that cannot be read within bounds leaves the check `unavailable`, never clean."""
    pages = pages_in(brief)
    if pages is None:
        return _unavailable(name, brief, f"{SOURCE} is unavailable, so there is no page to check")
    worse: list[PageProblem] = []
    left: dict[str, int] = {}
    why = ""
    for page in pages:
        try:
            found = await check(await versions_of(page, documents))
        except (PageError, UnreadableTextError) as error:
            why = str(error)[:300]
            continue
        worse += problems_of(page, found)
        for problem in found.before:
            left[problem.rule] = left.get(problem.rule, 0) + 1
    return finding(name, brief, CheckFacts(worse=tuple(worse[:_MOST]), left=left, unavailable=why), exhibits)


def problems_of(page: PageChange, found: Compared) -> Iterable[PageProblem]:
    """Yield what a change made worse on a page."""
    for one in found.worse:
        yield PageProblem(
            path=page.path, rule=one.rule, severity=one.severity, line=one.line, text=one.text[:500]
        )


def finding(name: str, brief: Brief, facts: CheckFacts, exhibits: Sequence[Exhibit] = ()) -> Finding:
    """Return a check's finding; its evidence says how many rules are broken anew."""
    said = (
        f"not checked: {facts.unavailable}" if facts.unavailable else f"{len(facts.worse)} worse than before"
    )
    return Finding(
        handoff=brief.handoff,
        specialist=name,
        status=FindingStatus.FOUND,
        summary=f"{said}; {sum(facts.left.values())} were there before"[:300],
        facts=facts.model_dump(mode="json"),
        evidence=(
            Evidence(
                evidence_id=f"{name}.checked", source=EvidenceSource.PLAYBOOK, reference=name, text=said[:300]
            ),
        ),
        exhibits=tuple(exhibits)[:20],
    )


def _unavailable(name: str, brief: Brief, why: str) -> Finding:
    return Finding(handoff=brief.handoff, specialist=name, status=FindingStatus.UNAVAILABLE, summary=why)
