"""The snapshot of a request that continues in a new history because its history is too long.

Temporal bounds a history (by default 51,200 events, 50 MB and 10,000 signals) and suggests continue-as-new at 4,096
events or 4 MB; only a flood of messages brings a request there, and always while it waits.
"""

from enum import StrEnum
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from dispatch.models.contract import Contract, Moment
from dispatch.models.language import ENGLISH
from dispatch.models.people.decision import ApprovalRequest, Decision
from dispatch.models.request.addition import Addition
from dispatch.models.request.family import Family, PartAnswer, PlannedPart
from dispatch.models.request.intake import Intake, Triage
from dispatch.models.request.item import Item
from dispatch.models.request.status import Ending, Status
from dispatch.models.trail import TrailEntry
from dispatch.models.work.execution import Authorization, Receipt
from dispatch.models.work.finding import Finding, ReviewException
from dispatch.models.work.guardian import GuardResult
from dispatch.models.work.guidance import Declined, Guidance
from dispatch.models.work.model_use import ModelSpending
from dispatch.models.work.plan import Plan
from dispatch.models.work.playbook import ActionPolicy, Playbook, PlaybookInForce, Reception, Tier
from dispatch.models.work.proposal import BoundAction, Proposal
from dispatch.models.work.ranking import Rank

T = TypeVar("T")


class WaitSnapshot(Contract):
    """An open wait: the remaining reminders, escalations and the deadline."""

    opened_at: Moment
    deadline: Moment
    reminders: tuple[Moment, ...] = ()
    escalations: tuple[Moment, ...] = ()


class NotificationsSnapshot(Contract):
    """Who was notified of the open approval request, and of how many events of each kind."""

    notified: tuple[str, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)


class ApprovedAction(Contract):
    """People's approvals of an action and its tier: they are valid in later proposals as long as neither changes."""

    bound: BoundAction
    tier: Tier


class ApprovalSnapshot(Contract):
    """An open gate, with its decisions so far; `approvals` holds the rejections of single items too."""

    approval_request: ApprovalRequest
    wait: WaitSnapshot
    turn: int = Field(ge=0, description="which of the approvers it is with")
    approvals: tuple[Decision, ...] = ()
    notifications: NotificationsSnapshot = NotificationsSnapshot()


class DecisionSnapshot(Contract):
    raw: JsonValue
    early: bool


class ApprovalsSnapshot(Contract):
    approval_request: ApprovalSnapshot | None
    queue: tuple[DecisionSnapshot, ...]
    seen: tuple[str, ...]
    decided: tuple[str, ...]


class DialogSnapshot(Contract):
    """The dialog; `questions_asked` counts the questions before the open one, which keeps its number and is sent once."""

    answers: tuple[JsonValue, ...]
    questions_asked: int
    wait: WaitSnapshot | None
    withdrawn: bool


class EffectSnapshot(Contract):
    bound: BoundAction
    receipt: Receipt
    policy: ActionPolicy


class RoutingState(Contract):
    """How often a person was asked for the desk, and the last named desk with its author."""

    number: int = 1
    desk: str | None = None
    decided_by: str = "playbook"

    @classmethod
    def of(cls, desk: str | None) -> Self:
        """Return the routing of a request that has just begun, with the desk that the submitter names."""
        return cls(desk=desk, decided_by="submitter" if desk else "playbook")


class ResumePoint(StrEnum):
    """Where the process continues: at the waiting stage, or at the first that must be repeated."""

    ROUTING = "routing"
    INFORMATION = "information"
    APPROVAL = "approval"
    SETTLEMENT = "settlement"


class ProcessState(BaseModel):
    """The results of the stages so far; the coordinator updates it, so it is the only contract that is not frozen."""

    model_config = ConfigDict(extra="forbid")

    intake: Intake | None = None
    triaged: Triage | None = None
    routing: RoutingState
    items: tuple[Item, ...] = ()
    plan: Plan | None = None
    findings: tuple[Finding, ...] = ()
    rank: Rank | None = Field(
        default=None, description="by all that is known so far; None until a desk was found"
    )
    guidance: tuple[Guidance, ...] = ()
    proposal: Proposal | None = None
    previous: Proposal | None = Field(default=None, description="the proposal that was sent back last")
    round: int = 1
    exceptions: tuple[ReviewException, ...] = ()
    guard_results: tuple[GuardResult, ...] = ()
    authorization: dict[str, Authorization] = Field(
        default_factory=dict, description="by digest: what people approved"
    )
    approved: tuple[ApprovedAction, ...] = Field(
        default=(), description="likewise, the actions with their digests"
    )
    declined: tuple[Declined, ...] = Field(default=(), description="what people rejected of the request")
    additions: tuple[Addition, ...] = Field(default=(), description="messages that came after the start")
    considered: int = Field(default=0, description="how many of them the present proposal takes into account")
    unread_additions: bool = Field(
        default=False, description="one of them says more than an answer to what was asked: a person reads it"
    )
    to_ask: str = Field(default="", description="what a person wants to know of the requester, as it is sent")
    sent_back: int = Field(default=0, description="how often people sent a proposal back")
    spent: ModelSpending = Field(default=ModelSpending(), description="on language models")
    verified: bool = Field(
        default=False, description="all that the desk itself worked on was done and read back"
    )
    acting: bool = Field(default=False, description="the actions have begun: too late to withdraw")
    failed: bool = Field(default=False, description="the process itself failed; only a person is left")
    reception: Reception | None = Field(
        default=None, description="who takes it where no desk is known or the process itself failed"
    )
    family: Family | None = Field(default=None, description="of a request for several desks, its parts")
    withheld: bool = Field(
        default=False,
        description="of such a part: its draft is not delivered, for the whole request tells it",
    )
    answer: PartAnswer | None = Field(
        default=None, description="likewise, what the whole request is to tell of it, once that is settled"
    )
    ending: Ending | None = Field(default=None, description="how it ends, once that is known, and why")
    why: str = ""

    # What an earlier stage has brought; the stages run in order, so it is there. Each raises ValueError where it is not.

    @property
    def in_force(self) -> PlaybookInForce:
        """Return the playbook that triage has found."""
        return _required(self.triaged.playbook if self.triaged else None, "playbook")

    @property
    def playbook(self) -> Playbook:
        """Return the contents of the current playbook."""
        return self.in_force.playbook

    @property
    def is_divided(self) -> bool:
        """Return whether several desks do a part each, and the request itself only tells what became of them."""
        return bool(self.parts_planned)

    @property
    def parts_planned(self) -> tuple[PlannedPart, ...]:
        """Return how triage divides it; none where one desk has it."""
        return self.triaged.parts if self.triaged is not None else ()

    @property
    def reception_in_force(self) -> Reception:
        """Return who takes what no desk fits, as triage found it."""
        return _required(self.triaged, "triage").reception

    @property
    def language(self) -> str:
        """Return the language of messages to the requester; English before triage."""
        return self.triaged.language if self.triaged else ENGLISH

    @property
    def taken_in(self) -> Intake:
        """Return the intake."""
        return _required(self.intake, "intake")

    @property
    def planned(self) -> Plan:
        """Return the plan."""
        return _required(self.plan, "plan")

    @property
    def set_aside(self) -> dict[str, str]:
        """Return the items that are set aside for a person, each with the reason."""
        return self.plan.set_aside if self.plan is not None else {}

    def forget_decisions(self) -> None:
        """Drop the decisions on single actions, because they were made before the requester wrote again."""
        self.authorization, self.approved, self.declined = {}, (), ()

    def drop_approval(self, digest: str) -> None:
        """Drop the approval of one action, which must be approved again."""
        self.authorization.pop(digest, None)
        self.approved = tuple(one for one in self.approved if one.bound.digest != digest)

    @property
    def worked_on(self) -> tuple[Item, ...]:
        """Return the items that the desk works on itself."""
        return tuple(item for item in self.items if item.item_id not in self.set_aside)

    @property
    def proposed(self) -> Proposal:
        """Return the proposal."""
        return _required(self.proposal, "proposal")


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise ValueError(f"no stage has brought the {name} yet")
    return value


class RequestSnapshot(Contract):
    """The second argument of a request that continues in a new history."""

    at: ResumePoint
    status: Status
    trail: tuple[TrailEntry, ...]
    refusals: int
    state: ProcessState
    approvals: ApprovalsSnapshot
    requester: DialogSnapshot
    effects: tuple[EffectSnapshot, ...]
    reservations: dict[str, str] = Field(
        default_factory=dict, description="owner of each quota that something is reserved in -> its desk"
    )
