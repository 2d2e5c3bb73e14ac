"""The hard rules for refunds: whose payment, how much of it, and how often."""

from desks.support.models.records import Payment, Refund
from desks.support.models.refund_action import RefundGuardFacts, RefundGuardPolicy, RefundParameters
from desks.support.rules.refund_sums import of_count, spend_so_far, sums_of
from dispatch.guard.contract import GuardContext
from dispatch.guard.risk import Inspection
from dispatch.models.errors import FactsMissingError
from dispatch.models.money import Money, format_money
from dispatch.models.work.guardian import Reason
from dispatch.models.work.spend_quota import NO_WINDOW, Claim


def inspect_refund(refund: RefundParameters, facts: RefundGuardFacts, context: GuardContext) -> Inspection:
    """Check a refund, and the sums that it is part of, against the payment and the customer as they are now.

    A valid refund under this action's own key is the same effect, found again after a reset: it counts neither
    against the rest of the payment nor as an earlier refund. Reservations of other requests, and other refunds of this
    proposal, count as paid: a split sum is judged as a whole. Raises FactsMissingError for a window that is longer
    than the data that was read, or of another length if reservations, which have no dates, count.
    """
    policy: RefundGuardPolicy = context.policy
    velocity, key = policy.velocity, context.bound.idempotency_key
    window = velocity.window if velocity is not None else NO_WINDOW
    if velocity is not None and window > facts.window:
        raise FactsMissingError("earlier refunds were read for a shorter time than the policy's window")
    if context.reserved and velocity is not None and window != facts.window:
        raise FactsMissingError("what other requests had reserved was asked for with another window")
    counting = tuple(
        each
        for each in facts.recent_refunds
        if each.idempotency_key == key or each.created_at >= context.now - window
    )
    amount = Money(amount_minor=refund.amount_minor, currency=refund.currency)
    own = Claim(idempotency_key=key, account=refund.payment_id, amount=amount)
    spend = spend_so_far(own, facts.payment, counting, context.reserved, context.beside, velocity)
    blocks = list(_ownership(refund, facts))
    if facts.payment is not None:
        blocks += _amount(refund, facts.payment, _under_own_key(key, facts, facts.payment))
    return Inspection(
        blocks=tuple(blocks),
        raises=tuple(of_count(spend, velocity)),
        spend=spend,
        sums=sums_of(spend, velocity),
        most=_most(refund, key, facts),
    )


def _ownership(refund: RefundParameters, facts: RefundGuardFacts) -> list[Reason]:
    payment, owner = facts.payment, facts.payment_customer_id
    if payment is None or payment.payment_id != refund.payment_id:
        text = f"there is no payment {refund.payment_id[:64]}"
        return [Reason(rule="refund.payment", text=text)]
    blocks = []
    if payment.order_number != refund.order_number:
        text = f"payment {payment.payment_id} is not of order {refund.order_number[:64]}"
        blocks.append(Reason(rule="refund.order", text=text))
    if owner is None or owner != refund.customer_id:
        text = f"payment {payment.payment_id} is not customer {refund.customer_id[:64]}'s"
        blocks.append(Reason(rule="refund.customer", text=text))
    if owner not in {customer.customer_id for customer in facts.requester_records}:
        text = f"payment {payment.payment_id} belongs to nobody with the requester's address on record"
        blocks.append(Reason(rule="refund.requester", text=text))
    return blocks


def _most(refund: RefundParameters, key: str, facts: RefundGuardFacts) -> tuple[tuple[str, int], ...]:
    payment = facts.payment
    if payment is None or payment.amount.currency != refund.currency:
        return ()
    return (("amount_minor", _remains(payment, _under_own_key(key, facts, payment))),)


def _remains(payment: Payment, own_minor: int) -> int:
    return payment.amount.amount_minor - payment.refunded_minor + own_minor


def _amount(refund: RefundParameters, payment: Payment, own_minor: int) -> list[Reason]:
    if refund.currency != payment.amount.currency:
        text = f"the payment was in {payment.amount.currency}, not in {refund.currency}"
        return [Reason(rule="refund.currency", text=text)]
    remains = _remains(payment, own_minor)
    if refund.amount_minor > remains:
        asked, left = _text(refund.amount_minor, refund.currency), _text(remains, refund.currency)
        return [Reason(rule="refund.remainder", text=f"{asked} is more than the {left} that remain")]
    return []


def _under_own_key(key: str, facts: RefundGuardFacts, payment: Payment) -> int:
    return sum(
        r.amount.amount_minor
        for r in _status(facts)
        if r.idempotency_key == key
        and (r.payment_id, r.amount.currency) == (payment.payment_id, payment.amount.currency)
    )


def _status(facts: RefundGuardFacts) -> list[Refund]:
    return [refund for refund in facts.recent_refunds if refund.status == "succeeded"]


def _text(amount_minor: int, currency: str) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=currency))
