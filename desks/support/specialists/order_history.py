"""Finds the requester's customer record and the orders that a request is about; never another customer's."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar, Final

from activities.contracts import System, Systems
from desks.support.models.facts import OrderFacts, OrderTerms
from desks.support.models.records import Customer, Order, Payment, Refund
from desks.support.rules.order_choice import Meant, meant_order
from desks.support.systems.records import Records
from dispatch.models.contract import Contract
from dispatch.models.moments import format_day
from dispatch.models.money import Money, format_money
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, Finding, FindingStatus
from dispatch.models.work.ranking import RankingEvidence

_NAME: Final = "order_history"


class OrderHistory:
    """Reads the requester's own orders, and determines which of them each item is about.

    Only an address on record gives access, and only that customer's orders are read: another customer's order number
    and a nonexistent one give the same finding. Facts: OrderFacts.

    Raises the errors of the records client; no match and ambiguity are findings.
    """

    uses: ClassVar[tuple[type[System], ...]] = (Records,)
    needs: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[Contract]] = OrderTerms

    def __init__(self, systems: Systems) -> None:
        self._records = systems.get(Records)

    async def examine(self, brief: Brief) -> Finding:
        terms = OrderTerms.model_validate(brief.config)
        items = [item for item in brief.items if item.kind in brief.intents and _concerns(item, brief)]
        customers = await self._records.customers_by_email(brief.requester.address)
        if len(customers) > 1:
            return _two_customers(brief, items, customers)
        if not customers:
            return _no_customer(brief, items)
        (customer,) = customers
        own = await self._records.orders_of(customer.customer_id) if items else ()
        meant = {item.item_id: meant_order(item, own, terms, brief.handoff.at) for item in items}
        facts = await self._facts(customer, own, meant, brief.request_id)
        evidence = (*_evidence(facts), *_without_an_order(meant, facts))
        return Finding(
            handoff=brief.handoff,
            specialist=_NAME,
            status=_status(items, facts),
            summary=_summary(customer, meant),
            facts=facts.model_dump(mode="json"),
            evidence=evidence,
            ranking=RankingEvidence(customer_tier=customer.tier, value=_value_of(facts)),
        )

    async def _facts(
        self, customer: Customer, own: tuple[Order, ...], meant: dict[str, Meant], request_id: str
    ) -> OrderFacts:
        by_item = {item_id: found.number for item_id, found in meant.items() if found.number is not None}
        orders = tuple(order for order in own if order.order_number in by_item.values())
        payments: list[tuple[Payment, ...]] = []
        refunds: tuple[Refund, ...] = ()
        if orders:
            # No refund of an order is older than the order itself.
            since = min(order.placed_at for order in orders)
            refunds, payments = await asyncio.gather(
                self._records.refunds_since(customer.customer_id, since),
                asyncio.gather(*(self._records.payments_of(order.order_number) for order in orders)),
            )
        mine = tuple(r for r in refunds if r.idempotency_key.startswith(f"{request_id}/"))
        return OrderFacts(
            customer=customer,
            candidates={item_id: found.candidates for item_id, found in meant.items() if found.candidates},
            orders=orders,
            payments=tuple(_without(mine, payment) for of_order in payments for payment in of_order),
            refunds=tuple(r for r in refunds if r.order_number in by_item.values() and r not in mine),
            by_item=by_item,
        )


def _value_of(facts: OrderFacts) -> Money | None:
    """Return the total of the largest order that the items are about; several orders need not have one currency."""
    return max((order.total for order in facts.orders), key=lambda total: total.amount_minor, default=None)


def _without(mine: tuple[Refund, ...], payment: Payment) -> Payment:
    """Leave out this request's own refunds: after a reset it must produce the same draft again."""
    paid = sum(
        r.amount.amount_minor for r in mine if r.payment_id == payment.payment_id and r.status == "succeeded"
    )
    return payment.model_copy(update={"refunded_minor": payment.refunded_minor - paid}) if paid else payment


def _concerns(item: Item, brief: Brief) -> bool:
    return _NAME in brief.intents[item.kind].specialists


def _status(items: Iterable[Item], facts: OrderFacts) -> FindingStatus:
    """Return the combined outcome; ambiguity has precedence, because a person or the requester can still resolve it."""
    if facts.candidates:
        return FindingStatus.AMBIGUOUS
    if facts.by_item or not list(items):
        return FindingStatus.FOUND
    return FindingStatus.NOTHING


def _summary(customer: Customer, meant: dict[str, Meant]) -> str:
    parts = [f"{item_id}: {found.why}" for item_id, found in meant.items()]
    return f"customer {customer.customer_id}; {'; '.join(parts) or 'no item is about an order'}"


def _two_customers(brief: Brief, items: Iterable[Item], customers: tuple[Customer, ...]) -> Finding:
    ids = ", ".join(sorted(customer.customer_id for customer in customers))
    why = f"{len(customers)} customers share the requester's address: {ids}"
    facts = OrderFacts(candidates={item.item_id: () for item in items})
    return Finding(
        handoff=brief.handoff,
        specialist=_NAME,
        status=FindingStatus.AMBIGUOUS,
        summary=why,
        facts=facts.model_dump(mode="json"),
        evidence=(_record("customers", "customers by address", why),),
    )


def _no_customer(brief: Brief, items: Iterable[Item]) -> Finding:
    why = "no customer has this address on record"
    return Finding(
        handoff=brief.handoff,
        specialist=_NAME,
        status=FindingStatus.NOTHING,
        summary=why,
        facts=OrderFacts().model_dump(mode="json"),
        evidence=tuple(_record(item.item_id, "customers by address", why) for item in items),
    )


def _without_an_order(meant: dict[str, Meant], facts: OrderFacts) -> Iterable[Evidence]:
    for item_id, found in meant.items():
        if item_id not in facts.by_item:
            yield _record(item_id, "orders of the customer", found.why)


def _evidence(facts: OrderFacts) -> Iterable[Evidence]:
    if facts.customer is not None:
        text = f"customer {facts.customer.customer_id} has the requester's address on record"
        yield _record("customer", facts.customer.customer_id, text)
    for order in facts.orders:
        yield _record(f"order.{order.order_number}", order.order_number, _told(order))
    for payment in facts.payments:
        refunded = payment.amount.model_copy(update={"amount_minor": payment.refunded_minor})
        text = f"{format_money(payment.amount)} captured on {format_day(payment.captured_at)}, "
        text += f"{format_money(refunded)} of it refunded"
        yield _record(f"payment.{payment.payment_id}", payment.payment_id, text)
    for refund in facts.refunds:
        text = f"{format_money(refund.amount)} {refund.status}, created on {format_day(refund.created_at)}"
        yield _record(f"refund.{refund.refund_id}", refund.refund_id, text)


def _told(order: Order) -> str:
    told = f"{order.status}, {format_money(order.total)}, placed on {format_day(order.placed_at)}"
    if order.delivered_at is not None:
        told += f", delivered on {format_day(order.delivered_at)}"
    elif order.expected_at is not None:
        told += f", expected on {format_day(order.expected_at)}"
    return told


def _record(what: str, reference: str, text: str) -> Evidence:
    return Evidence(evidence_id=f"{_NAME}.{what}", source="records", reference=reference, text=text)
