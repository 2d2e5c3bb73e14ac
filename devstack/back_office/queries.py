"""Queries of the back office: rows of SQLite as the JSON of its API."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from devstack.sqlite.database import text_of
from devstack.sqlite.idempotency import Document
from devstack.web import ApiError

_PAYMENT = """
SELECT p.*, (SELECT coalesce(sum(r.amount_minor), 0) FROM refunds r
             WHERE r.payment_id = p.payment_id AND r.status = 'succeeded') AS refunded_minor
FROM payments p"""
_REFUND = """
SELECT r.*, p.currency, p.order_number FROM refunds r
JOIN payments p USING (payment_id) JOIN orders o USING (order_number)"""


def money(amount_minor: int, currency: str) -> Document:
    """Return the API's form of an amount."""
    return {"amount_minor": amount_minor, "currency": currency}


def customers_by_email(connection: sqlite3.Connection, address: str) -> list[Document]:
    """Find everyone with this address, whatever its case."""
    found = connection.execute(
        "SELECT DISTINCT customer_id FROM addresses WHERE address = ? ORDER BY customer_id", [address.strip()]
    )
    return [customer(connection, row["customer_id"]) for row in found.fetchall()]


def customer(connection: sqlite3.Connection, customer_id: str) -> Document:
    """Return one customer; like every single row, 404 `..._not_found` if there is none."""
    row = _one(connection, "SELECT * FROM customers WHERE customer_id = ?", customer_id, "customer")
    addresses = connection.execute(
        "SELECT address FROM addresses WHERE customer_id = ? ORDER BY position", [customer_id]
    )
    return {**dict(row), "email_addresses": [address["address"] for address in addresses]}


def orders_of(connection: sqlite3.Connection, customer_id: str) -> list[Document]:
    """List a customer's orders, newest first."""
    customer(connection, customer_id)
    rows = connection.execute(
        "SELECT * FROM orders WHERE customer_id = ? ORDER BY placed_at DESC, order_number DESC", [customer_id]
    )
    return [_order(connection, row) for row in rows.fetchall()]


def order(connection: sqlite3.Connection, order_number: str) -> Document:
    """Return one order with its lines and the ids of its payments."""
    row = _one(connection, "SELECT * FROM orders WHERE order_number = ?", order_number, "order")
    return _order(connection, row)


def payment(connection: sqlite3.Connection, payment_id: str) -> Document:
    """Return one payment with what has been refunded of it."""
    return _payment(_one(connection, f"{_PAYMENT} WHERE payment_id = ?", payment_id, "payment"))


def payments_of(connection: sqlite3.Connection, order_number: str) -> list[Document]:
    """List the payments of an order, which must exist."""
    order(connection, order_number)
    rows = connection.execute(f"{_PAYMENT} WHERE order_number = ? ORDER BY payment_id", [order_number])
    return [_payment(row) for row in rows.fetchall()]


def refund(connection: sqlite3.Connection, refund_id: str) -> Document:
    """Return one refund, cancelled or not."""
    return _refund(_one(connection, f"{_REFUND} WHERE refund_id = ?", refund_id, "refund"))


def refunds_by_key(connection: sqlite3.Connection, idempotency_key: str) -> list[Document]:
    """List the refund under a key: none or one."""
    return _refunds(connection, "r.idempotency_key = ?", [idempotency_key])


def refunds_since(connection: sqlite3.Connection, customer_id: str, since: datetime) -> list[Document]:
    """List the refunds to a customer from a moment on, newest first; an unknown customer is a refusal, not none."""
    customer(connection, customer_id)
    return _refunds(connection, "o.customer_id = ? AND r.created_at >= ?", [customer_id, text_of(since)])


def _refunds(connection: sqlite3.Connection, where: str, values: Sequence[str]) -> list[Document]:
    rows = connection.execute(f"{_REFUND} WHERE {where} ORDER BY r.created_at DESC, r.refund_id DESC", values)
    return [_refund(row) for row in rows.fetchall()]


def _one(connection: sqlite3.Connection, query: str, identifier: str, what: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(query, [identifier]).fetchone()
    if row is None:
        raise ApiError(404, f"{what}_not_found", f"there is no such {what}")
    return row


def _order(connection: sqlite3.Connection, row: sqlite3.Row) -> Document:
    number, currency = row["order_number"], row["currency"]
    lines = connection.execute("SELECT * FROM order_lines WHERE order_number = ? ORDER BY position", [number])
    payments = connection.execute(
        "SELECT payment_id FROM payments WHERE order_number = ? ORDER BY payment_id", [number]
    )
    kept = (
        "order_number",
        "customer_id",
        "placed_at",
        "status",
        "delivered_at",
        "tracking_url",
        "expected_at",
    )
    return {
        **{name: row[name] for name in kept},
        "lines": [
            {
                "sku": line["sku"],
                "title": line["title"],
                "quantity": line["quantity"],
                "unit_price": money(line["unit_price_minor"], currency),
                "final_sale": bool(line["final_sale"]),
            }
            for line in lines
        ],
        "total": money(row["total_minor"], currency),
        "payment_ids": [payment["payment_id"] for payment in payments],
    }


def _payment(row: sqlite3.Row) -> Document:
    refunded, captured = row["refunded_minor"], row["amount_minor"]
    status = "captured" if refunded == 0 else "refunded" if refunded == captured else "partially_refunded"
    # Every column but `disputed`: as in practice, the provider's refusal shows only when a refund is requested.
    return {
        "payment_id": row["payment_id"],
        "order_number": row["order_number"],
        "amount": money(captured, row["currency"]),
        "captured_at": row["captured_at"],
        "refunded_minor": refunded,
        "status": status,
    }


def _refund(row: sqlite3.Row) -> Document:
    kept = ("refund_id", "payment_id", "order_number", "status", "reason", "created_at", "idempotency_key")
    return {**{name: row[name] for name in kept}, "amount": money(row["amount_minor"], row["currency"])}
