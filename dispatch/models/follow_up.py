"""Reading effects back again, after the answer went out."""

from pydantic import Field

from dispatch.models.carried import CarriedPeople
from dispatch.models.contract import Contract, Duration
from dispatch.models.playbook import Waiting
from dispatch.models.proposal import BoundAction
from dispatch.models.status import Status
from dispatch.models.trail import TrailEntry
from dispatch.models.verification import VerificationVerdict


class CarriedFollowUp(Contract):
    """What a follow-up takes along into a new history, while it waits for a person to settle it."""

    verdict: VerificationVerdict
    why: str
    status: Status
    trail: tuple[TrailEntry, ...]
    refusals: int
    people: CarriedPeople


class FollowUpOrder(Contract):
    """Input of a follow-up: one check of the effects that the playbook wants read back at this time."""

    request_id: str
    requester: str = Field(default="", description="their address: nobody decides on their own request")
    desk: str
    priority: int = Field(ge=1, le=5)
    actions: tuple[BoundAction, ...] = Field(min_length=1)
    after: Duration
    waiting: Waiting = Field(description="who takes it when an effect no longer stands")
    carried: CarriedFollowUp | None = Field(default=None, description="where it goes on in a new history")


class FollowUpOutcome(Contract):
    request_id: str
    verdict: VerificationVerdict
    why: str
    owner: str = Field(description="nobody, or the person it was reopened to")
    trail: tuple[TrailEntry, ...] = Field(default=(), description="its own record; empty before 0.2.0")
