"""Looks at changed pages in a closed browser: accessibility by axe, the width of a phone, and pictures for people."""

from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.website.look import Look
from desks.website.models.facts import WORDS_ONLY, CheckFacts, PageChange, PageProblem
from desks.website.models.terms import BrowserTerms
from desks.website.page_checks import SOURCE, Versions, examined, finding, pages_in, problems_of, versions_of
from desks.website.rules.checks.problem import Compared, Problem, compared
from desks.website.systems.page_browser import PageBrowser
from desks.website.systems.site_pages import SitePages
from dispatch.models.contract import Contract
from dispatch.models.errors import UnavailableError
from dispatch.models.work.exhibit import Exhibit
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.severity import Severity
from dispatch.storage.document_reader import Documents

_NAME: Final = "accessibility"
_FILE_BYTES: Final = 5_000_000
_SEVERITIES: Final = {"critical": Severity.MAJOR, "serious": Severity.MAJOR}


class Accessibility:
    """Shows each page before and after at a phone's width.

    Without a browser, or where a page keeps it busy for too long, the facts say why it is `unavailable`: nothing is then
    said of the page. Facts: CheckFacts.
    """

    uses: ClassVar[tuple[type[System], ...]] = (SitePages, PageBrowser)
    needs: ClassVar[tuple[str, ...]] = (SOURCE,)
    Config: ClassVar[type[Contract]] = BrowserTerms

    def __init__(self, systems: Systems) -> None:
        self._site, self._browser = systems.get(SitePages), systems.get(PageBrowser)
        self._documents = systems.get(Documents)

    async def examine(self, brief: Brief) -> Finding:
        terms = BrowserTerms.model_validate(brief.config)
        pages = pages_in(brief)
        if pages is None:
            return await examined(_NAME, brief, self._documents, _never)
        if self._browser.missing:
            return finding(_NAME, brief, CheckFacts(unavailable=self._browser.missing))
        worse: list[PageProblem] = []
        left: dict[str, int] = {}
        exhibits: list[Exhibit] = []
        why = ""
        for page in pages:
            try:
                before, after = await self._both(await versions_of(page, self._documents), terms)
            except UnavailableError as error:
                why = str(error)
                continue
            found = compared(_problems(before, terms) if before else (), _problems(after, terms))
            worse += problems_of(page, found)
            for problem in found.before:
                left[problem.rule] = left.get(problem.rule, 0) + 1
            if terms.screenshots and (before is not None or page.before is None):
                exhibits.append(await self._pictures(page, before, after, terms))
        facts = CheckFacts(worse=tuple(worse), left=left, unavailable=why[:300])
        return finding(_NAME, brief, facts, exhibits)

    async def _both(self, one: Versions, terms: BrowserTerms) -> tuple[Look | None, Look]:
        """Look at a page; at the one before only where it is compared or shown, for a look takes a second or more."""
        after = await self._look(one.after, one.page.path, terms)
        is_shown = terms.screenshots and one.page.risk not in WORDS_ONLY
        if one.before is None or not (is_shown or _problems(after, terms)):
            return None, after
        return await self._look(one.before, one.page.path, terms), after

    async def _look(self, data: bytes, path: str, terms: BrowserTerms) -> Look:
        async def files(wanted: str) -> bytes | None:
            return await self._site.page(wanted, _FILE_BYTES)

        return await self._browser.look(data, path, files, terms.width)

    async def _pictures(
        self, page: PageChange, before: Look | None, after: Look, terms: BrowserTerms
    ) -> Exhibit:
        name = page.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        old = None
        if before is not None:
            old = await self._documents.keep(before.picture, "image/png", f"{name}-before.png")
        new = await self._documents.keep(after.picture, "image/png", f"{name}-after.png")
        return Exhibit(
            title=f"{page.path}, {terms.width} pixels wide"[:200],
            before=old,
            after=new,
            source=page.url[:500],
        )


def _problems(look: Look, terms: BrowserTerms) -> tuple[Problem, ...]:
    found = [
        Problem(
            f"accessibility.{one.rule.replace('-', '_')}",
            _SEVERITIES.get(one.impact, Severity.MINOR),
            1,
            f"{one.text}: {one.examples[0] if one.examples else ''}"[:400],
            one.rule,
        )
        for one in look.violations
        for _ in range(min(one.elements, 50))
    ]
    if look.too_wide:
        text = f"the page is {look.too_wide} pixels wider than a screen of {terms.width}"
        found.append(Problem("acceptance.no_overflow", Severity.MAJOR, 1, text))
    return tuple(found)


async def _never(_: Versions) -> Compared:
    return Compared((), ())
