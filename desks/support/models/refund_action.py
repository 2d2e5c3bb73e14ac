"""The parameters, facts and policy of the action issue_refund."""

from datetime import timedelta

from pydantic import Field

from desks.support.models.records import Customer, Payment, Refund
from dispatch.models.contract import Contract, Duration
from dispatch.models.work.playbook import Tier


class RefundParameters(Contract):
    """A refund on one payment. Subject: 'payment <payment_id>'."""

    payment_id: str
    order_number: str
    customer_id: str
    amount_minor: int = Field(gt=0, description="in the currency's minor unit")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    reason: str = Field(max_length=500)


class RefundGuardFacts(Contract):
    """The records of the payment and of the customer, read immediately before the guard result."""

    requester_records: tuple[Customer, ...] = Field(
        default=(), description="customers whose address on record is the requester's"
    )
    payment: Payment | None = Field(default=None, description="None where there is none such")
    payment_customer_id: str | None = None
    recent_refunds: tuple[Refund, ...] = Field(
        default=(), description="of this customer within `window`, and any under this action's own key"
    )
    window: Duration = Field(default=timedelta(days=36500), description="how far back they were read")


class Velocity(Contract):
    """The number of refunds within the window from which a refund is held at `tier`."""

    max_refunds: int = Field(ge=1)
    window: Duration
    tier: Tier


class RefundGuardPolicy(Contract):
    """Its policy in a playbook, under guardian.actions.issue_refund.policy."""

    velocity: Velocity | None = None
