"""The amount that an item asks for, and the amount of an order that can be refunded."""

import re
from typing import Final

from desks.support.models.records import Order, Payment
from dispatch.models.request.item import Item
from dispatch.text.extraction import amounts_with_place, says

# Words directly before a requested amount, in contrast to a paid one.
_ASKS_FOR: Final = re.compile(
    r"\b(?:refund|reimburse|return|back|credit)(?:ed|s|ing|ment)?"
    r"(?:\s+(?:me|us|of|the|an?|amount|sum|for|just|only|to|partial|part|with)){0,6}\s*$",
    re.IGNORECASE,
)
_NEAR: Final = 120
_BACK: Final = re.compile(r"^\S*\s+(?:\S+\s+)?back\b", re.IGNORECASE)


def amount_asked(item: Item, currency: str) -> int | None:
    """Return the amount that the item asks for, in minor units of `currency`; None if it names none.

    Its field `amount` has precedence. Of several amounts in the text only the one to refund counts:
    'I paid EUR 80, please refund EUR 20' asks for 20; if that is unclear, the result is None.
    """
    for text in (item.fields.get("amount", ""), item.text):
        found = [(money, at) for money, at in amounts_with_place(text) if money.currency == currency]
        amounts = {money.amount_minor for money, _ in found}
        if len(amounts) > 1:
            amounts = {money.amount_minor for money, at in found if _is_asked_for(text, at)}
        if len(amounts) == 1 and (amount := amounts.pop()) > 0:
            return amount
    return None


def _is_asked_for(text: str, at: int) -> bool:
    before, after = text[max(0, at - _NEAR) : at], text[at : at + _NEAR]
    return _ASKS_FOR.search(before) is not None or _BACK.match(after) is not None


def lines_named(item: Item, order: Order) -> frozenset[int]:
    """Return the indices of the order's lines whose article number or whole title the item names."""
    return frozenset(
        index for index, line in enumerate(order.lines) if says(item.text, (line.sku, line.title))
    )


def refundable(order: Order, lines: frozenset[int], payments: tuple[Payment, ...]) -> int:
    """Return the most that can be refunded for these lines of the order, in minor units.

    Records do not say for which lines an earlier refund was, so it counts against these: a person can correct a
    refund that is too small, but money paid twice is lost.
    """
    captured = sum(payment.amount.amount_minor for payment in payments)
    refunded = sum(payment.refunded_minor for payment in payments)
    left = max(0, captured - refunded)
    if len(lines) == len(order.lines):
        return left
    value = sum(order.lines[index].unit_price.amount_minor * order.lines[index].quantity for index in lines)
    return max(0, min(left, value - refunded))
