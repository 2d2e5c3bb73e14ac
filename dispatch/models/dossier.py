"""Everything about one request that a person needs to decide on it, on one page."""

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.decision import Decision, Gate
from dispatch.models.finding import Finding, Guidance, ReviewException
from dispatch.models.guardian import GuardianVerdict
from dispatch.models.item import Item
from dispatch.models.plan import Question
from dispatch.models.playbook import PlaybookRef
from dispatch.models.proposal import Proposal
from dispatch.models.status import Status
from dispatch.models.submission import Submission
from dispatch.models.trail import TrailEntry


class Dossier(Contract):
    """The answer of the `dossier` query: nothing in it is newer or older than the rest."""

    status: Status
    submission: Submission
    playbook: PlaybookRef | None = Field(default=None, description="None until triage has found a desk")
    items: tuple[Item, ...] = ()
    findings: tuple[Finding, ...] = ()
    proposal: Proposal | None = None
    previous: Proposal | None = Field(
        default=None, description="the proposal that was sent back or edited last, to compare with"
    )
    guidance: tuple[Guidance, ...] = ()
    exceptions: tuple[ReviewException, ...] = ()
    verdicts: tuple[GuardianVerdict, ...] = Field(
        default=(), description="in the order of the proposal's actions"
    )
    gate: Gate | None = Field(
        default=None, description="the gate that stands open, its deadline the one in force"
    )
    approvals: tuple[Decision, ...] = Field(default=(), description="accepted at the open gate so far")
    questions: tuple[Question, ...] = Field(
        default=(), description="asked of the requester and not yet answered"
    )
    trail: tuple[TrailEntry, ...] = ()
