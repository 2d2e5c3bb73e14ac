"""Which decisions count, and what they permit.

A decision counts for one action of one proposal while its gate stands open. Signatures are not verified yet: a
decision on a tier that asks for one is refused, and one given where none is due changes nothing (the reason says so).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from dispatch.models.decision import Decision, DecisionCheck, DecisionRuling, DecisionVerdict, Subject
from dispatch.models.execution import Order
from dispatch.models.guardian import Ruling
from dispatch.models.playbook import Tier
from dispatch.rules.binding import is_intact
from dispatch.rules.decision_text import UnreadableError, edits_problem, excerpt, read_decision

CLOCK_SKEW: Final = timedelta(minutes=5)
SIGNED_TIERS: Final = frozenset({Tier.HIGH, Tier.CRITICAL})
_NEEDS_REASON: Final = frozenset({DecisionVerdict.REJECT, DecisionVerdict.RESPOND})


def check_decision(check: DecisionCheck) -> DecisionRuling:
    """Accept a raw decision or refuse it with the exact reason; never raises on what was sent.

    Refused: no object, over 64 KB, unreadable (the field is named, the reason has at most 300 characters), an id
    received before, another proposal, no subject of the gate, a subject already decided, a tier that needs a
    signature, a gate past its deadline, expired, issued more than five minutes ahead, a verdict or an approver that
    the gate does not name, an edit that is empty or not allowed, edits with another verdict, a rejection or response
    without a reason. What could not be read comes back as `received`, cut; the rest as `decision`.
    """
    try:
        decision = read_decision(check.raw)
    except UnreadableError as error:
        return DecisionRuling(
            handoff=check.handoff, accepted=False, reason=str(error), received=excerpt(check.raw)
        )
    subject = next((s for s in check.gate.subjects if s.digest == decision.action_digest), None)
    problem = _problem(check, decision, subject)
    reason = problem or _accepted(decision, subject)
    return DecisionRuling(handoff=check.handoff, accepted=problem is None, reason=reason, decision=decision)


def permits(order: Order, now: datetime) -> str | None:
    """Say why an order may not be carried out at `now` (timezone-aware); None if it may.

    Checked immediately before the effect, for a worker may be handed an order days after it was decided. A
    guardian's block is never lifted by a person. An allowed action needs no decision; one that is given must fit.
    """
    verdict, bound = order.verdict, order.bound
    if not is_intact(bound):
        return "the action is not the one that its digest was taken of"
    if verdict.action_digest != bound.digest:
        return "the guardian ruled on another action"
    if verdict.ruling is Ruling.BLOCK:
        return "the guardian blocked it"
    if verdict.ruling is Ruling.HOLD and verdict.tier in SIGNED_TIERS:
        return _unsigned(verdict.tier)
    if order.leave is None:
        return "it is held and nobody decided on it" if verdict.ruling is Ruling.HOLD else None
    return next((why for decision in order.leave.decisions if (why := _unfit(order, decision, now))), None)


def _unfit(order: Order, decision: Decision, now: datetime) -> str | None:
    if decision.verdict is not DecisionVerdict.APPROVE:
        return f"the decision says {decision.verdict}"
    if decision.proposal_id != order.bound.proposal_id:
        return f"the decision is on proposal {decision.proposal_id}, not on {order.bound.proposal_id}"
    if decision.action_digest != order.bound.digest:
        return "the decision is on another action"
    if decision.expires_at is not None and decision.expires_at <= now:
        return f"the decision expired at {decision.expires_at.isoformat()}"
    return None


def _problem(check: DecisionCheck, decision: Decision, subject: Subject | None) -> str | None:
    """Give the first reason to refuse, in the order in which a person would want to know."""
    if decision.decision_id in check.seen:
        return f"duplicate: decision {decision.decision_id} was received before"
    if decision.proposal_id != check.gate.proposal_id:
        return f"stale: names proposal {decision.proposal_id}, but {check.gate.proposal_id} waits"
    if subject is None:
        return f"names no action that waits here: digest {decision.action_digest}"
    if _approved(check, subject):
        return f"{subject.name} is already decided"
    checks: tuple[Callable[[DecisionCheck, Decision, Subject], str | None], ...] = (
        _not_by_signature,
        _in_time,
        _allowed_here,
        _complete,
    )
    return next((problem for check_one in checks if (problem := check_one(check, decision, subject))), None)


def _approved(check: DecisionCheck, subject: Subject) -> bool:
    given = [decision for decision in check.approvals if decision.action_digest == subject.digest]
    return len(given) >= subject.approvals_needed


def _not_by_signature(_check: DecisionCheck, _decision: Decision, subject: Subject) -> str | None:
    return _unsigned(subject.tier) if subject.tier in SIGNED_TIERS else None


def _in_time(check: DecisionCheck, decision: Decision, _subject: Subject) -> str | None:
    received = check.received_at
    # While no worker ran, a decision may have lain in history since before the deadline: then when it was made counts.
    if check.gate.deadline <= min(received, decision.issued_at):
        return f"late: the deadline was {check.gate.deadline.isoformat()}"
    if decision.expires_at is not None and decision.expires_at <= received:
        return f"expired at {decision.expires_at.isoformat()}"
    if decision.issued_at > received + CLOCK_SKEW:
        return f"issued in the future, at {decision.issued_at.isoformat()}"
    return None


def _allowed_here(check: DecisionCheck, decision: Decision, _subject: Subject) -> str | None:
    if decision.verdict not in check.gate.verdicts:
        return f"{decision.verdict} is not possible here; possible: {', '.join(check.gate.verdicts)}"
    if decision.approver not in check.gate.approvers:
        return f"{decision.approver} may not decide here; may: {', '.join(check.gate.approvers)}"
    return None


def _complete(_check: DecisionCheck, decision: Decision, subject: Subject) -> str | None:
    if decision.verdict is DecisionVerdict.EDIT:
        return edits_problem(decision.edits, subject)
    if decision.edits:
        # The approver means a change that this verdict would silently drop.
        return f"edits were given with {decision.verdict}; send them with edit"
    if decision.verdict in _NEEDS_REASON and not decision.reason.strip():
        return f"{decision.verdict} needs a reason"
    return None


def _accepted(decision: Decision, subject: Subject | None) -> str:
    signed = decision.signature is not None or decision.key_id is not None
    note = "; its signature was not looked at, since this tier asks for none" if signed else ""
    return f"accepted: {decision.verdict} by {decision.approver} on {subject.name if subject else '?'}{note}"


def _unsigned(tier: Tier) -> str:
    return f"tier {tier} asks for a signature, and signatures are not supported yet"
