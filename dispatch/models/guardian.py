"""The guardian's word on one action."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.finding import ReviewException
from dispatch.models.handoff import Handed, Handoff
from dispatch.models.mail_quota import MailQuotaAnswer
from dispatch.models.playbook import GuardianPolicy, Tier
from dispatch.models.proposal import BoundAction
from dispatch.models.records import Customer, Payment, Refund
from dispatch.models.submission import Party


class Ruling(StrEnum):
    """Ordered by scrutiny; more risk never moves left."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"


class Reason(Contract):
    rule: str
    text: str


class GuardBrief(Handed):
    noun: ClassVar[str] = "a proposed action"

    bound: BoundAction
    policy: GuardianPolicy
    requester: Party
    exceptions: tuple[ReviewException, ...] = Field(default=(), description="what review could not mend")


class GuardianFacts(Contract):
    """What the guardian read itself, immediately before it ruled."""

    requester_records: tuple[Customer, ...] = Field(
        description="customers whose address on record is the requester's"
    )
    payment: Payment | None = Field(default=None, description="of a refund; None where there is none such")
    payment_customer_id: str | None = None
    recent_refunds: tuple[Refund, ...] = Field(
        default=(),
        description="of this customer within the velocity window, and any under this action's own key",
    )
    own_links: tuple[str, ...] = Field(
        default=(), description="links in the mail that open the answer page of this very request"
    )
    mail_quota: MailQuotaAnswer | None = Field(
        default=None, description="of a mail that nothing else holds: whether the hour has room for it"
    )


class GuardianVerdict(Contract):
    """Rules first; a model may only raise the risk, and its overruled opinion is kept."""

    handoff: Handoff
    action_digest: str
    ruling: Ruling
    tier: Tier
    reasons: tuple[Reason, ...] = Field(min_length=1)
    opinion: Reason | None = Field(default=None, description="a model's view, where one was asked")
