"""Computes the rank: the playbook's points for the known facts, each with its reason."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from dispatch.models.durations import spoken
from dispatch.models.moments import format_moment
from dispatch.models.money import Money, format_money
from dispatch.models.work.finding import Finding
from dispatch.models.work.ranking import URGENCIES, Rank, RankingFacts, RankingPolicy, RankReason, Weight

_DAY: Final = timedelta(days=1)


def rank(facts: RankingFacts, policy: RankingPolicy) -> Rank:
    """Return the rank of a request as it came in: the sum of its points, and a reason for each part."""
    reasons = tuple(_reasons(facts, policy))
    score = sum(reason.points for reason in reasons)
    return Rank(
        priority_key=_priority_of(score, policy),
        score=score,
        reasons=reasons,
        waiting_per_day=policy.waiting_per_day,
    )


def with_findings(facts: RankingFacts, findings: Iterable[Finding]) -> RankingFacts:
    """Return the facts with what the records say, which counts before what the text says."""
    evidence = [finding.ranking for finding in findings if finding.ranking is not None]
    amounts = tuple(dict.fromkeys(one.value for one in evidence if one.value is not None))[:20]
    tiers = [one.customer_tier for one in evidence if one.customer_tier]
    known = {"customer_tier": tiers[0]} if tiers else {}
    on_record = {"amounts": amounts, "amounts_on_record": True} if amounts else {}
    return facts.model_copy(update={**known, **on_record})


def waited(ranked: Rank, since: datetime, now: datetime) -> Rank:
    """Return a rank as it counts for a reader at `now`: with the points for the time since the request began.

    The priority key stays: Temporal's queue has it as it was when the work was handed over.
    """
    points = waiting_points(ranked.waiting_per_day, since, now)
    reason = RankReason(
        weight=Weight.WAITING, points=points, text=f"waiting for {spoken(max(now - since, timedelta()))}"
    )
    return ranked.model_copy(update={"score": ranked.score + points, "reasons": (*ranked.reasons, reason)})


def waiting_points(per_day: int, since: datetime, now: datetime) -> int:
    """Return the whole points for a time of waiting; none for a time that is still to come."""
    return max(per_day * (now - since) // _DAY, 0)


def _priority_of(score: int, policy: RankingPolicy) -> int:
    keys = (key for key, least in enumerate(policy.priorities, start=1) if score >= least)
    return next(keys, URGENCIES)


def _reasons(facts: RankingFacts, policy: RankingPolicy) -> Iterable[RankReason]:
    said = f"{facts.sign!r} was said" if facts.sign else "no sign of urgency was found"
    yield RankReason(
        weight=Weight.URGENCY,
        points=policy.urgency[facts.urgency - 1],
        text=f"urgency {facts.urgency} of {URGENCIES}, {said}",
    )
    if (deadline := facts.deadline) is not None:
        left = deadline.at - facts.asked_at
        points = next((band.points for band in policy.deadline if left <= band.within), 0)
        text = f"{deadline.said!r} was said, which is {format_moment(deadline.at)}"
        yield RankReason(weight=Weight.DEADLINE, points=points, text=text)
    if facts.amounts:
        points, amount = max(((_of_value(one, policy), one) for one in facts.amounts), key=_more)
        where = "on record" if facts.amounts_on_record else "in the text"
        yield RankReason(
            weight=Weight.VALUE, points=points, text=f"{format_money(amount)} is concerned, {where}"
        )
    if facts.customer_tier:
        yield RankReason(
            weight=Weight.CUSTOMER_TIER,
            points=policy.customer_tiers.get(facts.customer_tier, 0),
            text=f"customer tier {facts.customer_tier}, on record",
        )


def _of_value(amount: Money, policy: RankingPolicy) -> int:
    bands = policy.value.get(amount.currency, ())
    return max((band.points for band in bands if amount.amount_minor >= band.from_minor), default=0)


def _more(valued: tuple[int, Money]) -> tuple[int, int, str]:
    points, amount = valued
    return points, amount.amount_minor, amount.currency
