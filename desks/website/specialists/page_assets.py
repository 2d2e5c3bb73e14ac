"""Checks images, scripts, styles, fonts and links of changed pages."""

from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.website.models.terms import AssetTerms
from desks.website.page_checks import SOURCE, Versions, examined
from desks.website.rules import tasks
from desks.website.rules.checks.assets import AssetLimits
from desks.website.rules.checks.problem import Compared
from desks.website.site_around import surroundings
from desks.website.systems.site_pages import SitePages
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.storage.document_reader import Documents

_NAME: Final = "page_assets"


class PageAssets:
    """Checks that what a page refers to is there, is what it is called, has a fitting weight, and has alternative texts.

    Facts: CheckFacts. Raises the errors of the site's folder.
    """

    uses: ClassVar[tuple[type[System], ...]] = (SitePages,)
    needs: ClassVar[tuple[str, ...]] = (SOURCE,)
    Config: ClassVar[type[Contract]] = AssetTerms

    def __init__(self, systems: Systems) -> None:
        self._site, self._documents = systems.get(SitePages), systems.get(Documents)
        self._texts = systems.get(TextProcesses)

    async def examine(self, brief: Brief) -> Finding:
        terms = AssetTerms.model_validate(brief.config)
        limits = AssetLimits(terms.image, terms.script, terms.total)

        async def check(one: Versions) -> Compared:
            around = None
            if one.page.is_published:
                around = await surroundings(one, terms.hosts, self._site, self._texts)
            return await self._texts.read(one.size, tasks.check_assets, one.before, one.after, around, limits)

        return await examined(_NAME, brief, self._documents, check)
