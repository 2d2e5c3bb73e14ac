"""The models of a trail: entries, messages with their results, and the basis of each effect."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from dispatch.models.contract import Contract, Facts, Moment


class AuditKind(StrEnum):
    """The kind of an entry; only `action` changed an outside system, and `compensation` undid a change."""

    TRIGGER = "trigger"
    CONTINUATION = "continuation"
    RESET = "reset"
    HANDOFF = "handoff"
    RESULT = "result"
    FINDING = "finding"
    PROPOSAL = "proposal"
    EXCEPTION = "exception"
    GUARD_RESULT = "guard_result"
    QUESTION = "question"
    MESSAGE = "message"
    ANSWER = "answer"
    DECISION = "decision"
    REFUSAL = "refusal"
    DEADLINE = "deadline"
    WAIT = "wait"
    REMINDER = "reminder"
    STATUS = "status"
    ACTION = "action"
    RETRY = "retry"
    FAILURE = "failure"
    COMPENSATION = "compensation"
    VERIFICATION = "verification"
    FOLLOW_UP = "follow_up"
    PART = "part"
    CANCELLATION = "cancellation"
    OTHER = "other"
    OUTCOME = "outcome"


class Judgement(StrEnum):
    """The result of a message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_JUDGED = "received, not judged"


class AuditEntry(Contract):
    """One entry of the trail; an empty field is unknown from the history."""

    seq: int = Field(ge=1, description="place in the trail")
    kind: AuditKind
    run: int = Field(
        default=1, ge=1, description="which history of the request, where it went on in a new one"
    )
    event_ids: tuple[int, ...] = Field(min_length=1, description="within that run; the first gives the order")
    at: Moment | None = Field(default=None, description="None only where the event carries no time")
    sender: str = ""
    receiver: str = ""
    what: str = ""
    why: str = ""
    decided_by: str = ""
    digest: str | None = Field(
        default=None, description="sha256 of the payload's data, byte for byte as stored"
    )
    because: tuple[int, ...] = Field(default=(), description="entries (seq) that this one rests on directly")
    facts: Facts = Field(default_factory=dict, description="by kind, see docs/audit.md; long texts are cut")


class MessageAccount(Contract):
    """One signal or update with its result."""

    entry: int = Field(description="seq of its entry")
    name: str
    sender: str
    judgement: Judgement
    why: str = ""


class InternalEvents(Contract):
    """Events that carry the process and say nothing about the request: one stated class of them in one run."""

    run: int = Field(ge=1)
    reason: str
    event_ids: tuple[int, ...]


class Run(Contract):
    run_id: str = ""
    events: int = Field(default=0, ge=0)
    continues: str = Field(default="", description="run id of the history before this one")


class Trail(Contract):
    """A request as its history shows it, and nothing else."""

    format: Literal[1]
    request_id: str
    workflow: str
    ending: str = Field(description="as the outcome says, or open, failed, terminated, timed_out, cancelled")
    started_at: Moment | None = None
    ended_at: Moment | None = None
    runs: tuple[Run, ...] = ()
    builds: tuple[str, ...] = Field(default=(), description="of the workers, where they name one")
    entries: tuple[AuditEntry, ...] = ()
    messages: tuple[MessageAccount, ...] = ()
    internal_events: tuple[InternalEvents, ...] = ()
    discrepancies: tuple[str, ...] = Field(
        default=(), description="where the record that the desk kept itself says other than its events"
    )


class Rest(StrEnum):
    """Who authorised an effect."""

    DECISION = "decision"
    TIER = "tier"
    PROCESS = "process"
    NOTHING = "nothing"


class Chain(Contract):
    """The chain of entries on which one entry is based, down to the trigger."""

    entry: int
    entries: tuple[int, ...] = Field(description="seq of all that it rests on, in order, itself last")
    rests_on: Rest
    decided_by: tuple[str, ...] = ()
    tier: str = ""
    evidence: dict[str, int] = Field(default_factory=dict, description="evidence id -> seq of its finding")
    gaps: tuple[str, ...] = Field(
        default=(), description="links that the history does not show, in sentences"
    )
