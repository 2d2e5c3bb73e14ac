"""Adds up what counts together with an action that spends, and finds the tier of the sum."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from desks.support.models.records import Payment, Refund
from dispatch.guard.risk import Raised
from dispatch.models.money import Money, format_money
from dispatch.models.work.guardian import Reason
from dispatch.models.work.playbook import AmountTier, Tier, Velocity
from dispatch.models.work.spend_quota import Claim, SpendSoFar

_DAY: Final = timedelta(days=1)


def spend_so_far(
    own: Claim,
    payment: Payment | None,
    recorded: Iterable[Refund],
    reserved: Iterable[Claim],
    beside: Iterable[Claim],
    velocity: Velocity | None,
) -> SpendSoFar:
    """Add up what records show, what other requests reserved, and what is proposed beside it; each key once, `own` not.

    A claim that records show already, made or cancelled, is what they say it is. Without a velocity in the playbook
    there is no window: then only the same payment, and what the same proposal spends, counts.
    """
    recorded, beside = tuple(recorded), tuple(beside)
    shown = {refund.idempotency_key for refund in recorded} | {own.idempotency_key}
    unpaid = {
        claim.idempotency_key: claim for claim in (*reserved, *beside) if claim.idempotency_key not in shown
    }
    standing = [refund for refund in recorded if refund.status == "succeeded"]
    earlier = [refund for refund in standing if refund.idempotency_key != own.idempotency_key]
    mine = sum(
        refund.amount.amount_minor
        for refund in standing
        if refund.idempotency_key == own.idempotency_key
        and (refund.payment_id, refund.amount.currency) == (own.account, own.amount.currency)
    )
    on_account = max(payment.refunded_minor - mine, 0) if payment is not None else 0
    alike = [claim for claim in unpaid.values() if claim.amount.currency == own.amount.currency]
    on_account += sum(claim.amount.amount_minor for claim in alike if claim.account == own.account)
    if velocity is None:
        together = {claim.idempotency_key for claim in beside}
        earlier = [refund for refund in earlier if refund.idempotency_key in together]
        unpaid = {key: claim for key, claim in unpaid.items() if key in together}
    amounts = [refund.amount for refund in earlier] + [claim.amount for claim in unpaid.values()]
    return SpendSoFar(
        count=len(amounts),
        unpaid=len(unpaid),
        account_minor=on_account,
        owner_minor=sum(a.amount_minor for a in amounts if a.currency == own.amount.currency),
    )


def tier_of(amount_minor: int, steps: Sequence[AmountTier]) -> Tier | None:
    """Return the tier of an amount; None above the last step."""
    return next((step.tier for step in steps if amount_minor <= step.up_to_minor), None)


def of_sums(
    amount: Money, spend: SpendSoFar, steps: Sequence[AmountTier], velocity: Velocity | None
) -> tuple[list[Reason], list[Raised]]:
    """Hold both sums, with the amount itself, against the steps; return what blocks and what raises the tier.

    Only a sum that is above the amount's own tier is a reason: the amount's own stands beside it.
    """
    alone = tier_of(amount.amount_minor, steps)
    if alone is None:
        return [], []  # the amount itself is above the last step, and blocks
    within = f" within {velocity.window / _DAY:g} days" if velocity is not None else ""
    parts = (
        ("refund.payment_sum", "on this payment", spend.account_minor),
        ("refund.customer_sum", f"to this customer{within}", spend.owner_minor),
    )
    blocks, raises = [], []
    for rule, where, before in parts:
        tier = tier_of(amount.amount_minor + before, steps)
        if tier is alone:
            continue
        earlier, whole = (_money(minor, amount) for minor in (before, before + amount.amount_minor))
        text = f"{format_money(amount)} with {earlier} already refunded or asked for {where} makes {whole}"
        if tier is None:
            blocks.append(Reason(rule=rule, text=f"{text}; the playbook lets nobody refund that much"))
        else:
            raises.append(Raised(tier, Reason(rule=rule, text=f"{text}, which is of tier {tier}")))
    return blocks, raises


def of_count(spend: SpendSoFar, velocity: Velocity | None) -> list[Raised]:
    """Raise the tier from the playbook's number of refunds on."""
    if velocity is None or spend.count < velocity.max_refunds:
        return []
    text = f"{spend.count} refunds to this customer within {velocity.window / _DAY:g} days before this one"
    if spend.unpaid:
        text += f", {spend.unpaid} of them asked for and not on record yet"
    return [Raised(velocity.tier, Reason(rule="refund.velocity", text=text))]


def _money(amount_minor: int, like: Money) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=like.currency))
