"""What one person may approve in one day, and of what a limit is asked at all."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.approval.approval_quota import closed, day_of, grant, quota_request, with_quota
from dispatch.approval.decisions import check_decision
from dispatch.models.money import Money
from dispatch.models.people.approval_quota import ApprovalQuotaRequest, ApprovalQuotaUsage
from dispatch.models.people.approvers import Approvers, DailyLimit
from dispatch.models.people.decision import (
    ApprovalItem,
    ApprovalKind,
    ApprovalRequest,
    DecisionCheck,
    DecisionCheckResult,
    DecisionType,
)
from dispatch.models.work.playbook import Tier
from tests.bound import HANDOFF, NOW, PARAMETERS, decision, refund
from tests.signers import Signer, approvers

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REFUND = refund()


def eur(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def asked(number: int, minor: int | None, **limit: Any) -> ApprovalQuotaRequest:
    return ApprovalQuotaRequest(
        grant_id=f"{number:064x}",
        of=day_of("ben", NOON),
        amount=None if minor is None else eur(minor),
        limit=DailyLimit.model_validate(limit),
    )


def used_by(*intents: ApprovalQuotaRequest) -> ApprovalQuotaUsage:
    used = ApprovalQuotaUsage()
    for ask in intents:
        answer, used = grant(used, ask)
        assert answer.granted
    return used


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (asked(3, 1, decisions=2), "2 of 2 approvals are used"),
        (asked(3, 301, amounts_minor={"EUR": 1_000}), "EUR 7.00 of EUR 10.00 are used, and this is EUR 3.01"),
    ],
)
def test_a_refusal_names_what_is_used_and_what_the_limit_is(ask: ApprovalQuotaRequest, why: str) -> None:
    """And whose limit it is, on which day; it changes nothing."""
    used = used_by(asked(1, 400), asked(2, 300))
    answer, after = grant(used, ask)
    assert (answer.granted, after) == (False, used)
    assert answer.reason == f"beyond the daily limit of ben on 2026-11-23 (UTC): {why}"


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (asked(3, 300, amounts_minor={"EUR": 1_000}), "EUR 10.00 of EUR 10.00"),
        (
            asked(3, 300, decisions=3, amounts_minor={"EUR": 1_000}),
            "3 of 3 approvals, EUR 10.00 of EUR 10.00",
        ),
        (asked(3, 9_999, amounts_minor={"USD": 1}), "nothing"),
        (asked(3, None, decisions=5, amounts_minor={"EUR": 1}), "3 of 5 approvals"),
    ],
)
def test_what_is_within_the_limit_is_granted(ask: ApprovalQuotaRequest, told: str) -> None:
    """To the last cent; a currency that is not named has no limit, and what costs nothing counts as an approval."""
    answer, after = grant(used_by(asked(1, 400), asked(2, 300)), ask)
    assert (answer.granted, answer.reason) == (True, f"of the day's limit {told} used")
    assert after.approvals == 3


def test_what_was_granted_stays_granted_and_counts_once() -> None:
    """Asked again after a retry, though the limit is lower by now."""
    used = used_by(asked(1, 400))
    answer, after = grant(used, asked(1, 400, decisions=1, amounts_minor={"EUR": 1}))
    assert (answer.granted, after) == (True, used)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 500)), max_size=30),
    st.integers(1, 4),
    st.integers(1, 1_000),
)
def test_no_order_of_asks_goes_beyond_the_limit(
    intents: list[tuple[int, int]], most: int, minor: int
) -> None:
    """Repeated or not, what is granted in a day stays within both limits."""
    used = ApprovalQuotaUsage()
    amounts: dict[str, int] = {}
    for number, asks_for in intents:
        ask = asked(number, asks_for, decisions=most, amounts_minor={"EUR": minor})
        answer, used = grant(used, ask)
        if answer.granted:
            amounts.setdefault(ask.grant_id, asks_for)
    assert len(amounts) == used.approvals <= most
    assert sum(amounts.values()) == used.amounts_minor.get("EUR", 0) <= minor


def test_a_day_is_one_of_utc() -> None:
    """Whatever zone a moment is written in; the account stands for 24 hours after the day."""
    late = datetime(2026, 11, 23, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert day_of("ben", late).workflow_id == "approval-quota-ben-2026-11-24"
    assert day_of("ben", NOON).workflow_id == "approval-quota-ben-2026-11-23"
    assert day_of("ben", NOON).closes_at == datetime(2026, 11, 25, tzinfo=UTC)


def checked(
    known: Approvers, kind: ApprovalKind = ApprovalKind.APPROVAL, **changes: Any
) -> tuple[DecisionCheck, DecisionCheckResult]:
    """Return the check of ben's approval, with fields of the decision changed, and how the rules rule on it."""
    item = ApprovalItem(
        name="issue_refund",
        digest=REFUND.digest,
        tier=Tier.MEDIUM,
        amount=eur(4_990),
        editable=("amount_minor",),
        summary="a refund",
    )
    approval_request = ApprovalRequest(
        kind=kind,
        proposal_id="p1",
        items=(item,),
        decision_types=tuple(DecisionType),
        approvers=("refunds",),
        role_names=True,
        opened_at=NOW,
        deadline=NOW + timedelta(days=2),
        why="held",
    )
    raw = {**decision(REFUND).model_dump(mode="json"), "approver": "ben", **changes}
    check = DecisionCheck(
        handoff=HANDOFF, approval_request=approval_request, raw=raw, received_at=NOW + timedelta(hours=1)
    )
    return check, check_decision(check, known, PARAMETERS)


def ask_of(known: Approvers, **changes: Any) -> ApprovalQuotaRequest | None:
    check, result = checked(known, **changes)
    return quota_request(check, result, known, "support-mail-1")


def limited(**limit: Any) -> Approvers:
    return approvers(Signer("ben", ("refunds",), {"daily_limit": limit}))


def test_an_approval_is_asked_for_with_its_amount_and_the_limit() -> None:
    """The grant is of this request and decision: the same id in another request is another grant."""
    ask = ask_of(limited(decisions=3))
    assert ask is not None
    assert (ask.of, ask.amount, ask.limit) == (day_of("ben", NOW), eur(4_990), DailyLimit(decisions=3))
    again, other = ask_of(limited(decisions=3)), ask_of(limited(decisions=3), decision_id="d-other")
    assert again == ask
    assert other is not None
    assert other.grant_id != ask.grant_id


@pytest.mark.parametrize(
    ("known", "changes"),
    [
        (approvers(Signer("ben", ("refunds",))), {}),
        (limited(), {}),
        (limited(decisions=3), {"decision_type": "reject", "reason": "no"}),
        (limited(decisions=3), {"decision_type": "edit", "edits": {"amount_minor": 100}}),
        (limited(decisions=3), {"action_digest": "0" * 64}),
        (limited(decisions=3), {"kind": ApprovalKind.ESCALATION}),
        (limited(decisions=3), {"approver": "refunds"}),
    ],
    ids=["no limit", "an empty one", "a rejection", "an edit", "refused anyway", "a settlement", "a mailbox"],
)
def test_nothing_is_asked_where_no_limit_applies(known: Approvers, changes: dict[str, Any]) -> None:
    """Only an approval of an action that is accepted but for the limit costs an ask."""
    assert ask_of(known, **changes) is None


def test_a_closed_day_grants_nothing() -> None:
    """A result is refused with the answer's reason, and the decision stays in it."""
    ask = asked(1, 1, decisions=3)
    _, result = checked(limited(decisions=3))
    refused = with_quota(result, closed(ask))
    assert result.accepted
    assert not refused.accepted
    assert refused.decision == result.decision
    assert refused.reason == "the approval quota of ben for 2026-11-23 (UTC) is closed; decide again"
