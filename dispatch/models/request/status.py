"""The status of a request."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract, Moment

UNLESS_IT_PASSES: Final = "list the state unless it passes"
BEFORE_THE_NEXT_ATTEMPT: Final = "wait as long as the system asked"
READ_BACK_LATER: Final = "wait until the effects are to be read back"
UNTIL_ITS_TIME: Final = "wait for the time of an action"
LOOK_AT_PARTS: Final = "look how the parts stand"
"""The summaries of timers that are no deadlines, for readers of the history."""
ANSWER_BY: Final = "answer with what there is by then"
"""The summary of the timer of a request for several desks."""


class RequestState(StrEnum):
    """The stage a request is in; the endings are in `Ending`."""

    INTAKE = "intake"
    TRIAGE = "triage"
    WAITING_FOR_ROUTING = "waiting_for_routing"
    WAITING_FOR_INFORMATION = "waiting_for_information"
    WAITING_FOR_PARTS = "waiting_for_parts"
    PLAN = "plan"
    SPECIALISTS = "specialists"
    ASSEMBLE = "assemble"
    REVIEW = "review"
    GUARD = "guard"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    EXECUTE = "execute"
    SCHEDULED = "scheduled"
    COMPENSATE = "compensate"
    VERIFY = "verify"
    ESCALATED = "escalated"
    FOLLOWING_UP = "following_up"
    CLOSED = "closed"


WAITING_STATES: Final = (
    RequestState.WAITING_FOR_APPROVAL,
    RequestState.WAITING_FOR_ROUTING,
    RequestState.WAITING_FOR_INFORMATION,
    RequestState.ESCALATED,
)
"""The states in which a request waits for somebody outside the desk."""
DECISION_STATES: Final = tuple(
    state for state in WAITING_STATES if state is not RequestState.WAITING_FOR_INFORMATION
)
"""The states in which it waits for a person of the desk; in the others it waits for the requester."""


class Ending(StrEnum):
    """How a request ends."""

    DONE = "done"
    PARTLY_DONE = "partly_done"
    REJECTED = "rejected"
    BLOCKED = "blocked"
    ABANDONED = "abandoned"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    COMPENSATED = "compensated"
    UNKNOWN = "unknown"
    ESCALATED = "escalated"
    SET_APART = "set_apart"


class ReviewPoint(Contract):
    """What is awaited, from whom and by when; `by` is None while the desk itself works."""

    awaiting: str
    about: str = Field(default="", description="what a decision is about; empty where none is awaited")
    owner: str
    by: Moment | None = None


class Status(Contract):
    """The answer of the `status` query."""

    request_id: str
    desk: str | None
    trigger: str
    state: str = Field(description="a RequestState, or an Ending once closed")
    priority: int | None = None
    review_point: ReviewPoint
    action_digest: str | None = Field(
        default=None, description="the digest that a decision must name, while one is awaited"
    )
    proposal_id: str | None = None
    questions: tuple[str, ...] = Field(
        default=(), description="the fields asked for, while an answer is awaited"
    )
    next_command: str = Field(default="", description="what a person could type next")
