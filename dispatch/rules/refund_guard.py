"""The hard rules for money back: whose payment, how much of it, and how often."""

from datetime import timedelta
from typing import Final

from dispatch.models.guardian import GuardBrief, GuardianFacts, Reason
from dispatch.models.parameters import IssueRefund
from dispatch.models.playbook import ActionPolicy
from dispatch.models.records import Money, Payment, Refund, format_money
from dispatch.rules.risk import Inspection, Raised, riskiest

_DAY: Final = timedelta(days=1)


def inspect_refund(
    refund: IssueRefund, brief: GuardBrief, facts: GuardianFacts, policy: ActionPolicy
) -> Inspection:
    """Hold a refund against the payment as it is now.

    A standing refund under this action's own key is the same effect, met again after a reset: it counts neither
    against what remains of the payment nor as an earlier refund.
    """
    steps = policy.amounts.get(refund.currency, ())
    least = riskiest((policy.tier, steps[0].tier)) if steps else policy.tier
    fitting = [step.tier for step in steps if refund.amount_minor <= step.up_to_minor]
    blocks = list(_ownership(refund, facts))
    if facts.payment is not None:
        blocks += _amount(refund, facts.payment, _under_own_key(brief, facts, facts.payment))
    raises = list(_velocity(brief, facts))
    asked = _text(refund.amount_minor, refund.currency)
    if not fitting:
        text = f"the playbook lets nobody refund {asked}"
        blocks.append(Reason(rule="refund.limit", text=text))
    else:
        text = f"{asked} is of tier {fitting[0]}"
        raises.append(Raised(fitting[0], Reason(rule="refund.amount_tier", text=text)))
    return Inspection(least=least, blocks=tuple(blocks), raises=tuple(raises))


def _ownership(refund: IssueRefund, facts: GuardianFacts) -> list[Reason]:
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


def _amount(refund: IssueRefund, payment: Payment, own_minor: int) -> list[Reason]:
    if refund.currency != payment.amount.currency:
        text = f"the payment was in {payment.amount.currency}, not in {refund.currency}"
        return [Reason(rule="refund.currency", text=text)]
    remains = payment.amount.amount_minor - payment.refunded_minor + own_minor
    if refund.amount_minor > remains:
        asked, left = _text(refund.amount_minor, refund.currency), _text(remains, refund.currency)
        return [Reason(rule="refund.remainder", text=f"{asked} is more than the {left} that remain")]
    return []


def _under_own_key(brief: GuardBrief, facts: GuardianFacts, payment: Payment) -> int:
    return sum(
        r.amount.amount_minor
        for r in _standing(facts)
        if r.idempotency_key == brief.bound.idempotency_key
        and (r.payment_id, r.amount.currency) == (payment.payment_id, payment.amount.currency)
    )


def _velocity(brief: GuardBrief, facts: GuardianFacts) -> list[Raised]:
    velocity = brief.policy.velocity
    earlier = [r for r in _standing(facts) if r.idempotency_key != brief.bound.idempotency_key]
    if velocity is None or len(earlier) < velocity.max_refunds:
        return []
    text = f"{len(earlier)} refunds to this customer within {velocity.window / _DAY:g} days"
    return [Raised(velocity.tier, Reason(rule="refund.velocity", text=text))]


def _standing(facts: GuardianFacts) -> list[Refund]:
    return [refund for refund in facts.recent_refunds if refund.status == "succeeded"]


def _text(amount_minor: int, currency: str) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=currency))
