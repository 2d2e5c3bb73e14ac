"""The parameters, facts and policy of the action publish_post."""

from datetime import date
from typing import Literal

from pydantic import Field

from desks.marketing.models.occasion import Occasion
from dispatch.models.contract import Contract, Moment
from dispatch.models.work.playbook import Tier
from dispatch.models.work.severity import Severity

MOST_CHARS = 30_000


class PostParameters(Contract):
    """One publication. Subject: '<channel> <first words of the copy>'."""

    channel: str = Field(min_length=1, max_length=40)
    title: str = Field(default="", max_length=300)
    text: str = Field(min_length=1, max_length=MOST_CHARS)
    form: Literal["plain", "markdown", "html"] = "plain"
    audience: str = Field(default="", max_length=300)
    reach: int | None = Field(default=None, ge=0, description="how many people it is for; None: nobody said")
    region: str = Field(default="", max_length=2)
    topics: tuple[str, ...] = Field(default=(), max_length=20)
    language: str = Field(default="en", max_length=2)
    launch: Moment | None = Field(default=None, description="when it appears; None: once it is approved")

    def occasion(self, today: date) -> Occasion:
        """Return what the rules look at; copy without a launch appears today."""
        return Occasion(
            channel=self.channel,
            language=self.language,
            region=self.region,
            topics=self.topics,
            audience=self.audience,
            launch=self.launch.date() if self.launch is not None else today,
        )


class OpenException(Contract):
    """One kind of exception that is open in the text as it would be published."""

    rule: str
    severity: Severity
    is_regulated: bool = False
    text: str = Field(max_length=300)


class PostGuardFacts(Contract):
    """What the rules of the house find in the text, read immediately before the guardian's result."""

    open: tuple[OpenException, ...] = ()


class ReachTier(Contract):
    """From how many people on which tier holds."""

    from_people: int = Field(ge=1)
    tier: Tier


class PostPolicy(Contract):
    """Its policy in a playbook, under guardian.actions.publish_post.policy."""

    channels: dict[str, Tier] = Field(default_factory=dict, description="the least tier of each channel")
    reach: tuple[ReachTier, ...] = Field(default=(), description="ascending; of an unknown reach the first")
    exceptions: dict[Severity, Tier] = Field(
        default_factory=dict, description="the least tier where an exception of this severity is open"
    )
    regulated: Tier = Field(default=Tier.HIGH, description="the least tier of copy that law speaks of")
    blocked_by: tuple[str, ...] = Field(
        default=(), description="rules whose open exceptions nobody may approve"
    )
