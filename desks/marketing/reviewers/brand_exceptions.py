"""Flags what deserves a second look in copy that is about to be published; the fewest that matter."""

import asyncio
from typing import ClassVar, Final

from pydantic import ValidationError

from activities.contracts import System, Systems
from desks.marketing.models.facts import ExceptionsTerms
from desks.marketing.models.post import PostParameters
from desks.marketing.rules.noting import fewest
from desks.marketing.rules.posting import ACTION, open_in
from desks.marketing.rules.telling import sentence
from desks.marketing.systems.brand_book import BrandBook
from dispatch.models.contract import Contract
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.proposal import Review, ReviewBrief
from dispatch.models.work.severity import Severity

_NAME: Final = "brand_exceptions"
_RANK: Final = {Severity.MINOR: 0, Severity.MAJOR: 1, Severity.CRITICAL: 2}


class BrandExceptions:
    """Judges the text of each proposed publication by all rules again, whoever wrote it; a check alone has nothing to hold.

    An exception has its rule, place, what is wrong and what to write. What is less grave than the playbook says is left
    to the letter.
    """

    uses: ClassVar[tuple[type[System], ...]] = (BrandBook,)
    Config: ClassVar[type[Contract]] = ExceptionsTerms

    def __init__(self, systems: Systems) -> None:
        self._book = systems.get(BrandBook)

    async def review(self, brief: ReviewBrief) -> Review:
        terms = ExceptionsTerms.model_validate(brief.config)
        found: list[ReviewException] = []
        for bound in brief.proposal.actions:
            if bound.action.name == ACTION:
                found += await self._exceptions(bound.action.parameters, bound.action.item_ids, brief, terms)
        return Review(handoff=brief.handoff, reviewer=_NAME, exceptions=tuple(found))

    async def _exceptions(
        self, raw: object, item_ids: tuple[str, ...], brief: ReviewBrief, terms: ExceptionsTerms
    ) -> list[ReviewException]:
        try:
            post = PostParameters.model_validate(raw)
        except ValidationError:
            return [
                _exception("post.parameters", Severity.CRITICAL, "the publication cannot be read", item_ids)
            ]
        flags = await asyncio.to_thread(open_in, self._book.house, post, brief.handoff.at.date())
        grave = [one for one in flags if _RANK[one.severity] >= _RANK[terms.least]]
        exceptions = fewest(grave, terms.most)
        found = [
            _exception(one.rule, one.severity, sentence(post.text, one), item_ids) for one in exceptions.shown
        ]
        if exceptions.more:
            text = f"{exceptions.more} more kinds of exceptions, all in the attached list"
            found.append(_exception("more", terms.least, text, item_ids))
        return found


def _exception(rule: str, severity: Severity, text: str, item_ids: tuple[str, ...]) -> ReviewException:
    return ReviewException(reviewer=_NAME, standard=rule, severity=severity, text=text, item_ids=item_ids)
