"""The status of an order, as a text for its owner."""

from collections.abc import Iterable
from datetime import datetime

from desks.support.models.records import Order, Refund
from desks.support.texts import support_texts
from dispatch.models.language import ENGLISH
from dispatch.models.moments import format_day
from dispatch.models.money import format_money


def told(
    order: Order,
    refunds: Iterable[Refund],
    at: datetime,
    *,
    essentials: bool = False,
    language: str = ENGLISH,
) -> str:
    """Return one paragraph: the order's status, since when, the next step, and its tracking link.

    `at` is the time of the reply; `essentials` keeps only the status and the link.
    """
    sentences = [_where(order, language)]
    if not essentials:
        sentences += [_expected(order, at, language), *_refunded(order, refunds, language)]
    if order.tracking_url and order.status in {"shipped", "delivered"}:
        # No full stop behind it: mail programs make it a part of the link.
        sentences.append(support_texts(language).tracking.format(link=order.tracking_url))
    return " ".join(sentence for sentence in sentences if sentence)


def _where(order: Order, language: str) -> str:
    texts = support_texts(language)
    if order.status == "delivered" and order.delivered_at is not None:
        return texts.delivered_on.format(
            number=order.order_number, day=format_day(order.delivered_at, language)
        )
    stands = {
        "placed": texts.placed,
        "paid": texts.paid,
        "shipped": texts.shipped,
        "delivered": texts.delivered,
        "returned": texts.returned,
        "cancelled": texts.cancelled,
    }[order.status]
    return stands.format(number=order.order_number, day=format_day(order.placed_at, language))


def _expected(order: Order, at: datetime, language: str) -> str:
    if order.expected_at is None or order.status not in {"placed", "paid", "shipped"}:
        return ""
    texts = support_texts(language)
    is_ahead = order.expected_at >= at or format_day(order.expected_at) == format_day(at)
    text = texts.expected_by if is_ahead else texts.late
    return text.format(day=format_day(order.expected_at, language))


def _refunded(order: Order, refunds: Iterable[Refund], language: str) -> Iterable[str]:
    for refund in refunds:
        if refund.order_number == order.order_number and refund.status == "succeeded":
            yield support_texts(language).refunded_on.format(
                amount=format_money(refund.amount, language), day=format_day(refund.created_at, language)
            )
