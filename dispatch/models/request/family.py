"""A request for several desks: which parts it has, and where each of them stands."""

from typing import ClassVar, Literal

from pydantic import Field

from dispatch.models.contract import Contract, Moment, is_unset
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.language import ENGLISH, Language
from dispatch.models.request.item import Item, ItemOutcome
from dispatch.models.request.status import Ending
from dispatch.models.request.submission import DocumentRef, Submission
from dispatch.models.work.playbook import PlaybookInForce

FAILED = "failed"
"""The state of a part whose workflow ended without an outcome."""


class PlannedPart(Contract):
    """The items of one desk, as triage divides a request."""

    desk: str | None = Field(description="None: no desk takes these items, and a person routes them")
    item_ids: tuple[str, ...] = Field(min_length=1)
    after: tuple[str, ...] = Field(
        default=(), description="desks whose parts must have ended before this one begins"
    )
    after_failure: Literal["start", "person"] = Field(
        default="start", description="what becomes of it where one of them was not done"
    )


PART_ANSWER = "part_answer"
"""The memo in which a part shows its answer to the whole request; only the part itself can write it."""


class PartAnswer(Contract):
    """What the requester is to be told of a part; the whole request tells it, with every other part."""

    ending: Ending
    paragraphs: tuple[str, ...] = Field(
        default=(), description="word for word; none: the engine's own sentence for the ending"
    )
    reviewed: bool = Field(
        default=False,
        description="whether the paragraphs are the desk's draft; otherwise they are the playbook's notice",
    )
    attachments: tuple[DocumentRef, ...] = Field(
        default=(), exclude_if=is_unset, description="what the desk's reviewed delivery hands over with them"
    )
    told: bool = Field(
        default=False, description="the part told the requester itself, for the whole request was gone"
    )


class PartReport(Contract):
    """Where a part stands, as it says itself; read by an activity, for anyone may send a signal."""

    request_id: str
    desk: str | None = None
    state: str = Field(description="a RequestState, an Ending once closed, or 'failed'")
    awaiting: str = ""
    owner: str = Field(default="coordinator", description="who has it now")
    by: Moment | None = None
    ended: bool = False
    ending: Ending | None = Field(default=None, description="how it ends, once that is known")
    why: str = ""
    answer: PartAnswer | None = Field(
        default=None, description="what the requester is to be told; None as long as nothing is settled"
    )
    items: tuple[ItemOutcome, ...] = Field(default=(), description="once it has ended")
    added: tuple[str, ...] = Field(default=(), description="keys of the requester's messages that it took")


class FamilyPart(Contract):
    """One part of the whole, with its last report."""

    planned: PlannedPart
    request_id: str
    begun: bool = False
    report: PartReport | None = None
    told: bool = Field(default=False, description="the requester was told how it ended")

    @property
    def name(self) -> str:
        """Return the desk's name, or how the part without one is called."""
        return self.planned.desk or "reception"

    @property
    def ended(self) -> bool:
        return self.report is not None and self.report.ended

    @property
    def settled(self) -> bool:
        """Whether there is something final to tell the requester."""
        return self.report is not None and (self.report.ended or self.report.answer is not None)


class Family(Contract):
    """All parts of a request, and what the requester was told of them so far."""

    parts: tuple[FamilyPart, ...]
    answer_by: Moment = Field(description="when the answer goes out at the latest, with what there is then")
    answers: int = Field(default=0, ge=0, description="messages that told of parts")
    problem: str = Field(default="", description="why an answer could not be sent, or is not proven")
    withdrawn: bool = Field(default=False, description="the parts know that the requester took it back")
    forwarded: int = Field(
        default=0, ge=0, description="how many of the requester's later messages they have"
    )


class PartsBrief(StageInput):
    noun: ClassVar[str] = "the parts of the request"

    parent: str
    request_ids: tuple[str, ...] = Field(min_length=1)


class PartsRead(Contract):
    """The reports in the order of the brief."""

    handoff: Handoff
    reports: tuple[PartReport, ...]


class FamilyBrief(StageInput):
    noun: ClassVar[str] = "what became of the parts"

    request_id: str
    number: int = Field(ge=1, description="which message it is; those after the first tell what was open")
    submission: Submission
    playbook: PlaybookInForce
    items: tuple[Item, ...]
    parts: tuple[FamilyPart, ...]
    language: Language = ENGLISH
