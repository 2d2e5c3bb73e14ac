"""The tier of a refund is that of the sum it is part of: on the payment, to the customer, and within its own proposal."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks.support.models.records import Refund
from dispatch.models.money import Money
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardResult
from dispatch.models.work.playbook import GuardianPolicy, Tier
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.spend_quota import Claim
from tests.bound import CUSTOMER, HANDOFF, PAYMENT, REQUESTER, earlier_refund, inspected, policy, read, refund

DECISIONS, TIERS = list(GuardDecision), list(Tier)
LAST_STEP = 40_000
"""Above this nobody refunds, says the policy in tests/bound.py."""


def ruled(
    bound: BoundAction,
    *,
    siblings: tuple[BoundAction, ...] = (),
    reserved: tuple[Claim, ...] = (),
    recent: tuple[Refund, ...] = (),
    by: GuardianPolicy | None = None,
    full: bool = False,
) -> GuardResult:
    on_payment = sum(
        r.amount.amount_minor for r in recent if r.payment_id == "P-1" and r.status == "succeeded"
    )
    parameters = bound.action.parameters
    facts = read(
        CUSTOMER,
        payment=PAYMENT.model_copy(
            update={
                "payment_id": parameters["payment_id"],
                "amount": Money(amount_minor=10**9, currency="EUR"),
                "refunded_minor": on_payment if parameters["payment_id"] == "P-1" else 0,
            }
        ),
        owner="C-1",
        recent=recent,
        reserved=reserved,
        quota_full=full,
    )
    brief = GuardBrief(
        handoff=HANDOFF,
        bound=bound,
        policy=by or policy(velocity={"max_refunds": 50, "window": "30 days", "tier": "medium"}),
        requester=REQUESTER,
        siblings=siblings,
    )
    return inspected(brief, facts)


def claim(number: int, amount_minor: int, account: str = "P-1", currency: str = "EUR") -> Claim:
    return Claim(
        idempotency_key=f"support/other-{number}/issue_refund/payment {account}",
        account=account,
        amount=Money(amount_minor=amount_minor, currency=currency),
    )


def text_of(guard_result: GuardResult, rule: str) -> str:
    return next((reason.text for reason in guard_result.reasons if reason.rule == rule), "")


def test_what_was_refunded_on_the_payment_counts() -> None:
    """EUR 30.00 is of tier low; with EUR 25.00 before it on the same payment, the EUR 55.00 are not."""
    guard_result = ruled(refund(), recent=(earlier_refund(amount_minor=2_500),))
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.HOLD, Tier.MEDIUM)
    assert text_of(guard_result, "refund.payment_sum") == (
        "EUR 30.00 with EUR 25.00 already refunded or asked for on this payment makes EUR 55.00, "
        "which is of tier medium"
    )


def test_what_was_refunded_to_the_customer_counts() -> None:
    """Another payment of the same customer is part of the sum within the window."""
    guard_result = ruled(refund(), reserved=(claim(1, 18_000, account="P-2"),))
    assert guard_result.tier is Tier.HIGH
    assert text_of(guard_result, "refund.customer_sum") == (
        "EUR 30.00 with EUR 180.00 already refunded or asked for to this customer within 30 days makes "
        "EUR 210.00, which is of tier high"
    )
    assert not text_of(guard_result, "refund.payment_sum")


def test_a_sum_above_the_last_step_is_blocked() -> None:
    """What nobody may refund at once nobody may refund bit by bit."""
    guard_result = ruled(refund(), reserved=(claim(1, LAST_STEP),))
    assert guard_result.decision is GuardDecision.BLOCK
    assert text_of(guard_result, "refund.payment_sum").endswith(
        "makes EUR 430.00; the playbook lets nobody spend that much"
    )


def test_the_reason_for_a_number_says_what_is_not_on_record_yet() -> None:
    """An approver who looks into the records would otherwise miss refunds that the reason counts."""
    by = policy(velocity={"max_refunds": 2, "window": "30 days", "tier": "medium"})
    guard_result = ruled(
        refund(amount_minor=1),
        by=by,
        recent=(earlier_refund(9, amount_minor=1),),
        reserved=(claim(1, 1),),
    )
    assert text_of(guard_result, "refund.velocity") == (
        "2 refunds to this customer within 30 days before this one, 1 of them asked for and not on record yet"
    )


def test_each_key_counts_once_and_as_records_show_it() -> None:
    """A reservation that is paid is in the records; one that was cancelled there is nothing; one's own is oneself."""
    paid = earlier_refund(1, amount_minor=1_900)
    cancelled = earlier_refund(2, amount_minor=9_000).model_copy(update={"status": "cancelled"})
    own = claim(0, 3_000).model_copy(update={"idempotency_key": refund().idempotency_key})
    guard_result = ruled(refund(), recent=(paid, cancelled), reserved=(claim(1, 1_900), claim(2, 9_000), own))
    assert guard_result.decision is GuardDecision.ALLOW
    assert guard_result.spend is not None
    assert (guard_result.spend.count, guard_result.spend.unpaid) == (1, 0)
    assert (guard_result.spend.account_minor, guard_result.spend.owner_minor) == (1_900, 1_900)


def test_another_currency_is_not_added_up() -> None:
    """Cents and yen have no sum; the number of refunds counts all the same."""
    guard_result = ruled(refund(), reserved=(claim(1, 30_000, currency="USD"),))
    assert guard_result.decision is GuardDecision.ALLOW
    assert guard_result.spend is not None
    assert (guard_result.spend.count, guard_result.spend.owner_minor) == (1, 0)


def test_without_a_window_the_payment_and_the_proposal_still_count() -> None:
    """A playbook without a velocity has no sum of the customer's over time, and no race on one payment either."""
    by = policy(velocity=None)
    elsewhere = refund(payment_id="P-2", amount_minor=3_000)
    assert ruled(refund(), by=by, reserved=(claim(1, 9_000, account="P-2"),)).tier is Tier.LOW
    assert ruled(refund(), by=by, reserved=(claim(1, 3_000),)).tier is Tier.MEDIUM
    assert ruled(refund(), by=by, siblings=(elsewhere,)).tier is Tier.MEDIUM


def test_a_request_that_could_not_be_counted_goes_to_a_person() -> None:
    """Where a customer has more open requests than are kept, the strictest tier decides."""
    guard_result = ruled(refund(amount_minor=1), full=True)
    assert (guard_result.decision, guard_result.tier) == (GuardDecision.HOLD, Tier.CRITICAL)


amounts = st.integers(1, 60_000)


@given(
    amount=amounts,
    before=st.lists(amounts, max_size=4),
    one_more=amounts,
    account=st.sampled_from(["P-1", "P-2"]),
)
def test_a_sum_never_lowers_a_tier(amount: int, before: list[int], one_more: int, account: str) -> None:
    """Whatever else is refunded or asked for, the decision is at least the one without it."""
    claims = tuple(claim(number, minor) for number, minor in enumerate(before))
    more = (*claims, claim(99, one_more, account=account))
    lesser, greater = (ruled(refund(amount_minor=amount), reserved=reserved) for reserved in (claims, more))
    assert DECISIONS.index(greater.decision) >= DECISIONS.index(lesser.decision)
    assert TIERS.index(greater.tier) >= TIERS.index(lesser.tier)


@pytest.mark.parametrize("how", ["over requests", "over paid requests", "in one proposal"])
@given(
    parts=st.lists(st.integers(1, 20_000), min_size=1, max_size=6), account=st.sampled_from(["P-1", "P-2"])
)
def test_who_splits_an_amount_gets_no_lower_tier(how: str, parts: list[int], account: str) -> None:
    """The last part of an amount, however it is split, is judged as the whole would be."""
    whole = ruled(refund(amount_minor=sum(parts)))
    last, earlier = refund(amount_minor=parts[-1]), list(enumerate(parts[:-1]))
    if how == "over requests":
        split = ruled(last, reserved=tuple(claim(n, minor, account=account) for n, minor in earlier))
    elif how == "over paid requests":
        paid = (earlier_refund(n, amount_minor=minor) for n, minor in earlier)
        split = ruled(last, recent=tuple(r.model_copy(update={"payment_id": account}) for r in paid))
    else:
        siblings = (
            refund(amount_minor=minor, payment_id=account, request_id=f"part-{n}") for n, minor in earlier
        )
        split = ruled(last, siblings=tuple(siblings))
    assert TIERS.index(split.tier) >= TIERS.index(whole.tier)
    assert DECISIONS.index(split.decision) >= DECISIONS.index(whole.decision)


def test_the_window_in_the_reason_is_the_playbook_s() -> None:
    """As many days as the playbook says."""
    by = policy(velocity={"max_refunds": 9, "window": str(timedelta(days=7).days) + " days", "tier": "low"})
    guard_result = ruled(refund(), by=by, reserved=(claim(1, 3_000, account="P-2"),))
    assert "within 7 days" in text_of(guard_result, "refund.customer_sum")
