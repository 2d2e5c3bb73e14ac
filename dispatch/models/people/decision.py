"""People's decisions, the gates that they answer, and the results."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract, Moment
from dispatch.models.declared.parameters import ParameterSpec
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.money import Money
from dispatch.models.work.approval_policy import ONE_DECISION, ApprovalPolicy
from dispatch.models.work.guidance import RespondPurpose
from dispatch.models.work.playbook import Tier


class DecisionType(StrEnum):
    """The types of decisions; each gate has its own."""

    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"
    RESPOND = "respond"
    ROUTE = "route"
    SORT = "sort"
    SETTLE = "settle"
    LEAVE = "leave"

    @property
    def sets_values(self) -> bool:
        """Whether its `edits` hold the choice."""
        return self in {DecisionType.EDIT, DecisionType.ROUTE, DecisionType.SORT}


class Decision(Contract):
    """A person's decision on one action of one proposal, bound to the digest that it names."""

    schema_id: ClassVar[str] = "dispatch.decision/1"

    decision_id: str = Field(min_length=1, max_length=100)
    proposal_id: str = Field(min_length=1, max_length=100)
    action_digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="the digest that the approver saw")
    decision_type: DecisionType
    edits: dict[str, JsonValue] = Field(
        default_factory=dict, max_length=20, description="with edit: parameter -> value"
    )
    reason: str = Field(
        default="", max_length=4000, description="for the desk alone; with reject and respond, as a gate asks"
    )
    reason_for_requester: str = Field(
        default="", max_length=2000, description="with reject: what the requester is told, as it is"
    )
    purpose: RespondPurpose | None = Field(default=None, description="with respond: what is to happen")
    question: str = Field(
        default="",
        max_length=2000,
        description="with respond to ask_requester: sent to the requester as it is",
    )
    approver: str = Field(min_length=1, max_length=100)
    issued_at: Moment
    expires_at: Moment | None = None
    key_id: str | None = Field(default=None, max_length=200)
    signature: str | None = Field(default=None, max_length=500)


def recorded_decision(recorded: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the fields of a decision in the audit store under today's names; until 0.3 its type was `verdict`."""
    return {"decision_type" if name == "verdict" else name: value for name, value in recorded.items()}


class ApprovalKind(StrEnum):
    """Why the request waits for a person."""

    APPROVAL = "approval"
    ROUTING = "routing"
    ESCALATION = "escalation"


class ApprovalItem(Contract):
    """One item of a gate."""

    name: str = Field(description="of the action; or route, settle")
    key: str = Field(default="", description="'<action name>/<subject>', by which people name the action")
    title: str = Field(default="", description="the action's, as people say it")
    digest: str
    tier: Tier
    approval: ApprovalPolicy = Field(
        default=ONE_DECISION, description="what the playbook requires at this tier"
    )
    amount: Money | None = Field(default=None, description="what it costs, where it costs anything")
    approvers: tuple[str, ...] = Field(
        default=(), description="who may decide on it, in order of escalation; empty: all of the gate"
    )
    editable: tuple[str, ...] = ()
    parameters: dict[str, ParameterSpec] = Field(
        default_factory=dict, description="of a declared action: the types of its parameters, for edits"
    )
    choices: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="of an editable parameter: the only values there are"
    )
    most: dict[str, int] = Field(
        default_factory=dict, description="of an editable parameter: the most that it may be set to"
    )
    summary: str = Field(description="what the person decides on, in one line")
    must_change: str = Field(default="", description="why it cannot be approved as it is; empty where it can")

    @property
    def is_awaited(self) -> bool:
        """Return whether the gate waits for it; an item that the guardian allows may still be edited or rejected."""
        return self.approval.signatures > 0


class ApprovalRequest(Contract):
    """An open approval request: only a decision that names one of its digests passes it."""

    kind: ApprovalKind
    proposal_id: str
    items: tuple[ApprovalItem, ...] = Field(min_length=1)
    decision_types: tuple[DecisionType, ...]
    approvers: tuple[str, ...] = Field(
        min_length=1, description="in order of escalation; all may decide, but for items that name their own"
    )
    role_names: bool = Field(
        default=False, description="whether a role's own name decides, as a shared mailbox"
    )
    opened_at: Moment
    deadline: Moment
    why: str
    delivery: str | None = Field(default=None, description="digest of the item that writes to the requester")
    purposes: tuple[RespondPurpose, ...] = Field(
        default=(), description="for which the proposal may be sent back"
    )
    usable: tuple[RespondPurpose, ...] = Field(
        default=(), description="those for which a role of the desk can use guidance"
    )

    def approvers_of(self, item: ApprovalItem) -> tuple[str, ...]:
        """Return who may decide on an item, in order of escalation."""
        return item.approvers or self.approvers

    def owners(self, items: Iterable[ApprovalItem], turn: int) -> tuple[str, ...]:
        """Return whose decision on some items may be due at a turn, with whom the first is first.

        That is one for each item, which stays with its last approver once it has come to them; where several people must
        approve an item, all who may.
        """
        names: list[str] = []
        for item in items:
            approvers = self.approvers_of(item)
            names.append(approvers[min(turn, len(approvers) - 1)])
            names += approvers if item.approval.signatures > 1 else ()
        return tuple(dict.fromkeys(names))

    @property
    def turns(self) -> int:
        """Return how often the gate can escalate to the next approvers."""
        return max(len(self.approvers_of(item)) for item in self.items if item.is_awaited) - 1

    @property
    def awaited(self) -> tuple[ApprovalItem, ...]:
        """Return the items that the gate waits for; the others may be decided on too."""
        return tuple(item for item in self.items if item.is_awaited)


class DecisionCheck(StageInput):
    """The raw decision with the gate that it must fit and the approvals that it already has."""

    noun: ClassVar[str] = "a decision"

    approval_request: ApprovalRequest
    raw: JsonValue
    received_at: Moment
    requester: str = Field(
        default="", description="the requester's address: nobody decides on their own request"
    )
    approvals: tuple[Decision, ...] = Field(default=(), description="accepted at this gate before")
    rejections: tuple[Decision, ...] = Field(default=(), description="likewise, of single actions")
    seen: tuple[str, ...] = Field(default=(), description="decision ids already received")


class DecisionCheckResult(Contract):
    """Accepted, or refused with the reason."""

    handoff: Handoff
    accepted: bool
    reason: str
    decision: Decision | None = Field(default=None, description="None where it could not be read")
    follows: str = Field(default="", description="the consequences for the rest, for the person who decided")
    signed_with: str | None = Field(
        default=None, description="fingerprint of the key whose signature was verified; None where none was"
    )
    received: str = Field(
        default="", description="where it could not be read: the beginning of what came, as JSON"
    )
