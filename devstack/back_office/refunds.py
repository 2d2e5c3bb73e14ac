"""Writes of the back office: refunds and their cancellation, each once for its idempotency key."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from devstack.back_office import queries
from devstack.back_office.database import Database
from devstack.sqlite.database import text_of
from devstack.sqlite.idempotency import Answer, Document, as_bytes, fingerprint_of, once
from devstack.web import ApiError

_FIRST_NUMBER = 10_001


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Amount(_Body):
    amount_minor: int = Field(gt=0, lt=10**15)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class RefundOrder(_Body):
    """The body of POST /refunds."""

    payment_id: str
    amount: Amount
    reason: str = Field(min_length=1, max_length=500)
    customer_id: str


class Refunds:
    """Makes and cancels refunds; `clock` returns the current moment, timezone-aware."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def create(self, order: RefundOrder, key: str) -> Answer:
        """Refund part or all of a payment, or refuse with 402, 404, 409 or 422."""

        def effect(connection: sqlite3.Connection) -> Document:
            _check(connection, order)
            number = connection.execute(
                "SELECT max(coalesce(max(CAST(substr(refund_id, 4) AS INTEGER)), 0) + 1, ?) FROM refunds",
                [_FIRST_NUMBER],
            ).fetchone()[0]
            refund_id = f"RF-{number}"
            created = text_of(self._clock())
            connection.execute(
                "INSERT INTO refunds VALUES (?, ?, ?, 'succeeded', ?, ?, ?)",
                [refund_id, order.payment_id, order.amount.amount_minor, order.reason, created, key],
            )
            return queries.refund(connection, refund_id)

        return once(self._database, key, fingerprint_of("refund", order.model_dump()), 201, effect)

    def cancel(self, refund_id: str, key: str | None) -> Answer:
        """Cancel a refund; one that is cancelled stays so, and the answer is the same."""

        def effect(connection: sqlite3.Connection) -> Document:
            connection.execute("UPDATE refunds SET status = 'cancelled' WHERE refund_id = ?", [refund_id])
            return queries.refund(connection, refund_id)

        if key is None:
            with self._database.writing() as connection:
                return Answer(200, as_bytes(effect(connection)), replayed=False)
        return once(self._database, key, fingerprint_of("cancel", refund_id), 200, effect)


def _check(connection: sqlite3.Connection, order: RefundOrder) -> None:
    """Raise ApiError for an invalid refund; the check holds until the transaction ends, because no other may write."""
    payment = connection.execute(
        "SELECT p.*, o.customer_id FROM payments p JOIN orders o USING (order_number) WHERE payment_id = ?",
        [order.payment_id],
    ).fetchone()
    if payment is None:
        raise ApiError(404, "payment_not_found", "there is no such payment")
    if payment["customer_id"] != order.customer_id:
        raise ApiError(422, "customer_mismatch", "the payment is not this customer's")
    if payment["currency"] != order.amount.currency:
        raise ApiError(422, "currency_mismatch", f"the payment is in {payment['currency']}")
    refunded = connection.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE payment_id = ? AND status = 'succeeded'",
        [order.payment_id],
    ).fetchone()[0]
    left = payment["amount_minor"] - refunded
    if order.amount.amount_minor > left:
        raise ApiError(422, "amount_too_large", f"{left} of {payment['amount_minor']} (minor units) are left")
    if payment["disputed"]:
        raise ApiError(402, "provider_refused", "the payment provider refused the refund")
