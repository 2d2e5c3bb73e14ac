"""Refunds through the client, against a back office that fails in every way a network has."""

import asyncio
import time

import pytest

from dispatch.models.errors import OutcomeUnknownError, RefusedError, UnavailableError
from dispatch.models.money import Money
from tests.servers import BackOfficeService

TEN = Money(amount_minor=1000, currency="EUR")
ORDER = ("PAY-10001", TEN, "broken", "CU-1001", "request-1/issue_refund/payment PAY-10001")
KEY = ORDER[4]


async def test_a_refund_comes_back_whole_and_once(back_office: BackOfficeService) -> None:
    """The same call again gives the same refund; it is found by its key and can be cancelled twice."""
    payments = back_office.payments()
    assert await payments.find_refund(KEY) is None
    made = await payments.refund(*ORDER)
    assert (made.amount, made.status, made.idempotency_key) == (TEN, "succeeded", KEY)
    assert await payments.refund(*ORDER) == made
    assert await payments.find_refund(KEY) == made
    cancelled = await payments.cancel_refund(made.refund_id, f"{KEY}/cancel")
    assert cancelled == made.model_copy(update={"status": "cancelled"})
    assert await payments.cancel_refund(made.refund_id, f"{KEY}/cancel") == cancelled
    assert await payments.find_refund(KEY) == cancelled
    assert len(back_office.refunds()) == 1


@pytest.mark.parametrize(
    ("payment", "amount", "customer", "code"),
    [
        ("PAY-10012", TEN, "CU-1010", "provider_refused"),
        ("PAY-10001", Money(amount_minor=4991, currency="EUR"), "CU-1001", "amount_too_large"),
        ("PAY-10022", TEN, "CU-1014", "currency_mismatch"),
        ("PAY-99999", TEN, "CU-1001", "payment_not_found"),
    ],
)
async def test_a_refusal_carries_the_back_offices_word(
    back_office: BackOfficeService, payment: str, amount: Money, customer: str, code: str
) -> None:
    """A business no is Refused with its code, so that nobody tries it again."""
    payments = back_office.payments()
    with pytest.raises(RefusedError) as refused:
        await payments.refund(payment, amount, "broken", customer, "k1")
    assert refused.value.code == code


async def test_a_key_for_another_order_is_refused(back_office: BackOfficeService) -> None:
    """The same key with another amount never pays."""
    payments = back_office.payments()
    await payments.refund(*ORDER)
    with pytest.raises(RefusedError) as refused:
        await payments.refund("PAY-10001", Money(amount_minor=1, currency="EUR"), "broken", "CU-1001", KEY)
    assert refused.value.code == "idempotency_key_reused"


@pytest.mark.parametrize("key", ["", "käse", "two\nlines", "x" * 256, " front", "back "])
async def test_a_key_that_a_header_would_change_is_not_sent(back_office: BackOfficeService, key: str) -> None:
    """Otherwise the refund would be kept under another key than the one it is looked for by."""
    payments = back_office.payments()
    with pytest.raises(RefusedError) as refused:
        await payments.refund(*ORDER[:4], key)
    assert refused.value.code == "invalid_idempotency_key"
    assert back_office.refunds() == []


async def test_an_answer_that_breaks_off_after_the_effect_is_unknown_and_found(
    back_office: BackOfficeService,
) -> None:
    """The refund was made, the client cannot know; its key tells, and the same order again makes no second one."""
    payments = back_office.payments()
    await back_office.arm("POST /refunds", "drop_after_commit", payment_id="PAY-10001")
    with pytest.raises(OutcomeUnknownError):
        await payments.refund(*ORDER)
    found = await payments.find_refund(KEY)
    assert found is not None
    assert found.amount == TEN
    assert await payments.refund(*ORDER) == found
    assert len(back_office.refunds()) == 1


async def test_an_answer_that_never_comes_is_unknown_and_found(back_office: BackOfficeService) -> None:
    """A timeout after the order was sent is the same uncertainty."""
    payments, patient = back_office.payments(timeout_seconds=0.4), back_office.payments()
    await back_office.arm("POST /refunds", "slow", delay_seconds=30)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        await payments.refund(*ORDER)
    assert time.monotonic() - started < 5
    assert await patient.find_refund(KEY) is not None


async def test_an_order_lost_before_its_effect_is_unknown_and_not_found(
    back_office: BackOfficeService,
) -> None:
    """From outside it looks the same; the key tells that nothing was done."""
    payments = back_office.payments()
    await back_office.arm("POST /refunds", "drop_before_commit")
    with pytest.raises(OutcomeUnknownError):
        await payments.refund(*ORDER)
    assert await payments.find_refund(KEY) is None


async def test_a_lookup_that_fails_leaves_the_outcome_unknown(back_office: BackOfficeService) -> None:
    """Reconciliation says 'not reached', never 'no refund'; other reads of refunds still work."""
    payments, records = back_office.payments(), back_office.records()
    await back_office.arm("find", "status", times=-1)
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await payments.find_refund(KEY)
    await back_office.arm("POST /refunds", "drop_after_commit", payment_id="PAY-10003")
    made = await payments.refund(*ORDER)
    assert len(await records.refunds_since("CU-1001", made.created_at)) == 1
    assert [rule["fired"] for rule in await back_office.armed()] == [3, 0]
    await back_office.disarm()
    assert await payments.find_refund(KEY) == made


async def test_a_broken_cancellation_is_unknown_and_can_be_repeated(back_office: BackOfficeService) -> None:
    """Compensation is subject to the same network."""
    payments = back_office.payments()
    made = await payments.refund(*ORDER)
    await back_office.arm("POST /refunds/*/cancel", "drop_after_commit")
    with pytest.raises(OutcomeUnknownError):
        await payments.cancel_refund(made.refund_id, f"{KEY}/cancel")
    assert (await payments.cancel_refund(made.refund_id, f"{KEY}/cancel")).status == "cancelled"


async def test_concurrent_clients_with_one_key_agree(back_office: BackOfficeService) -> None:
    """Ten workers with one order, as after a crash: one refund, and all are told the same."""
    clients = [back_office.payments() for _ in range(10)]
    refunds = await asyncio.gather(*(client.refund(*ORDER) for client in clients))
    assert len({refund.refund_id for refund in refunds}) == 1
    assert len(back_office.refunds()) == 1
    for client in clients:
        await client.close()
