"""Judges where copy links to, and finds links of ours that are dead."""

from typing import ClassVar

from activities.contracts import System, Systems
from desks.marketing.judged_copy import CopyJudge, JudgedCopy
from desks.marketing.models.flag import Flag
from desks.marketing.rules.dead_links import flags_of, to_fetch
from desks.marketing.rules.rule import Rule
from desks.marketing.systems.brand_book import BrandBook
from desks.marketing.systems.own_pages import OwnPages


class Links(CopyJudge):
    """Flags links to other hosts, tags that are missing or wrong, and, where the brand wants it, links of ours that are dead.

    Only the brand's own hosts are ever fetched. A link that could not be fetched is told as that, and never as one that
    works. Facts: FlagFacts.
    """

    name: ClassVar[str] = "links"
    uses: ClassVar[tuple[type[System], ...]] = (BrandBook, OwnPages)

    def __init__(self, systems: Systems) -> None:
        super().__init__(systems)
        self._pages = systems.get(OwnPages)

    def rules(self) -> tuple[Rule, ...]:
        return self.house.links

    async def more(self, one: JudgedCopy) -> tuple[Flag, ...]:
        links = self.house.brand.links
        if not links.check:
            return ()
        wanted = to_fetch(one.copy, links.hosts)
        return tuple(flags_of(wanted, await self._pages.status_of(tuple(wanted), links.hosts)))
