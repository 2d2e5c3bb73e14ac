"""How risk becomes scrutiny: a higher tier never asks for less, and a gap in the playbook never lets anything through."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from dispatch.models.work.approval_policy import NO_APPROVAL, ApprovalPolicy
from dispatch.models.work.guardian import GuardDecision, Reason
from dispatch.models.work.playbook import GuardianPolicy, Tier
from dispatch.models.work.spend_quota import SpendSoFar

_TIERS: Final = tuple(Tier)
_LEAST: Final = {
    Tier.HIGH: ApprovalPolicy(signatures=1, signed=True),
    Tier.CRITICAL: ApprovalPolicy(signatures=2, signed=True),
}


class Raised(NamedTuple):
    """A circumstance that puts an action at `tier` at least."""

    tier: Tier
    reason: Reason


class Sum(NamedTuple):
    """What counts together with an action's amount, itself excluded; `words` end the sentence that says so."""

    rule: str
    words: str
    before_minor: int


class Inspection(NamedTuple):
    """What the hard rules of one action found.

    `least` is the lowest tier that the playbook has for this action, whatever the circumstances; the engine finds it.
    `sums` are those that its amount is part of: the tier is that of the whole.
    `most` holds what a numeric parameter may be at most: what an edit beyond it would be cut to is refused instead.
    """

    least: Tier = Tier.LOW
    blocks: tuple[Reason, ...] = ()
    raises: tuple[Raised, ...] = ()
    spend: SpendSoFar | None = None
    sums: tuple[Sum, ...] = ()
    most: tuple[tuple[str, int], ...] = ()


def least_approval(tier: Tier) -> ApprovalPolicy:
    """Return the approval that every playbook must require at a tier at least."""
    return _LEAST.get(tier, NO_APPROVAL)


def riskiest(tiers: Iterable[Tier]) -> Tier:
    """Return the highest of some tiers, at least one."""
    return max(tiers, key=_TIERS.index)


def strictest_with_a_person(policy: GuardianPolicy) -> Tier | None:
    """Return the highest tier in which a person decides; None if the playbook has none."""
    asking = [tier for tier, scrutiny in policy.tiers.items() if scrutiny.approval.signatures]
    return riskiest(asking) if asking else None


def least_with_a_person(policy: GuardianPolicy) -> Tier | None:
    """Return the lowest tier in which a person decides; None if the playbook has none."""
    return next(
        (tier for tier in _TIERS if tier in policy.tiers and policy.tiers[tier].approval.signatures), None
    )


def scrutiny_of(policy: GuardianPolicy, least: Tier, tier: Tier) -> tuple[GuardDecision, Reason]:
    """Turn the tier that an action reached into a decision.

    Blocked if any tier from `least` to `tier` is missing, not only `tier` itself, and if scrutiny falls as tiers
    rise: otherwise a riskier action could skip over a gap and be held, or allowed, where a lesser one is not.
    """
    reached = _TIERS[_TIERS.index(least) : _TIERS.index(tier) + 1]
    missing = [t for t in reached if t not in policy.tiers]
    if missing:
        text = f"the playbook has no tier {', '.join(missing)}, so nothing says who decides"
        return GuardDecision.BLOCK, Reason(rule="tier.missing", text=text)
    required = [policy.tiers[t].approval for t in _TIERS if t in policy.tiers]
    if any(not higher.covers(lower) for lower, higher in pairwise(required)):
        return GuardDecision.BLOCK, Reason(rule="tier.order", text="the playbook asks less of a higher tier")
    approval = policy.tiers[tier].approval
    if approval.signatures == 0:
        return GuardDecision.ALLOW, Reason(rule=f"tier.{tier}", text=f"tier {tier} needs no approval")
    return GuardDecision.HOLD, Reason(rule=f"tier.{tier}", text=f"tier {tier} needs {approval.in_words}")
