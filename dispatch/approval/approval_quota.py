"""Rules of one person's daily approval quota: when it is asked, what it grants, and when it closes.

Only approvals of actions count, each when it is accepted. An approval without effect (another person rejects, the
requester withdraws) is not released, so that the limit is never exceeded.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from dispatch.approval.authority import person_named
from dispatch.models.canonical import digest_of
from dispatch.models.money import Money, format_money
from dispatch.models.people.approval_quota import (
    ApprovalQuotaAnswer,
    ApprovalQuotaDay,
    ApprovalQuotaRequest,
    ApprovalQuotaUsage,
)
from dispatch.models.people.approvers import Approvers, DailyLimit
from dispatch.models.people.decision import ApprovalKind, DecisionCheck, DecisionCheckResult, DecisionType

KEPT_FOR: Final = timedelta(hours=24)
"""How long the quota stays open after its day, so that an ask repeated around midnight still finds its grant."""


def quota_request(
    check: DecisionCheck, result: DecisionCheckResult, approvers: Approvers, request_id: str
) -> ApprovalQuotaRequest | None:
    """Return the ask for the quota before an accepted approval counts; None if no limit applies."""
    decision = result.decision
    if not result.accepted or decision is None or decision.decision_type is not DecisionType.APPROVE:
        return None
    person = person_named(approvers, decision.approver)
    if (
        check.approval_request.kind is not ApprovalKind.APPROVAL
        or person is None
        or _limits_nothing(person.daily_limit)
    ):
        return None
    item = next(item for item in check.approval_request.items if item.digest == decision.action_digest)
    return ApprovalQuotaRequest(
        grant_id=digest_of([request_id, decision.decision_id, decision.action_digest]),
        of=day_of(person.name, check.received_at),
        amount=item.amount,
        limit=person.daily_limit or DailyLimit(),
    )


def grant(
    used: ApprovalQuotaUsage, ask: ApprovalQuotaRequest
) -> tuple[ApprovalQuotaAnswer, ApprovalQuotaUsage]:
    """Grant or refuse an ask, and return the used amount; a repeated ask is granted again and counts once."""
    if ask.grant_id in used.granted:
        return ApprovalQuotaAnswer(granted=True, reason=_in_words(used, ask)), used
    if (why := _beyond(used, ask)) is not None:
        reason = f"beyond the daily limit of {ask.of.approver} on {ask.of.day.isoformat()} (UTC): {why}"
        return ApprovalQuotaAnswer(granted=False, reason=reason), used
    amounts = dict(used.amounts_minor)
    if ask.amount is not None:
        amounts[ask.amount.currency] = amounts.get(ask.amount.currency, 0) + ask.amount.amount_minor
    after = ApprovalQuotaUsage(
        approvals=used.approvals + 1, amounts_minor=amounts, granted=(*used.granted, ask.grant_id)
    )
    return ApprovalQuotaAnswer(granted=True, reason=_in_words(after, ask)), after


def with_quota(result: DecisionCheckResult, answer: ApprovalQuotaAnswer) -> DecisionCheckResult:
    """Return the result with the quota's answer: accepted, with the used amount, or refused."""
    if answer.granted:
        return result.model_copy(update={"reason": f"{result.reason}; {answer.reason}"})
    return DecisionCheckResult(
        handoff=result.handoff, accepted=False, reason=answer.reason, decision=result.decision
    )


def day_of(approver: str, at: datetime) -> ApprovalQuotaDay:
    """Return the unused approval quota of the day (UTC) of a moment."""
    day = at.astimezone(UTC).date()
    ends_at = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    return ApprovalQuotaDay(approver=approver, day=day, closes_at=ends_at + KEPT_FOR)


def closed(ask: ApprovalQuotaRequest) -> ApprovalQuotaAnswer:
    """Return the refusal of an ask after the quota of its day was closed."""
    return ApprovalQuotaAnswer(
        granted=False,
        reason=f"the approval quota of {ask.of.approver} for {ask.of.day.isoformat()} (UTC) is closed; decide again",
    )


def _limits_nothing(limit: DailyLimit | None) -> bool:
    return limit is None or (limit.decisions is None and not limit.amounts_minor)


def _beyond(used: ApprovalQuotaUsage, ask: ApprovalQuotaRequest) -> str | None:
    most, amount = ask.limit.decisions, ask.amount
    if most is not None and used.approvals >= most:
        return f"{used.approvals} of {most} approvals are used"
    if amount is None or (limit := ask.limit.amounts_minor.get(amount.currency)) is None:
        return None
    so_far = used.amounts_minor.get(amount.currency, 0)
    if so_far + amount.amount_minor <= limit:
        return None
    spent, whole = _money(so_far, amount.currency), _money(limit, amount.currency)
    return f"{spent} of {whole} are used, and this is {format_money(amount)}"


def _in_words(used: ApprovalQuotaUsage, ask: ApprovalQuotaRequest) -> str:
    parts = []
    if ask.limit.decisions is not None:
        parts.append(f"{used.approvals} of {ask.limit.decisions} approvals")
    for currency, limit in ask.limit.amounts_minor.items():
        if ask.amount is not None and ask.amount.currency == currency:
            spent = used.amounts_minor.get(currency, 0)
            parts.append(f"{_money(spent, currency)} of {_money(limit, currency)}")
    return f"of the day's limit {', '.join(parts) or 'nothing'} used"


def _money(amount_minor: int, currency: str) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=currency))
