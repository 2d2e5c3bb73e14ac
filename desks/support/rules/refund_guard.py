"""The hard rules for money back: whose payment, how much of it, and how often."""

from desks.support.models.records import Payment, Refund
from dispatch.guard.risk import Inspection, Raised, riskiest
from dispatch.guard.spend_quota import claims_of
from dispatch.guard.spending import of_count, of_sums, spend_so_far, tier_of
from dispatch.models.money import Money, format_money
from dispatch.models.work.guardian import GuardBrief, GuardianFacts, Reason
from dispatch.models.work.parameters import IssueRefund
from dispatch.models.work.playbook import ActionPolicy
from dispatch.models.work.spend_quota import Claim


def inspect_refund(
    refund: IssueRefund, brief: GuardBrief, facts: GuardianFacts, policy: ActionPolicy
) -> Inspection:
    """Hold a refund, and the sums that it is part of, against the payment and the customer as they are now.

    A standing refund under this action's own key is the same effect, met again after a reset: it counts neither
    against what remains of the payment nor as an earlier refund. What other requests reserved, and what else this
    proposal refunds, counts as if it were paid: a sum that is split is judged as the whole.
    """
    steps, velocity = policy.amounts.get(refund.currency, ()), brief.policy.velocity
    amount = Money(amount_minor=refund.amount_minor, currency=refund.currency)
    own = Claim(idempotency_key=brief.bound.idempotency_key, account=refund.payment_id, amount=amount)
    beside = claims_of(brief.siblings).get(refund.customer_id, ())
    spend = spend_so_far(own, facts.payment, facts.recent_refunds, facts.reserved, beside, velocity)
    blocks = list(_ownership(refund, facts))
    if facts.payment is not None:
        blocks += _amount(refund, facts.payment, _under_own_key(brief, facts, facts.payment))
    raises = of_count(spend, velocity)
    tier = tier_of(refund.amount_minor, steps)
    if tier is None:
        text = f"the playbook lets nobody refund {format_money(amount)}"
        blocks.append(Reason(rule="refund.limit", text=text))
    else:
        text = f"{format_money(amount)} is of tier {tier}"
        raises.append(Raised(tier, Reason(rule="refund.amount_tier", text=text)))
    too_much, more = of_sums(amount, spend, steps, velocity)
    return Inspection(
        least=riskiest((policy.tier, steps[0].tier)) if steps else policy.tier,
        blocks=(*blocks, *too_much),
        raises=(*raises, *more),
        spend=spend,
    )


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
        for r in _status(facts)
        if r.idempotency_key == brief.bound.idempotency_key
        and (r.payment_id, r.amount.currency) == (payment.payment_id, payment.amount.currency)
    )


def _status(facts: GuardianFacts) -> list[Refund]:
    return [refund for refund in facts.recent_refunds if refund.status == "succeeded"]


def _text(amount_minor: int, currency: str) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=currency))
