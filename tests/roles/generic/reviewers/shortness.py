"""A generic reviewer for tests: flags a draft that is longer than its config allows."""

from typing import ClassVar

from activities.roles.contracts import GenericDefaults
from dispatch.models.contract import Contract
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.proposal import Review, ReviewBrief
from dispatch.models.work.severity import Severity


class _Config(Contract):
    characters: int


class Shortness(GenericDefaults):
    """Flag a draft that is longer than its config allows."""

    Config: ClassVar[type[Contract]] = _Config

    async def review(self, brief: ReviewBrief) -> Review:
        length, most = len(brief.proposal.draft.text), _Config.model_validate(brief.config).characters
        flagged = ReviewException(
            reviewer=brief.reviewer,
            standard="length",
            severity=Severity.MAJOR,
            text=f"{length} characters",
        )
        return Review(
            handoff=brief.handoff, reviewer=brief.reviewer, exceptions=(flagged,) if length > most else ()
        )
