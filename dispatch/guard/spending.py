"""Finds the tier of an amount, and of the sums that it is part of."""

from collections.abc import Iterable, Sequence

from dispatch.guard.risk import Raised, Sum
from dispatch.models.money import Money, format_money
from dispatch.models.work.guardian import Reason
from dispatch.models.work.playbook import AmountTier, Tier


def tier_of(amount_minor: int, steps: Sequence[AmountTier]) -> Tier | None:
    """Return the tier of an amount; None above the last step."""
    return next((step.tier for step in steps if amount_minor <= step.up_to_minor), None)


def of_amount(amount: Money, steps: Sequence[AmountTier]) -> tuple[list[Reason], list[Raised]]:
    """Compare an amount with the steps of its currency; above the last, or without steps, it blocks."""
    tier = tier_of(amount.amount_minor, steps)
    if tier is None:
        return [
            Reason(rule="amount.limit", text=f"the playbook lets nobody spend {format_money(amount)}")
        ], []
    return [], [Raised(tier, Reason(rule="amount.tier", text=f"{format_money(amount)} is of tier {tier}"))]


def of_sums(
    amount: Money, sums: Iterable[Sum], steps: Sequence[AmountTier]
) -> tuple[list[Reason], list[Raised]]:
    """Compare each sum, with the amount itself, with the steps; return what blocks and what raises the tier.

    Only a sum that is above the amount's own tier is a reason: the amount's own stands beside it.
    """
    alone = tier_of(amount.amount_minor, steps)
    if alone is None:
        return [], []  # the amount itself is above the last step, and blocks
    blocks, raises = [], []
    for rule, words, before in sums:
        tier = tier_of(amount.amount_minor + before, steps)
        if tier is alone:
            continue
        earlier, whole = (_money(minor, amount) for minor in (before, before + amount.amount_minor))
        text = f"{format_money(amount)} with {earlier} already {words} makes {whole}"
        if tier is None:
            blocks.append(Reason(rule=rule, text=f"{text}; the playbook lets nobody spend that much"))
        else:
            raises.append(Raised(tier, Reason(rule=rule, text=f"{text}, which is of tier {tier}")))
    return blocks, raises


def _money(amount_minor: int, like: Money) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=like.currency))
