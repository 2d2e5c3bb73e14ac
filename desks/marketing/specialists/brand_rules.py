"""Judges words, names, form, required sentences and the house's styles."""

from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.marketing.judged_copy import edited_copy, flagged, judged, unavailable
from desks.marketing.models.facts import NoTerms
from desks.marketing.systems.brand_book import BrandBook
from dispatch.models.contract import Contract
from dispatch.models.work.finding import Brief, Finding
from dispatch.storage.document_reader import Documents

_NAME: Final = "brand_rules"


class BrandRules:
    """Flags terms, words to avoid, inclusive words, tone, names, length, emoji, marks, required sentences and the rules of styles.

    It looks at the copy as the editor left it. Facts: FlagFacts.
    """

    uses: ClassVar[tuple[type[System], ...]] = (BrandBook,)
    needs: ClassVar[tuple[str, ...]] = ("copy_reader", "copy_editor")
    Config: ClassVar[type[Contract]] = NoTerms

    def __init__(self, systems: Systems) -> None:
        self._book, self._documents = systems.get(BrandBook), systems.get(Documents)

    async def examine(self, brief: Brief) -> Finding:
        one = await edited_copy(brief, self._documents)
        if one is None:
            return unavailable(brief, _NAME)
        house = self._book.house
        flags = await judged(house, (*house.wording, house.grammar), one)
        return flagged(brief, _NAME, flags, tuple(one.in_words for one in house.not_run))
