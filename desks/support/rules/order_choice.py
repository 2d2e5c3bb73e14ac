"""Chooses the customer's order that an item is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from desks.support.models.facts import OrderTerms
from desks.support.models.records import Order
from dispatch.models.request.item import Item

_OPEN: Final = frozenset({"placed", "paid", "shipped"})
_SHOWN: Final = 5


class Meant(NamedTuple):
    """The chosen order, or the candidates, or neither if nothing was found. `why` is for people of the desk."""

    number: str | None
    candidates: tuple[str, ...]
    why: str


def meant_order(item: Item, own: Sequence[Order], terms: OrderTerms, at: datetime) -> Meant:
    """Return the order with the item's order number, else the only one that is open or recent.

    `own` are only the customer's own orders, so the number of another customer's order is not found.
    """
    if named := item.fields.get("order_number", "").strip().upper():
        for order in own:
            if order.order_number.upper() == named:
                return Meant(order.order_number, (), order.order_number)
        return Meant(None, (), "no order of the number named is this customer's")
    if not own:
        return Meant(None, (), "the customer has no orders")
    likely = [order for order in own if _is_likely(order, terms, at)]
    if len(likely) == 1:
        number = likely[0].order_number
        return Meant(number, (), f"{number}, the only open or recent order")
    numbers = tuple(order.order_number for order in likely or own)[:_SHOWN]
    return Meant(None, numbers, f"no order is named; it may be {', '.join(numbers)}")


def _is_likely(order: Order, terms: OrderTerms, at: datetime) -> bool:
    latest = order.delivered_at or order.placed_at
    return order.status in _OPEN or at - latest <= terms.recent
