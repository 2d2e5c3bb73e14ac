"""How soon a request is done, and whose turn it is: points for what is known of it, and a key of its organisation."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from dispatch.models.durations import spoken
from dispatch.models.moments import format_moment
from dispatch.models.money import Money, format_money
from dispatch.models.work.finding import Finding
from dispatch.models.work.ranking import URGENCIES, Rank, RankingFacts, RankingPolicy, RankReason, Weight

_DAY: Final = timedelta(days=1)
_KEY_BYTES: Final = 64
"""What Temporal takes as a fairness key."""
_DIGITS: Final = 16
# Mail providers of people who have nothing in common: by name under any top-level domain, and by whole domain.
_NAMES: Final = "aol fastmail gmail gmx googlemail hotmail icloud live outlook proton protonmail tutanota yahoo yandex ymail zoho"
_DOMAINS: Final = (
    "126.com 163.com arcor.de bluewin.ch btinternet.com comcast.net free.fr freenet.de hey.com laposte.net libero.it "
    "mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com o2.pl online.de orange.fr pm.me posteo.de posteo.net "
    "qq.com rediffmail.com seznam.cz t-online.de tuta.com tuta.io wanadoo.fr web.de wp.pl"
)
_FREE_MAIL_NAMES, _FREE_MAIL_DOMAINS = frozenset(_NAMES.split()), frozenset(_DOMAINS.split())
_SECOND: Final = "ac co com edu gob gov gv ltd me ne net nom or org plc"
_SECOND_LEVELS: Final = frozenset(_SECOND.split())
"""Below a country's domain these are no organisation's name: what stands before them is."""
_COUNTRY_LETTERS: Final = 2


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


def organisation_of(address: str) -> str:
    """Return the domain of an address's organisation, without its subdomains; 'unknown' without one."""
    domain = address.rpartition("@")[2].strip().strip(".").lower() if "@" in address else ""
    labels = [label for label in domain.split(".") if label]
    below_country = len(labels) > 1 and len(labels[-1]) == _COUNTRY_LETTERS and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3 if below_country else -2 :]) or "unknown"


def fairness_key(address: str) -> str:
    """Return the key by which requests share a busy worker: the organisation, or the address at a mail provider.

    An address is digested, for Temporal shows and stores the key as it is. Temporal takes 64 bytes at most.
    """
    organisation = organisation_of(address)
    if organisation in _FREE_MAIL_DOMAINS or organisation.partition(".")[0] in _FREE_MAIL_NAMES:
        whole = address.strip().lower().encode("utf-8", "replace")
        return f"{organisation[: _KEY_BYTES // 2]}/{hashlib.sha256(whole).hexdigest()[:_DIGITS]}"
    # The right end of a domain names the organisation; the left one is free to vary.
    return organisation.encode("utf-8", "replace")[-_KEY_BYTES:].decode("utf-8", "ignore") or "unknown"
