"""Checks a drafted reply against the playbook's standards; the rules are in desks/support/rules/reply_standards.py."""

from typing import ClassVar

from pydantic import JsonValue

from activities.contracts import System, Systems
from desks.support.models.facts import ReplyStandardsTerms
from desks.support.rules import judged_standards
from desks.support.rules.reply_figures import REVIEWER
from desks.support.rules.reply_standards import review
from dispatch.forms import Form
from dispatch.models.contract import Contract
from dispatch.models.work.proposal import Review, ReviewBrief


class ReplyStandards:
    """Flags forbidden promises, tone, form, figures that are on no record, other people's data; a model may find more of the first two."""

    backends: ClassVar[tuple[str, ...]] = ("rules", "model")
    uses: ClassVar[tuple[type[System], ...]] = ()
    Config: ClassVar[type[Contract]] = ReplyStandardsTerms

    def __init__(self, systems: Systems) -> None:
        del systems  # judges the draft by the findings alone

    def form(self, brief: ReviewBrief) -> Form | None:
        """Return the standards for a model; None where it might be told what to say."""
        return judged_standards.form(brief)

    def filled(self, brief: ReviewBrief, value: JsonValue) -> Review:
        """Return the rules' exceptions with those of a form that holds."""
        terms = ReplyStandardsTerms.model_validate(brief.config)
        exceptions = judged_standards.filled(brief, terms, value)
        return Review(handoff=brief.handoff, reviewer=REVIEWER, exceptions=exceptions)

    async def review(self, brief: ReviewBrief) -> Review:
        terms = ReplyStandardsTerms.model_validate(brief.config)
        return Review(handoff=brief.handoff, reviewer=REVIEWER, exceptions=review(brief, terms))
