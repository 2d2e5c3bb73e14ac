"""Reads the guardian's facts of a refund from records alone."""

import asyncio
from datetime import timedelta
from typing import Final

from activities.contracts import FactsContext
from desks.support.models.records import Customer, Order, Payment, Refund
from desks.support.models.refund_action import RefundGuardFacts, RefundGuardPolicy, RefundParameters
from desks.support.systems.records import Records
from dispatch.models.errors import RefusedError
from dispatch.models.work.spend_quota import NO_WINDOW

# The records' codes for a missing row; the rules then block an action that names it.
_NO_SUCH: Final = frozenset({"customer_not_found", "invalid_id"})


async def refund_facts(records: Records, context: FactsContext) -> RefundGuardFacts:
    """Read by what the action names; the rules block it where those names do not fit together."""
    refund: RefundParameters = context.parameters
    policy: RefundGuardPolicy = context.policy
    window = policy.velocity.window if policy.velocity is not None else NO_WINDOW
    customers, order, recent, own = await asyncio.gather(
        _customers(records, context.requester.address),
        _order(records, refund.order_number),
        _recent(records, refund.customer_id, window, context),
        records.refunds_by_key(context.bound.idempotency_key),
    )
    # After the refunds, never before: a refund made in between then counts twice instead of not at all.
    payment = await _payment(records, refund.payment_id)
    fits = order is not None and payment is not None and payment.order_number == order.order_number
    return RefundGuardFacts(
        requester_records=customers,
        payment=payment,
        payment_customer_id=order.customer_id if order is not None and fits else None,
        recent_refunds=tuple({each.refund_id: each for each in (*recent, *own)}.values()),
        window=window,
    )


async def _customers(records: Records, address: str) -> tuple[Customer, ...]:
    # A mail may have no readable sender; then no record is looked up.
    return await records.customers_by_email(address) if address.strip() else ()


async def _payment(records: Records, payment_id: str) -> Payment | None:
    try:
        return await records.payment(payment_id)
    except RefusedError as refusal:
        if refusal.code in _NO_SUCH:
            return None
        raise


async def _order(records: Records, order_number: str) -> Order | None:
    try:
        return await records.order(order_number)
    except RefusedError as refusal:
        if refusal.code in _NO_SUCH:
            return None
        raise


async def _recent(
    records: Records, customer_id: str, window: timedelta, context: FactsContext
) -> tuple[Refund, ...]:
    try:
        return await records.refunds_since(customer_id, context.now - window)
    except RefusedError as refusal:
        if refusal.code in _NO_SUCH:
            return ()
        raise
