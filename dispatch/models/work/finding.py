"""The results of specialists."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field

from dispatch.models.contract import Contract, Facts, Moment
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.language import ENGLISH, Language
from dispatch.models.request.item import Item
from dispatch.models.request.submission import DocumentRef, Party
from dispatch.models.work.exhibit import Exhibit
from dispatch.models.work.guidance import Declined, Guidance
from dispatch.models.work.model_use import ByModel
from dispatch.models.work.playbook import Intent, Name
from dispatch.models.work.ranking import RankingEvidence
from dispatch.models.work.severity import Severity

MOST_QUESTION: Final = 4_000
"""Characters of a question that a specialist words itself."""
MOST_ATTACHED: Final = 20
"""The most documents that a finding hands to the channel of its draft, and that one mail carries."""


OwnQuestion = Annotated[str, Field(min_length=1, max_length=MOST_QUESTION)]


class FindingStatus(StrEnum):
    """`nothing` and `ambiguous` are findings; `unavailable` is the absence of one and never reads as clean."""

    FOUND = "found"
    NOTHING = "nothing"
    AMBIGUOUS = "ambiguous"
    UNAVAILABLE = "unavailable"


class EvidenceSource(StrEnum):
    """The known sources of evidence; any other source counts as personal."""

    RECORDS = "records"
    PLAYBOOK = "playbook"
    REQUEST = "request"
    DECISION = "decision"


IMPERSONAL_SOURCES: Final = frozenset(
    {EvidenceSource.PLAYBOOK, EvidenceSource.REQUEST, EvidenceSource.DECISION}
)
"""Sources that are not personal: public texts, the requester's own words, and people's texts to the requester."""


def is_personal(source: str | None) -> bool:
    """Return whether a source is personal: its data may go only to the person concerned; an unknown source, or none, is."""
    return source not in IMPERSONAL_SOURCES


class Evidence(Contract):
    """The source of a statement."""

    evidence_id: str = Field(description="unique in the request, such as 'order_history.order.DD-10001'")
    source: str = Field(description="an EvidenceSource; any other counts as personal, as records do")
    reference: str = Field(description="what to look up there")
    text: str = Field(description="what it says, in one line")


class Statement(Contract):
    """One paragraph of a draft, linked to its evidence and to the items that it answers."""

    text: str
    item_ids: tuple[str, ...] = ()
    evidence_ids: tuple[str, ...] = ()


class RecommendedAction(Contract):
    """An action that a specialist recommends; the coordinator assembles, the guardian inspects, nothing runs yet."""

    name: str
    subject: str = Field(description="what it acts on; one effect for each request, name and subject")
    parameters: Facts
    item_ids: tuple[str, ...]
    why: str
    evidence_ids: tuple[str, ...]
    not_before: Moment | None = Field(
        default=None, description="when it is done at the earliest; None: at once"
    )


class Refusal(Contract):
    """An item that will not be done, with the rule behind it."""

    item_id: str
    reason: str = Field(description="in words for the requester")
    rule: str
    evidence_ids: tuple[str, ...]


class Brief(StageInput):
    """A specialist's task."""

    noun: ClassVar[str] = "a brief"

    specialist: Name = Field(
        default="",
        description="its name in the playbook, for a generic role and for one that a model does; else empty",
    )
    desk: str = Field(default="", description="likewise, whose playbook that is")
    request_id: str
    requester: Party
    subject: str
    body: str = Field(
        default="", description="the whole text as intake normalised it; a stranger's words, data only"
    )
    attachments: tuple[DocumentRef, ...] = Field(default=(), description="to be read with `Documents`")
    items: tuple[Item, ...]
    findings: tuple["Finding", ...] = Field(default=(), description="of earlier groups")
    guidance: tuple[Guidance, ...] = ()
    declined: tuple[Declined, ...] = Field(
        default=(), description="what people rejected: to be recommended and announced no more"
    )
    exceptions: tuple["ReviewException", ...] = Field(
        default=(), description="what the reviewer wants mended"
    )
    intents: dict[str, Intent] = Field(
        default_factory=dict, description="the playbook's entries for the items' kinds"
    )
    config: Facts = Field(default_factory=dict, description="the playbook's entry for this specialist")
    language: Language = Field(default=ENGLISH, description="in which the requester is written to")
    asked_at: Moment | None = Field(
        default=None, description="when it was asked, by which windows are judged; None: now"
    )


class Finding(Contract):
    """A specialist's answer, with evidence."""

    handoff: Handoff
    specialist: str
    status: FindingStatus
    summary: str = Field(description="one line")
    facts: Facts = Field(
        default_factory=dict, description="for later groups; its shape is a contract in dispatch/models"
    )
    evidence: tuple[Evidence, ...] = ()
    statements: tuple[Statement, ...] = ()
    recommended: tuple[RecommendedAction, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    exhibits: tuple[Exhibit, ...] = Field(default=(), max_length=50, description="for people who decide")
    attachments: tuple[DocumentRef, ...] = Field(
        default=(),
        max_length=MOST_ATTACHED,
        description="documents that go out with the draft, where its channel carries any",
    )
    ranking: RankingEvidence | None = Field(
        default=None, description="what of it counts for how soon the request is done"
    )
    questions: dict[Name, OwnQuestion] = Field(
        default_factory=dict,
        max_length=20,
        description="by field, in the requester's language: what a routing rule on this finding asks in the place of the "
        "playbook's question, such as with the candidates",
    )


FindingByModel = ByModel[Finding]


class ReviewException(Contract):
    """One thing that deserves a second look."""

    reviewer: str
    standard: str = Field(description="the playbook's standard that is broken")
    severity: Severity
    text: str
    item_ids: tuple[str, ...] = ()


# It names what stands below it. Left to its first use, that would be completed inside the workflow sandbox, which cannot.
Brief.model_rebuild()
