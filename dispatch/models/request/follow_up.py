"""Reading effects back again, after the answer went out."""

from pydantic import Field, RootModel

from dispatch.models.contract import Contract, Duration
from dispatch.models.people.decision import ApprovalRequest, Decision
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.snapshot import ApprovalsSnapshot
from dispatch.models.request.status import Status
from dispatch.models.trail import TrailEntry
from dispatch.models.work.playbook import Waiting
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.verification import Verification, VerificationVerdict


class FollowUpSnapshot(Contract):
    """The snapshot of a follow-up for a new history, while it waits for a person to settle it."""

    verdict: VerificationVerdict
    why: str
    verification: Verification | None = None
    status: Status
    trail: tuple[TrailEntry, ...]
    refusals: int
    approvals: ApprovalsSnapshot


class FollowUpInput(Contract):
    """Input of a follow-up: one check of the effects that the playbook wants read back at this time."""

    request_id: str
    requester: str = Field(default="", description="their address: nobody decides on their own request")
    desk: str
    priority: int = Field(ge=1, le=5)
    actions: tuple[BoundAction, ...] = Field(min_length=1)
    after: Duration
    waiting: Waiting = Field(description="who takes it when an effect no longer stands")
    snapshot: FollowUpSnapshot | None = Field(default=None, description="where it goes on in a new history")


class FollowUpOutcome(Contract):
    request_id: str
    verdict: VerificationVerdict
    why: str
    owner: str = Field(description="nobody, or the person it was reopened to")
    trail: tuple[TrailEntry, ...] = Field(default=(), description="its own record")


class FollowUpDetail(Contract):
    """The answer of a follow-up's `detail` query: the effects, what was read back, and the open gate."""

    status: Status
    input: FollowUpInput = Field(description="as it was given, without what it took along into a new history")
    verification: Verification | None = Field(
        default=None, description="what was read back; None before that, and where nothing could be read"
    )
    approval_request: ApprovalRequest | None = Field(
        default=None, description="the open gate, with its present deadline"
    )
    approvals: tuple[Decision, ...] = Field(default=(), description="accepted at the open gate so far")
    trail: tuple[TrailEntry, ...] = ()


class AnyDetail(RootModel[RequestDetail | FollowUpDetail]):
    """What the query `detail` answers, whether a request or a follow-up is asked."""
