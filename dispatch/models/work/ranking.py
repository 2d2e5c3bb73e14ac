"""The rank of a request: the playbook's weights, the known facts, and the result."""

from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from dispatch.models.contract import Contract, Duration, Moment
from dispatch.models.money import Money

URGENCIES: Final = 5
"""Levels of urgency, and priorities; 1 is the most urgent of both."""
NEUTRAL: Final = 3
"""The level of a request without known facts."""

_Points = Annotated[int, Field(ge=0, le=1000)]
CustomerTier = Annotated[str, Field(max_length=40)]


class DeadlineBand(Contract):
    """The points of a deadline that is at most so far away."""

    within: Duration
    points: _Points


class ValueBand(Contract):
    """The points of an amount from here on."""

    from_minor: int = Field(gt=0, description="in the currency's minor unit")
    points: _Points


class RankingPolicy(Contract):
    """The weights, in points; the sum is the score, and the score makes the priority."""

    urgency: tuple[int, ...] = Field(
        default=(40, 20, 0, -20, -40),
        min_length=URGENCIES,
        max_length=URGENCIES,
        description="of urgency 1 to 5, as the playbook's `urgency` and `priority` name it",
    )
    deadline: tuple[DeadlineBand, ...] = Field(
        default=(
            DeadlineBand(within=timedelta(days=1), points=30),
            DeadlineBand(within=timedelta(days=3), points=20),
            DeadlineBand(within=timedelta(days=7), points=10),
        ),
        description="of a deadline told in the text, nearest first; counted from when the request was written",
    )
    value: dict[str, tuple[ValueBand, ...]] = Field(
        default_factory=dict, description="of the amount concerned, by ISO 4217 currency, ascending"
    )
    customer_tiers: dict[CustomerTier, int] = Field(
        default_factory=dict, description="of what the desk's records call the customer"
    )
    waiting_per_day: int = Field(
        default=10, ge=1, le=1000, description="of each day of waiting, so that nothing waits without end"
    )
    priorities: tuple[int, ...] = Field(
        default=(40, 20, 0, -20),
        min_length=URGENCIES - 1,
        max_length=URGENCIES - 1,
        description="the least scores of priority 1 to 4; below the last one it is 5",
    )
    shares: dict[str, Annotated[float, Field(ge=0.001, le=1000)]] = Field(
        default_factory=dict,
        description="by organisation (a domain): its share of a busy worker, where others have 1",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(later > earlier for earlier, later in pairwise(self.urgency)):
            raise ValueError("urgency must not grow from one level to the next; the first is the most urgent")
        if any(later >= earlier for earlier, later in pairwise(self.priorities)):
            raise ValueError("priorities must fall, each lower than the one before")
        if any(
            later.within <= earlier.within or later.points > earlier.points
            for earlier, later in pairwise(self.deadline)
        ):
            raise ValueError("the bands of deadline must reach further each time, and their points not grow")
        if self.deadline and self.deadline[0].within <= timedelta():
            raise ValueError("a band of deadline must be longer than nothing")
        for currency, bands in self.value.items():
            if any(
                later.from_minor <= earlier.from_minor or later.points < earlier.points
                for earlier, later in pairwise(bands)
            ):
                raise ValueError(f"the bands of value in {currency} must grow, and their points not fall")
        return self


class ToldDeadline(Contract):
    """A time by which the requester wants it, in their own words."""

    at: Moment
    said: str = Field(max_length=120)


class RankingEvidence(Contract):
    """A specialist's facts from the records that count for the rank."""

    customer_tier: CustomerTier = Field(
        default="", description="as the playbook's `ranking.customer_tiers` names it"
    )
    value: Money | None = Field(default=None, description="the amount that the request concerns")


class RankingFacts(Contract):
    """What the rank is made of; no weight is in it."""

    asked_at: Moment
    urgency: int = Field(default=NEUTRAL, ge=1, le=URGENCIES)
    sign: str = Field(default="", description="the phrase that tells the urgency; empty: none was said")
    deadline: ToldDeadline | None = None
    amounts: tuple[Money, ...] = Field(default=(), max_length=20, description="those that were found")
    amounts_on_record: bool = Field(
        default=False, description="whether the amounts are those of the records, not of the text"
    )
    customer_tier: CustomerTier = ""


class Weight(StrEnum):
    """What counts."""

    URGENCY = "urgency"
    DEADLINE = "deadline"
    VALUE = "value"
    CUSTOMER_TIER = "customer tier"
    WAITING = "waiting"


class RankReason(Contract):
    """One part of a score, with why it has these points."""

    weight: Weight
    points: int
    text: str


class Rank(Contract):
    """The rank and its reasons; `waiting_per_day` is what a reader adds for the time since the start."""

    priority_key: int = Field(
        default=NEUTRAL, ge=1, le=URGENCIES, description="1 is the most urgent; Temporal's priority key"
    )
    score: int = 0
    reasons: tuple[RankReason, ...] = ()
    waiting_per_day: int = Field(default=10, ge=1)

    @property
    def in_words(self) -> str:
        """Return the rank with all its reasons, in one line."""
        reasons = "; ".join(f"{reason.text} ({reason.points:+d})" for reason in self.reasons)
        return f"priority {self.priority_key} of {URGENCIES}, {self.score} points: {reasons}"
