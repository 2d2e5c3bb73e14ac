"""issue_refund against the embedded back office: one effect for one key, whatever is lost on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from activities.contracts import Systems
from desks.support.actions.issue_refund import IssueRefund
from desks.support.systems.records import Records
from dispatch.models.errors import OutcomeUnknownError, UnavailableError
from dispatch.models.work.execution import CompensationCommand, Receipt
from dispatch.models.work.guardian import GuardDecision
from dispatch.models.work.playbook import Tier
from dispatch.models.work.proposal import BoundAction
from tests.activities.at_work import after_unknown, annas_refund, attempt, authorization, refusal_of
from tests.bound import HANDOFF, decision, order
from tests.servers import BackOfficeService

BOUND = annas_refund()


@pytest.fixture
def action(acting: Systems) -> IssueRefund:
    return IssueRefund(acting)


def undo(receipt: Receipt, bound: BoundAction = BOUND) -> CompensationCommand:
    return CompensationCommand(handoff=HANDOFF, bound=bound, receipt=receipt)


async def test_a_refund_is_made_once_and_said_with_its_own_id(
    action: IssueRefund, back_office: BackOfficeService
) -> None:
    """The receipt carries the back office's id and facts, and the database holds one refund under the key."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    [row] = back_office.refunds()
    assert (receipt.effect_id, receipt.reconciled) == (row["refund_id"], False)
    assert (row["amount_minor"], row["idempotency_key"]) == (3_000, BOUND.idempotency_key)
    assert receipt.facts == {
        "payment_id": "PAY-10001",
        "order_number": "DD-10001",
        "amount_minor": 3_000,
        "currency": "EUR",
        "status": "succeeded",
    }
    assert (receipt.handoff, receipt.action, receipt.idempotency_key) == (
        HANDOFF,
        "issue_refund",
        BOUND.idempotency_key,
    )


async def test_a_lost_answer_is_reconciled_and_not_repeated(
    action: IssueRefund, back_office: BackOfficeService
) -> None:
    """The refund was made and its answer lost: the next attempt finds it by its key, and there is one."""
    await back_office.arm("POST /refunds", "drop_after_commit")
    receipt = await after_unknown(action.perform, authorization(BOUND))
    [row] = back_office.refunds()
    assert (receipt.effect_id, receipt.reconciled) == (row["refund_id"], True)


async def test_what_never_arrived_is_made_by_the_next_attempt(
    action: IssueRefund, back_office: BackOfficeService
) -> None:
    """The order was lost before it took effect: the next attempt finds nothing and makes the refund."""
    await back_office.arm("POST /refunds", "drop_before_commit")
    receipt = await after_unknown(action.perform, authorization(BOUND))
    assert not receipt.reconciled
    assert len(back_office.refunds()) == 1


async def test_while_the_key_cannot_be_looked_up_nothing_is_refunded(
    action: IssueRefund, back_office: BackOfficeService
) -> None:
    """First attempt: unavailable, nothing was done. A later one: unknown. Neither asks for a refund."""
    await back_office.arm("find", "status", times=-1)
    with pytest.raises(UnavailableError):
        await attempt(1, action.perform, authorization(BOUND))
    with pytest.raises(OutcomeUnknownError):
        await attempt(2, action.perform, authorization(BOUND))
    assert back_office.refunds() == []


async def test_another_refund_under_the_key_is_a_conflict(
    action: IssueRefund, back_office: BackOfficeService
) -> None:
    """The key names one effect: another amount under it is refused, and the first stands alone."""
    await attempt(1, action.perform, authorization(BOUND))
    assert await refusal_of(action.perform, authorization(annas_refund(amount_minor=2_999))) == "conflict"
    assert [row["amount_minor"] for row in back_office.refunds()] == [3_000]


async def test_a_cancelled_refund_is_not_taken_for_done(action: IssueRefund) -> None:
    """After compensation the key holds a cancelled refund: performing again is a conflict, not a success."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    await attempt(1, action.compensate, undo(receipt))
    assert await refusal_of(action.perform, authorization(BOUND)) == "conflict"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_minor": 4_991}, "amount_too_large"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"customer_id": "CU-1002"}, "customer_mismatch"),
        ({"payment_id": "PAY-99999"}, "payment_not_found"),
    ],
)
async def test_the_back_office_has_the_last_word(
    action: IssueRefund, back_office: BackOfficeService, changes: dict[str, Any], code: str
) -> None:
    """What the back office refuses comes back in its own word, and nothing was refunded."""
    assert await refusal_of(action.perform, authorization(annas_refund(**changes))) == code
    assert back_office.refunds() == []


async def test_without_leave_nothing_is_refunded(action: IssueRefund, back_office: BackOfficeService) -> None:
    """Blocked, undecided, expired and altered orders are refused immediately before the effect."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    richer = BOUND.model_copy(update={"action": annas_refund(amount_minor=4_990).action})
    orders = [
        order(BOUND, GuardDecision.BLOCK),
        order(BOUND, GuardDecision.HOLD, Tier.MEDIUM),
        order(BOUND, GuardDecision.HOLD, Tier.MEDIUM, decision(BOUND, expires_at=past)),
        order(richer),
    ]
    for without_leave in orders:
        assert await refusal_of(action.perform, without_leave) == "not_permitted"
    assert back_office.refunds() == []


async def test_leave_that_ran_out_does_not_hide_what_was_done(
    action: IssueRefund, back_office: BackOfficeService
) -> None:
    """The answer was lost and the approval expired meanwhile: the refund is found and reported all the same."""
    await back_office.arm("POST /refunds", "drop_after_commit")
    soon = decision(BOUND, expires_at=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(OutcomeUnknownError):
        await attempt(1, action.perform, order(BOUND, GuardDecision.HOLD, Tier.MEDIUM, soon))
    past = decision(BOUND, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    receipt = await attempt(2, action.perform, order(BOUND, GuardDecision.HOLD, Tier.MEDIUM, past))
    assert receipt.reconciled


async def test_parameters_that_are_no_refund_are_refused_before_anything(action: IssueRefund) -> None:
    """An action with other parameters never reaches the back office."""
    with pytest.raises(ValidationError):
        await attempt(1, action.perform, authorization(annas_refund(amount_minor=0)))


async def test_compensating_twice_is_one_cancellation(
    action: IssueRefund, back_office: BackOfficeService, reading: Systems
) -> None:
    """The refund is cancelled, and the second time found to be so; the payment is whole again."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    first = await attempt(1, action.compensate, undo(receipt))
    second = await attempt(1, action.compensate, undo(receipt))
    assert (first.reconciled, second.reconciled) == (False, True)
    assert first.effect_id == second.effect_id == receipt.effect_id
    assert first.facts["status"] == "cancelled"
    assert [row["status"] for row in back_office.refunds()] == ["cancelled"]
    payment = await reading.get(Records).payment("PAY-10001")
    assert payment is not None
    assert payment.refunded_minor == 0


async def test_a_lost_cancellation_is_reconciled(action: IssueRefund, back_office: BackOfficeService) -> None:
    """The cancellation took effect and its answer was lost: the next attempt finds it cancelled."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    await back_office.arm("POST /refunds/*/cancel", "drop_after_commit")
    assert (await after_unknown(action.compensate, undo(receipt))).reconciled


async def test_only_the_own_refund_is_cancelled(action: IssueRefund, back_office: BackOfficeService) -> None:
    """A receipt of another action or effect, or a key under which nothing stands, cancels nothing."""
    receipt = await attempt(1, action.perform, authorization(BOUND))
    other = annas_refund(request_id="support/r-2")
    wrong = [
        (undo(receipt, other), "conflict"),
        (undo(receipt.model_copy(update={"effect_id": "RF-1"})), "conflict"),
        (
            undo(receipt.model_copy(update={"idempotency_key": other.idempotency_key}), other),
            "nothing_to_compensate",
        ),
    ]
    for compensation, code in wrong:
        assert await refusal_of(action.compensate, compensation) == code
    assert [row["status"] for row in back_office.refunds()] == ["succeeded"]


async def test_reading_back_shows_what_stands(action: IssueRefund, reading: Systems) -> None:
    """Not there, then there as made, then there and cancelled with no effect left."""
    nothing = await IssueRefund.read_back(reading, BOUND)
    assert (nothing.found, nothing.reference) == (False, BOUND.idempotency_key)
    receipt = await attempt(1, action.perform, authorization(BOUND))
    made = await IssueRefund.read_back(reading, BOUND)
    assert (made.found, made.reference) == (True, receipt.effect_id)
    assert made.facts == {**receipt.facts, "effects": 1}
    await attempt(1, action.compensate, undo(receipt))
    undone = await IssueRefund.read_back(reading, BOUND)
    assert (undone.found, undone.facts["status"], undone.facts["effects"]) == (True, "cancelled", 0)
