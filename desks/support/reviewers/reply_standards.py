"""Checks a drafted reply against the playbook's standards; the rules are in desks/support/rules/reply_standards.py."""

from typing import ClassVar

from activities.contracts import System, Systems
from desks.support.models.facts import ReplyStandardsTerms
from desks.support.rules.reply_figures import REVIEWER
from desks.support.rules.reply_standards import review
from dispatch.models.contract import Contract
from dispatch.models.work.proposal import Review, ReviewBrief


class ReplyStandards:
    """Flags form, tone, forbidden promises, figures that are on no record, other people's data."""

    uses: ClassVar[tuple[type[System], ...]] = ()
    Config: ClassVar[type[Contract]] = ReplyStandardsTerms

    def __init__(self, systems: Systems) -> None:
        del systems  # judges the draft by the findings alone

    async def review(self, brief: ReviewBrief) -> Review:
        terms = ReplyStandardsTerms.model_validate(brief.config)
        return Review(handoff=brief.handoff, reviewer=REVIEWER, exceptions=review(brief, terms))
