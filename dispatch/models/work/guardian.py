"""The guardian's decision on one action."""

from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field

from dispatch.models.contract import Contract, Facts, is_unset
from dispatch.models.handoff import Handoff, StageInput
from dispatch.models.request.submission import Party
from dispatch.models.work.finding import Evidence, ReviewException
from dispatch.models.work.mail_quota import MailQuotaAnswer
from dispatch.models.work.model_use import ByModel
from dispatch.models.work.playbook import GuardianPolicy, Tier
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.spend_quota import Claim, SpendSoFar

GUARDIAN: Final = "guardian"
"""By which name its prompt is found, and what it does is told."""
OPINION: Final = "guardian.opinion"
"""The type of the activity that asks a model."""


class GuardDecision(StrEnum):
    """Ordered by scrutiny; more risk never moves left."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"


class Reason(Contract):
    rule: str
    text: str


class Request(Contract):
    """What the requester wrote, for an action that nobody may take on their behalf unasked."""

    phrases: tuple[str, ...] = Field(
        description="those of the intent that the action's policy names in `requires_intent`"
    )
    subject: str
    words: str = Field(description="without quoted mail and signature")
    cited: tuple[Evidence, ...] = Field(description="the requester's sentences that the action rests on")


class AskedFor(Contract):
    """What one item asks for, as the cases of a policy read it."""

    intent: str = ""
    fields: Facts = Field(default_factory=dict, description="what was collected, by field name")


class GuardBrief(StageInput):
    noun: ClassVar[str] = "a proposed action"

    bound: BoundAction
    policy: GuardianPolicy
    requester: Party
    exceptions: tuple[ReviewException, ...] = Field(default=(), description="what review could not mend")
    siblings: tuple[BoundAction, ...] = Field(
        default=(), description="other actions of the same proposal that spend too: they count together"
    )
    to_requester: bool = Field(
        default=False, description="a question, reminder or notice, under the contact's policy"
    )
    request: Request | None = Field(default=None, description="where the action's policy names an intent")
    asked_for: tuple[AskedFor, ...] = Field(
        default=(), description="by the items that the action is for; of a message to the requester none"
    )
    wrote_again: bool = Field(
        default=False, description="the requester wrote again, and nobody knows what that changes"
    )
    told_elsewhere: bool = Field(
        default=False,
        exclude_if=is_unset,
        description="the delivery of one desk's part of a request: its text is told with the other parts, and no mail of "
        "its own counts in the hour",
    )
    inspected: tuple[str, ...] = Field(
        default=(),
        exclude_if=is_unset,
        description="texts in it that other desks' guardians allowed to this requester, each under its own desk's policy",
    )


class GuardianFacts(Contract):
    """The facts that the guardian read itself, immediately before its decision."""

    action: Facts = Field(default_factory=dict, description="as the action's own Facts")
    reserved: tuple[Claim, ...] = Field(
        default=(), description="what other requests of the same owner reserved before this one"
    )
    quota_full: bool = Field(default=False, description="this request could not be counted among them")
    mail_quota: MailQuotaAnswer | None = Field(
        default=None, description="of a mail that nothing else holds: whether the hour has room for it"
    )


class GuardResult(Contract):
    """The guardian's result: rules decide; a model may only raise the risk, and its overruled opinion is kept."""

    handoff: Handoff
    action_digest: str
    decision: GuardDecision
    tier: Tier
    reasons: tuple[Reason, ...] = Field(min_length=1)
    approvers: tuple[str, ...] = Field(
        default=(), description="who may decide in this case; empty: those of the tier"
    )
    spend: SpendSoFar | None = Field(default=None, description="what counted together with the action")
    most: dict[str, int] = Field(
        default_factory=dict,
        description="what an editable parameter may be set to at most, as things stand now",
    )
    facts: GuardianFacts | None = Field(
        default=None, description="what it ruled on, so that it can be ruled again"
    )
    opinion: Reason | None = Field(default=None, description="a model's view, where one was asked")
    brief: GuardBrief | None = Field(
        default=None, description="what was ruled on, for history: it keeps no input of a local activity"
    )


class OpinionBrief(StageInput):
    """What a model is asked its opinion on: one action that the rules allow or hold."""

    noun: ClassVar[str] = "an action that the rules let pass"

    bound: BoundAction
    tiers: tuple[Tier, ...] = Field(description="those of the playbook")
    tier: Tier = Field(description="in which the rules put it")
    reasons: tuple[Reason, ...] = Field(description="of the rules")
    asked: tuple[str, ...] = Field(description="what the items that it is for say")
    requester_name: str = ""


class Opinion(Contract):
    """In which tier a model would put an action; above the rules' only with words of the action or of the request."""

    tier: Tier
    quote: str = ""


OpinionByModel = ByModel[Opinion]
