"""Holds a drafted reply against the playbook's standards; the rules are in dispatch/rules/reply_standards.py."""

from typing import ClassVar

from dispatch.clients.toolbox import ReadClients
from dispatch.models.contract import Contract
from dispatch.models.proposal import Review, ReviewBrief
from dispatch.models.support import ReplyStandardsTerms
from dispatch.rules.reply_figures import REVIEWER
from dispatch.rules.reply_standards import review


class ReplyStandards:
    """Flags form, tone, forbidden promises, figures that are on no record, other people's data."""

    reaches: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = ReplyStandardsTerms

    def __init__(self, clients: ReadClients) -> None:
        del clients  # judges the draft by the findings alone

    async def review(self, brief: ReviewBrief) -> Review:
        terms = ReplyStandardsTerms.model_validate(brief.config)
        return Review(handoff=brief.handoff, reviewer=REVIEWER, exceptions=review(brief, terms))
