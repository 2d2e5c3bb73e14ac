"""How an order stands, in words for its owner."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from desks.support.models.records import Order, Refund
from dispatch.models.moments import format_day
from dispatch.models.money import format_money

_STANDS: Final = {
    "placed": "is waiting for its payment",
    "paid": "is paid and being prepared",
    "shipped": "has been shipped and is on its way to you",
    "delivered": "has been delivered",
    "returned": "has come back to us",
    "cancelled": "was cancelled",
}


def told(order: Order, refunds: Iterable[Refund], at: datetime, *, essentials: bool = False) -> str:
    """Return one paragraph: where the order is, since when, what comes next, and its tracking link.

    `at` is when it is told; `essentials` leaves out all but where it is and the link.
    """
    sentences = [_where(order)]
    if not essentials:
        sentences += [_expected(order, at), *_refunded(order, refunds)]
    if order.tracking_url and order.status in {"shipped", "delivered"}:
        # No full stop behind it: mail programs take one for a part of the link.
        sentences.append(f"You can follow it here: {order.tracking_url}")
    return " ".join(sentence for sentence in sentences if sentence)


def _where(order: Order) -> str:
    if order.status == "delivered" and order.delivered_at is not None:
        return f"Your order {order.order_number} was delivered on {format_day(order.delivered_at)}."
    return (
        f"Your order {order.order_number}, placed on {format_day(order.placed_at)}, {_STANDS[order.status]}."
    )


def _expected(order: Order, at: datetime) -> str:
    if order.expected_at is None or order.status not in {"placed", "paid", "shipped"}:
        return ""
    day = format_day(order.expected_at)
    if order.expected_at >= at or day == format_day(at):
        return f"We expect it to reach you by {day}."
    return f"It was expected by {day} and is late."


def _refunded(order: Order, refunds: Iterable[Refund]) -> Iterable[str]:
    for refund in refunds:
        if refund.order_number == order.order_number and refund.status == "succeeded":
            yield f"{format_money(refund.amount)} was refunded on {format_day(refund.created_at)}."
