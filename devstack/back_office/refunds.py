"""What the back office does: refunds and their cancellation, each once for its idempotency key.

The key is claimed in the transaction that has the effect, and with it the answer is kept, refusals included. So there is
no moment at which the effect exists and its key does not, and the same order, sent again however late, gets the same bytes.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from devstack.back_office import queries
from devstack.back_office.database import Database, text_of
from devstack.web import ApiError

Effect = Callable[[sqlite3.Connection], queries.Document]
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


@dataclass(frozen=True)
class Answer:
    """What goes back to the caller, byte for byte; `replayed` if an earlier call had the effect."""

    status: int
    body: bytes
    replayed: bool


class Refunds:
    """Makes and cancels refunds; `clock` gives the current moment, timezone-aware."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def create(self, order: RefundOrder, key: str) -> Answer:
        """Refund part or all of a payment, or refuse with 402, 404, 409 or 422."""

        def effect(connection: sqlite3.Connection) -> queries.Document:
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

        return self._once(key, _fingerprint("refund", order.model_dump()), 201, effect)

    def cancel(self, refund_id: str, key: str | None) -> Answer:
        """Cancel a refund; one that is cancelled stays so, and the answer is the same."""

        def effect(connection: sqlite3.Connection) -> queries.Document:
            connection.execute("UPDATE refunds SET status = 'cancelled' WHERE refund_id = ?", [refund_id])
            return queries.refund(connection, refund_id)

        if key is None:
            with self._database.writing() as connection:
                return Answer(200, _bytes(effect(connection)), replayed=False)
        return self._once(key, _fingerprint("cancel", refund_id), 200, effect)

    def _once(self, key: str, fingerprint: str, done: int, effect: Effect) -> Answer:
        with self._database.writing() as connection:
            kept = connection.execute("SELECT * FROM answers WHERE idempotency_key = ?", [key]).fetchone()
            if kept is not None:
                if kept["fingerprint"] != fingerprint:
                    raise ApiError(409, "idempotency_key_reused", "this key belongs to another order")
                return Answer(kept["status"], kept["body"], replayed=True)
            try:
                status, body = done, _bytes(effect(connection))
            except ApiError as refusal:
                status, body = refusal.status, _bytes(refusal.payload)
            connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", [key, fingerprint, status, body])
            return Answer(status, body, replayed=False)


def _check(connection: sqlite3.Connection, order: RefundOrder) -> None:
    """Refuse what must not be refunded; holds until the transaction ends, because nobody else may write."""
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


def _fingerprint(what: str, content: JsonValue) -> str:
    """Distinguish two orders by their content, not by how their JSON is spaced."""
    text = json.dumps([what, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _bytes(document: queries.Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
