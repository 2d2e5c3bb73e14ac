"""Adds up the amounts that count together with a refund."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from desks.support.models.records import Payment, Refund
from desks.support.models.refund_action import Velocity
from dispatch.guard.risk import Raised, Sum
from dispatch.models.work.guardian import Reason
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
    """Add up records, reservations of other requests, and other refunds of the proposal; each key once, without `own`.

    For a claim that is already in the records, made or cancelled, the records count. Without a velocity in the playbook
    there is no window: then only the same payment, and the other refunds of the proposal, count.
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


def sums_of(spend: SpendSoFar, velocity: Velocity | None) -> tuple[Sum, ...]:
    """Return the sums that include a refund: on its payment, and to its customer within the window."""
    within = f" within {velocity.window / _DAY:g} days" if velocity is not None else ""
    return (
        Sum("refund.payment_sum", "refunded or asked for on this payment", spend.account_minor),
        Sum("refund.customer_sum", f"refunded or asked for to this customer{within}", spend.owner_minor),
    )


def of_count(spend: SpendSoFar, velocity: Velocity | None) -> list[Raised]:
    """Raise the tier if the playbook's number of refunds is reached."""
    if velocity is None or spend.count < velocity.max_refunds:
        return []
    text = f"{spend.count} refunds to this customer within {velocity.window / _DAY:g} days before this one"
    if spend.unpaid:
        text += f", {spend.unpaid} of them asked for and not on record yet"
    return [Raised(velocity.tier, Reason(rule="refund.velocity", text=text))]
