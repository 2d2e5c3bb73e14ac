"""The sample data: seed.json holds ages in days, the database the dates they come to at start-up."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devstack.sqlite.database import put

SEED = Path(__file__).with_name("seed.json")
_Dates = Callable[[float | None], str | None]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedRefund(_Row):
    refund_id: str
    amount_minor: int = Field(gt=0)
    days_ago: float
    reason: str


class SeedPayment(_Row):
    payment_id: str
    amount_minor: int = Field(gt=0)
    days_ago: float
    disputed: bool = Field(
        default=False, description="the provider refuses every refund; not shown by the API"
    )
    refunds: tuple[SeedRefund, ...] = ()


class SeedLine(_Row):
    sku: str
    title: str
    quantity: int = Field(default=1, ge=1)
    unit_price_minor: int = Field(gt=0)
    final_sale: bool = False


class SeedOrder(_Row):
    order_number: str
    note: str = Field(description="what the order is for; read by people only")
    customer_id: str
    status: str
    placed_days_ago: float
    delivered_days_ago: float | None = None
    expected_days_ago: float | None = Field(default=None, description="negative: still to come")
    tracking_url: str | None = None
    currency: str
    lines: tuple[SeedLine, ...]
    payments: tuple[SeedPayment, ...] = ()

    @property
    def total_minor(self) -> int:
        return sum(line.quantity * line.unit_price_minor for line in self.lines)


class SeedCustomer(_Row):
    customer_id: str
    name: str
    email_addresses: tuple[str, ...] = Field(min_length=1)
    organisation: str | None = None
    locale: str
    tier: str = ""


class Seed(_Row):
    """The whole of seed.json."""

    customers: tuple[SeedCustomer, ...]
    orders: tuple[SeedOrder, ...]


def apply_seed(connection: sqlite3.Connection, now: datetime, path: Path) -> None:
    """Write the sample rows with dates relative to `now`, over those of an earlier start; other rows stay as they are."""
    seed = Seed.model_validate_json(path.read_bytes())

    def at(days_ago: float | None) -> str | None:
        if days_ago is None:
            return None
        # Whole minutes: enough for dates that people read, and tests can name them.
        moment = now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(days=days_ago)
        return moment.isoformat(timespec="microseconds")

    for customer in seed.customers:
        put(
            connection,
            "customers",
            customer.customer_id,
            customer.name,
            customer.organisation,
            customer.locale,
            customer.tier,
        )
        for position, address in enumerate(customer.email_addresses):
            put(connection, "addresses", customer.customer_id, position, address)
    for order in seed.orders:
        put(
            connection,
            "orders",
            order.order_number,
            order.customer_id,
            at(order.placed_days_ago),
            order.status,
            at(order.delivered_days_ago),
            order.tracking_url,
            at(order.expected_days_ago),
            order.currency,
            order.total_minor,
        )
        for position, line in enumerate(order.lines):
            cells = (line.sku, line.title, line.quantity, line.unit_price_minor, line.final_sale)
            put(connection, "order_lines", order.order_number, position, *cells)
        for payment in order.payments:
            _put_payment(connection, order, payment, at)


def _put_payment(connection: sqlite3.Connection, order: SeedOrder, payment: SeedPayment, at: _Dates) -> None:
    amount, captured = payment.amount_minor, at(payment.days_ago)
    cells = (order.order_number, amount, order.currency, captured, payment.disputed)
    put(connection, "payments", payment.payment_id, *cells)
    for refund in payment.refunds:
        # A sample refund that was cancelled meanwhile stays cancelled: only its date moves.
        connection.execute(
            "INSERT INTO refunds VALUES (?, ?, ?, 'succeeded', ?, ?, ?) "
            "ON CONFLICT (refund_id) DO UPDATE SET created_at = excluded.created_at",
            [
                refund.refund_id,
                payment.payment_id,
                refund.amount_minor,
                refund.reason,
                at(refund.days_ago),
                f"sample/{refund.refund_id}",
            ],
        )
