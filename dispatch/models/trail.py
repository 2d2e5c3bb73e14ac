"""The record of one request, entry by entry."""

from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field

from dispatch.models.contract import Contract, is_unset
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.request.family import PartAnswer
from dispatch.models.request.item import ItemOutcome
from dispatch.models.request.status import Ending
from dispatch.models.work.model_use import ModelUse

FURTHER_MESSAGE: Final = "further message"
"""What an entry says of a message that came in after the start and was taken."""
NOTIFIER: Final = "notifier"
"""The sender of entries that say which approvers were notified, or could not be."""


class EntryKind(StrEnum):
    HANDOFF = "handoff"
    DECISION = "decision"
    REFUSED = "refused"
    ANSWER = "answer"
    EFFECT = "effect"
    COMPENSATION = "compensation"
    VERIFICATION = "verification"
    REMINDER = "reminder"
    ENDING = "ending"
    MODEL = "model"
    PART = "part"


class TrailEntry(Handoff):
    """A handoff, a decision, or another event that changes where the request stands."""

    kind: EntryKind
    use: ModelUse | None = Field(
        default=None, description="of a kind `model`: what a question to a model came to"
    )

    @property
    def says_who_was_told(self) -> bool:
        """Whether it says which approvers were notified."""
        return self.kind is EntryKind.EFFECT and self.sender == NOTIFIER


class PartOutcome(Contract):
    """How one desk's part of a request ended; its own outcome has the rest."""

    request_id: str
    desk: str | None
    ending: str = Field(description="an Ending, or 'failed' where it ended without an outcome")
    why: str
    owner: str


class Outcome(Contract):
    """The result of a request: how it ended, item by item, with the whole trail."""

    request_id: str
    desk: str | None
    ending: Ending
    why: str
    owner: str = Field(description="who has it now: nobody, or the person it was handed to")
    items: tuple[ItemOutcome, ...]
    effects: tuple[str, ...] = Field(default=(), description="ids of the effects that stand")
    follow_ups: tuple[str, ...] = Field(default=(), description="workflow ids of the checks still to come")
    added: tuple[str, ...] = Field(
        default=(), description="keys of the messages that came in after the start and were taken"
    )
    answer: PartAnswer | None = Field(
        default=None, exclude_if=is_unset, description="of a part: what the whole request tells of it"
    )
    parts: tuple[PartOutcome, ...] = Field(
        default=(),
        exclude_if=is_unset,
        description="of a request for several desks, in the order of its items",
    )
    trail: tuple[TrailEntry, ...]


class PersistTrailInput(StageInput):
    """The part of the record that would be lost if an execution ends without an outcome."""

    noun: ClassVar[str] = "the record"

    trail: tuple[TrailEntry, ...]


class PersistedTrail(Contract):
    """The same, as history keeps it."""

    handoff: Handoff
    trail: tuple[TrailEntry, ...]
