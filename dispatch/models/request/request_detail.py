"""Everything about one request that a person needs to decide on it, on one page."""

from pydantic import Field

from dispatch.models.contract import Contract, is_unset
from dispatch.models.people.decision import ApprovalRequest, Decision
from dispatch.models.request.addition import Addition
from dispatch.models.request.family import FamilyPart, PartAnswer
from dispatch.models.request.item import Item
from dispatch.models.request.status import Status
from dispatch.models.request.submission import Submission
from dispatch.models.trail import TrailEntry
from dispatch.models.work.finding import Finding, ReviewException
from dispatch.models.work.guardian import GuardResult
from dispatch.models.work.guidance import Declined, Guidance
from dispatch.models.work.plan import Question
from dispatch.models.work.playbook import PlaybookRef
from dispatch.models.work.proposal import Proposal
from dispatch.models.work.ranking import Rank


class RequestDetail(Contract):
    """The answer of the `detail` query: a consistent state of one moment."""

    status: Status
    submission: Submission
    additions: tuple[Addition, ...] = Field(default=(), description="what came in after the start")
    playbook: PlaybookRef | None = Field(default=None, description="None until triage has found a desk")
    language: str = Field(default="", description="in which the requester is written to; empty before triage")
    rank: Rank | None = Field(
        default=None, description="how soon it is done, and why, without the time since it came in"
    )
    items: tuple[Item, ...] = ()
    set_aside: dict[str, str] = Field(
        default_factory=dict, description="items that a person takes while the desk does the others -> why"
    )
    findings: tuple[Finding, ...] = ()
    proposal: Proposal | None = None
    previous: Proposal | None = Field(
        default=None, description="the proposal that was sent back or edited last, to compare with"
    )
    guidance: tuple[Guidance, ...] = ()
    exceptions: tuple[ReviewException, ...] = ()
    guard_results: tuple[GuardResult, ...] = Field(
        default=(), description="in the order of the proposal's actions"
    )
    approval_request: ApprovalRequest | None = Field(
        default=None, description="the open gate, with its present deadline"
    )
    approvals: tuple[Decision, ...] = Field(default=(), description="accepted at the open gate so far")
    rejections: tuple[Decision, ...] = Field(
        default=(), description="of single actions, accepted at the open gate so far"
    )
    approved: tuple[str, ...] = Field(
        default=(), description="digests of proposed actions that were approved at an earlier gate"
    )
    declined: tuple[Declined, ...] = Field(default=(), description="rejected at an earlier gate")
    questions: tuple[Question, ...] = Field(
        default=(), description="asked of the requester and not yet answered"
    )
    parts: tuple[FamilyPart, ...] = Field(
        default=(), exclude_if=is_unset, description="of a request for several desks, where each part stands"
    )
    answer: PartAnswer | None = Field(
        default=None, exclude_if=is_unset, description="of such a part, what the whole request tells of it"
    )
    trail: tuple[TrailEntry, ...] = ()
