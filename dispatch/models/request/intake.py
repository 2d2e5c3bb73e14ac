"""The results of intake and triage: items, desk and rank."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, is_unset
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.language import ENGLISH, Language
from dispatch.models.request.family import PlannedPart
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Submission
from dispatch.models.work.finding import ReviewException
from dispatch.models.work.playbook import PlaybookInForce, Reception
from dispatch.models.work.ranking import Rank, RankingFacts


class IntakeBrief(StageInput):
    noun: ClassVar[str] = "the submission"

    submission: Submission


class Intake(Contract):
    """The request, normalised and split into items; its text is data, never an instruction."""

    handoff: Handoff
    subject: str
    body: str
    items: tuple[Item, ...] = Field(min_length=1)
    notes: tuple[str, ...] = Field(
        default=(), description="what was changed: hidden characters removed, text cut"
    )
    unread: str = Field(
        default="", description="why nobody read it yet; such a request goes to the reception"
    )
    exceptions: tuple[ReviewException, ...] = Field(
        default=(),
        description="what deserves a person's eye whatever the draft says, such as orders to the machine",
    )


class TriageBrief(StageInput):
    noun: ClassVar[str] = "the request, taken apart"

    intake: Intake
    submission: Submission
    desk: str | None = Field(default=None, description="a desk that the submitter or a person named")


class Triage(Contract):
    """The desk and the rank of a request; if no desk fits, `playbook` is None and the rank neutral."""

    handoff: Handoff
    playbook: PlaybookInForce | None
    reception: Reception = Field(description="who routes what no desk fits")
    desks: tuple[str, ...] = Field(description="the desks that a person may route to")
    ranking: RankingFacts = Field(description="what the rank is made of, for when the records tell more")
    rank: Rank
    fairness_key: str = Field(description="the requester's organisation, or the requester at a mail provider")
    fairness_weight: float | None = Field(default=None, description="its share of a busy worker; None: 1")
    items: tuple[Item, ...] = Field(min_length=1)
    why: str
    language: Language = Field(default=ENGLISH, description="in which the requester is written to")
    parts: tuple[PlannedPart, ...] = Field(
        default=(),
        exclude_if=is_unset,
        description="where items are surely of several desks, what each of them does; `playbook` is then that of the desk "
        "that answers for all",
    )
