"""Judges where copy links to, and finds links of ours that are dead."""

from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.marketing.judged_copy import edited_copy, flagged, judged, unavailable
from desks.marketing.models.facts import NoTerms
from desks.marketing.rules.dead_links import flags_of, to_fetch
from desks.marketing.systems.brand_book import BrandBook
from desks.marketing.systems.own_pages import OwnPages
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.storage.document_reader import Documents

_NAME: Final = "links"


class Links:
    """Flags links to other hosts, tags that are missing or wrong, and, where the brand wants it, links of ours that are dead.

    Only the brand's own hosts are ever fetched. A link that could not be fetched is told as that, and never as one that
    works. Facts: FlagFacts.
    """

    uses: ClassVar[tuple[type[System], ...]] = (BrandBook, OwnPages)
    needs: ClassVar[tuple[str, ...]] = ("copy_reader", "copy_editor")
    Config: ClassVar[type[Contract]] = NoTerms

    def __init__(self, systems: Systems) -> None:
        self._book, self._documents, self._pages = (
            systems.get(BrandBook),
            systems.get(Documents),
            systems.get(OwnPages),
        )

    async def examine(self, brief: Brief) -> Finding:
        one = await edited_copy(brief, self._documents)
        if one is None:
            return unavailable(brief, _NAME)
        house = self._book.house
        flags = await judged(house, house.links, one)
        if house.brand.links.check:
            wanted = to_fetch(one.copy, house.brand.links.hosts)
            answers = await self._pages.status_of(tuple(wanted), house.brand.links.hosts)
            flags = (*flags, *flags_of(wanted, answers))
        return flagged(brief, _NAME, flags)
