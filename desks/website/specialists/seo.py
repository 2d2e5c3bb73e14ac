"""Checks what search engines and social networks read of changed pages."""

from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.website.models.terms import SeoTerms
from desks.website.page_checks import SOURCE, Versions, examined
from desks.website.rules import tasks
from desks.website.rules.checks.problem import Compared
from desks.website.rules.checks.seo import SeoLimits
from desks.website.site_around import heads_of_others
from desks.website.systems.site_pages import SitePages
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.storage.document_reader import Documents

_NAME: Final = "seo"


class Seo:
    """Checks title, description, headings, canonical address, robots, language, cards and structured data.

    Facts: CheckFacts. Raises the errors of the site's folder.
    """

    uses: ClassVar[tuple[type[System], ...]] = (SitePages,)
    needs: ClassVar[tuple[str, ...]] = (SOURCE,)
    Config: ClassVar[type[Contract]] = SeoTerms

    def __init__(self, systems: Systems) -> None:
        self._site, self._documents = systems.get(SitePages), systems.get(Documents)
        self._texts = systems.get(TextProcesses)

    async def examine(self, brief: Brief) -> Finding:
        terms = SeoTerms.model_validate(brief.config)
        limits = SeoLimits(terms.title, terms.description)

        async def check(one: Versions) -> Compared:
            others = await heads_of_others(one.page.path, self._site, self._texts)
            return await self._texts.read(one.size, tasks.check_seo, one.before, one.after, others, limits)

        return await examined(_NAME, brief, self._documents, check)
