"""The desk's proposal, as reviewer, guardian and approver see it."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract, Facts, Moment
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.language import ENGLISH, Language
from dispatch.models.money import Money
from dispatch.models.request.addition import Addition
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Submission
from dispatch.models.work.exhibit import Exhibit
from dispatch.models.work.finding import Evidence, Finding, Refusal, ReviewException, Statement, is_personal
from dispatch.models.work.guidance import Declined, Guidance
from dispatch.models.work.model_use import ByModel
from dispatch.models.work.playbook import Name, PlaybookInForce, PlaybookRef


class Action(Contract):
    """An action: only actions change outside systems, and the parameters hold everything that it will do."""

    name: str
    subject: str = Field(description="what it acts on: one effect for each request, name and subject")
    parameters: Facts
    item_ids: tuple[str, ...] = ()
    why: str
    evidence_ids: tuple[str, ...] = ()
    evidence_sources: dict[str, str] = Field(
        default_factory=dict,
        description="evidence id -> source, as the findings say and the assembler writes; an id that is not in it is "
        "of unknown source",
    )
    declared: Facts = Field(
        default_factory=dict,
        description="how it is done, a DeclaredAction in full, as the playbook in history has it; empty for an action "
        "with a class of its own",
    )
    not_before: Moment | None = Field(
        default=None, description="when it is done at the earliest; None: at once"
    )

    @property
    def rests_on_personal_evidence(self) -> bool:
        """Whether it cites personal evidence; evidence of an unknown source counts as personal."""
        return any(is_personal(self.evidence_sources.get(cited)) for cited in self.evidence_ids)


class Spending(Contract):
    """Whose quota an amount counts in, and on which account; both are words of the desk."""

    owner: str
    account: str


class ActionView(Contract):
    """What the action's class says of its parameters: for people, and for a process that knows no action by name."""

    title: str
    amount: Money | None = None
    spends: Spending | None = None


class BoundAction(Contract):
    """An action bound to its request, proposal and playbook.

    `digest` is sha256 over the canonical form of all other fields but `view` (dispatch/models/canonical.py); approvals
    name it. `view` only repeats what the parameters say; the guardian recomputes it before it decides.
    `idempotency_key` holds neither run id nor attempt nor proposal, so that neither a reset nor an edit
    can make a second effect.
    """

    schema_id: ClassVar[str] = "dispatch.action/1"

    request_id: str
    proposal_id: str
    playbook: PlaybookRef
    action: Action
    idempotency_key: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    view: ActionView | None = None


class AssemblyBrief(StageInput):
    noun: ClassVar[str] = "the findings"

    request_id: str
    proposal_id: str
    submission: Submission
    playbook: PlaybookInForce
    items: tuple[Item, ...]
    set_aside: tuple[str, ...] = Field(
        default=(), description="ids of items that a person takes; the draft says so"
    )
    findings: tuple[Finding, ...]
    guidance: tuple[Guidance, ...] = ()
    declined: tuple[Declined, ...] = ()
    approved: tuple[BoundAction, ...] = Field(
        default=(), description="what was approved before: it keeps its digest where nothing of it changes"
    )
    previous: "Proposal | None" = Field(default=None, description="what was sent back, where anything was")
    additions: tuple[Addition, ...] = Field(default=(), description="what the requester wrote since")
    language: Language = Field(default=ENGLISH, description="in which the requester is written to")


class Draft(Contract):
    """The delivered text, and its statements."""

    title: str
    text: str
    statements: tuple[Statement, ...]
    parameter: str | None = Field(
        default="text",
        description="the parameter of the delivery action that holds the text word for word; None where none does",
    )
    exhibits: tuple[Exhibit, ...] = Field(
        default=(), description="what the specialists show to people who decide; nothing of it is delivered"
    )


class Proposal(Contract):
    """One clean draft with the actions it leads to, in the order in which they run."""

    schema_id: ClassVar[str] = "dispatch.proposal/1"

    handoff: Handoff
    proposal_id: str
    draft: Draft
    actions: tuple[BoundAction, ...]
    delivery: str | None = Field(
        default=None,
        description="digest of the action that delivers the draft; None where nothing is delivered",
    )
    refusals: tuple[Refusal, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    exceptions: tuple[ReviewException, ...] = Field(
        default=(), description="the process's own invariants that it breaks; the review begins with them"
    )

    def delivers(self, bound: BoundAction) -> bool:
        """Return whether an action is the one that delivers the draft."""
        return bound.digest == self.delivery


class ReviewBrief(StageInput):
    noun: ClassVar[str] = "the draft"

    reviewer: Name = Field(
        default="",
        description="its name in the playbook, for a generic role and for one that a model does; else empty",
    )
    desk: str = Field(default="", description="likewise, whose playbook that is")
    proposal: Proposal
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]
    requester_name: str = Field(default="", description="for one that a model does, who is not to know it")
    config: Facts = Field(default_factory=dict, description="the playbook's entry for this reviewer")


class Review(Contract):
    """Only exceptions; none means that the draft meets every standard."""

    handoff: Handoff
    reviewer: str
    exceptions: tuple[ReviewException, ...] = ()


ReviewByModel = ByModel[Review]


# It names what stands below it. Left to its first use, that would be completed inside the workflow sandbox, which cannot.
AssemblyBrief.model_rebuild()
