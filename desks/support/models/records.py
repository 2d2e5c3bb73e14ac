"""Records of customers, orders, payments and refunds; money in integer minor units."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from dispatch.models.contract import Contract
from dispatch.models.money import Money


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


# One zone everywhere: two equal moments then also have one text, and with it one digest.
UtcMoment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Customer(Contract):
    """A person or a contact of an organisation; names are not unique, and neither are addresses."""

    customer_id: str
    name: str
    email_addresses: tuple[str, ...] = Field(description="on record, the first is the main one")
    organisation: str | None
    locale: str = Field(description="BCP 47, such as de-DE")
    tier: str = Field(
        default="", max_length=40, description="what the shop calls its regulars; empty for all others"
    )


class OrderLine(Contract):
    sku: str
    title: str
    quantity: int = Field(ge=1)
    unit_price: Money
    final_sale: bool = Field(description="sold as not returnable")


class Order(Contract):
    """One order; `total` is the sum of its lines."""

    order_number: str
    customer_id: str
    placed_at: UtcMoment
    status: Literal["placed", "paid", "shipped", "delivered", "returned", "cancelled"]
    delivered_at: UtcMoment | None
    tracking_url: str | None
    expected_at: UtcMoment | None = Field(description="when delivery was promised")
    lines: tuple[OrderLine, ...]
    total: Money
    payment_ids: tuple[str, ...]


class Payment(Contract):
    """A captured payment of an order; `refunded_minor` counts valid refunds, in the amount's currency."""

    payment_id: str
    order_number: str
    amount: Money
    captured_at: UtcMoment
    refunded_minor: int = Field(ge=0)
    status: Literal["captured", "partially_refunded", "refunded"]


class Refund(Contract):
    """A refund on one payment; a cancelled one no longer counts."""

    refund_id: str
    payment_id: str
    order_number: str
    amount: Money
    status: Literal["succeeded", "cancelled"]
    reason: str
    created_at: UtcMoment
    idempotency_key: str
