"""Refunds: once for a key, never above what was captured, refused for what the seed forbids."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.servers import BackOfficeService


def order(payment: str, amount: int, customer: str, currency: str = "EUR") -> dict[str, Any]:
    return {
        "payment_id": payment,
        "amount": {"amount_minor": amount, "currency": currency},
        "reason": "not as described",
        "customer_id": customer,
    }


async def refund(service: BackOfficeService, body: dict[str, Any], key: str) -> httpx.Response:
    async with service.http() as http:
        return await http.post("/refunds", json=body, headers={"Idempotency-Key": key})


async def test_a_refund_is_made_and_counts_against_its_payment(back_office: BackOfficeService) -> None:
    """What was given back shows on the payment, on the refund and under its key."""
    answer = await refund(back_office, order("PAY-10001", 1000, "CU-1001"), "k1")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["order_number"], made["idempotency_key"]) == ("succeeded", "DD-10001", "k1")
    async with back_office.http() as http:
        payment = (await http.get("/payments/PAY-10001")).json()
        assert (payment["refunded_minor"], payment["status"]) == (1000, "partially_refunded")
        assert (await http.get(f"/refunds/{made['refund_id']}")).json() == made
        assert (await http.get("/refunds", params={"idempotency_key": "k1"})).json() == {"data": [made]}


async def test_the_same_order_gets_the_same_bytes_and_says_so(back_office: BackOfficeService) -> None:
    """A repeated key has no second effect; spacing of the JSON does not make it another order."""
    body = order("PAY-10001", 1000, "CU-1001")
    first = await refund(back_office, body, "k1")
    async with back_office.http() as http:
        spaced = str(body).replace("'", '"').replace(", ", " ,  ")
        headers = {"Idempotency-Key": "k1", "Content-Type": "application/json"}
        second = await http.post("/refunds", content=spaced, headers=headers)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(back_office.refunds()) == 1


async def test_a_refusal_is_kept_under_its_key_too(back_office: BackOfficeService) -> None:
    """An order refused once stays refused under its key, even where it would be accepted by now."""
    blocking = (await refund(back_office, order("PAY-10001", 4990, "CU-1001"), "all")).json()
    refused = await refund(back_office, order("PAY-10001", 1000, "CU-1001"), "late")
    assert refused.status_code == 422
    async with back_office.http() as http:
        await http.post(f"/refunds/{blocking['refund_id']}/cancel")
    again = await refund(back_office, order("PAY-10001", 1000, "CU-1001"), "late")
    assert (again.status_code, again.content) == (422, refused.content)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"amount_minor": 999, "currency": "EUR"}},
        {"reason": "another"},
        {"payment_id": "PAY-10002"},
    ],
)
async def test_a_key_cannot_be_used_for_another_order(
    back_office: BackOfficeService, change: dict[str, Any]
) -> None:
    """Any difference in the body under a used key is 409 and changes nothing."""
    body = order("PAY-10001", 1000, "CU-1001")
    await refund(back_office, body, "k1")
    other = await refund(back_office, {**body, **change}, "k1")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert len(back_office.refunds()) == 1


async def test_concurrent_orders_under_one_key_have_one_effect(back_office: BackOfficeService) -> None:
    """Twenty at once: one refund, twenty equal answers, one of them not a replay."""
    body = order("PAY-10014", 1000, "CU-1012")
    answers = await asyncio.gather(*(refund(back_office, body, "same") for _ in range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert len(back_office.refunds()) == 1


async def test_concurrent_orders_never_refund_more_than_was_captured(back_office: BackOfficeService) -> None:
    """Twenty refunds of 10.00 race for a payment of 49.90: four succeed, the others are told why not."""
    answers = await asyncio.gather(
        *(refund(back_office, order("PAY-10001", 1000, "CU-1001"), f"k{n}") for n in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 16
    assert sum(row["amount_minor"] for row in back_office.refunds()) == 4000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (order("PAY-10001", 4991, "CU-1001"), 422, "amount_too_large"),
        (order("PAY-10006", 4001, "CU-1005"), 422, "amount_too_large"),
        (order("PAY-10007", 1, "CU-1006"), 422, "amount_too_large"),
        (order("PAY-10001", 100, "CU-1001", "USD"), 422, "currency_mismatch"),
        (order("PAY-10001", 100, "CU-1002"), 422, "customer_mismatch"),
        (order("PAY-99999", 100, "CU-1001"), 404, "payment_not_found"),
        (order("PAY-10012", 100, "CU-1010"), 402, "provider_refused"),
        (order("PAY-10001", 0, "CU-1001"), 400, "invalid_request"),
        (order("PAY-10001", -5, "CU-1001"), 400, "invalid_request"),
        (
            {**order("PAY-10001", 5, "CU-1001"), "amount": {"amount_minor": 5.0, "currency": "EUR"}},
            400,
            "invalid_request",
        ),
        ({**order("PAY-10001", 5, "CU-1001"), "approved": True}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
    ],
)
async def test_what_must_not_be_refunded_is_refused(
    back_office: BackOfficeService, body: dict[str, Any], status: int, code: str
) -> None:
    """Each refusal has its own status and code, and no refund is made."""
    answer = await refund(back_office, body, "k1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert back_office.refunds() == []


async def test_the_last_cent_can_be_refunded(back_office: BackOfficeService) -> None:
    """The bound is what was captured minus what was refunded, itself included."""
    assert (await refund(back_office, order("PAY-10006", 4000, "CU-1005"), "k1")).status_code == 201


async def test_a_dispute_does_not_show(back_office: BackOfficeService) -> None:
    """A disputed payment looks like any other until its refund is tried."""
    async with back_office.http() as http:
        disputed, plain = [(await http.get(f"/payments/PAY-100{n}")).json() for n in (12, 11)]
    assert disputed.keys() == plain.keys()
    assert disputed["status"] == "captured"


async def test_cancelling_frees_the_amount_and_can_be_repeated(back_office: BackOfficeService) -> None:
    """With a key, with it again, and without one: the refund is cancelled, and may be made again under a new key."""
    made = (await refund(back_office, order("PAY-10001", 4990, "CU-1001"), "k1")).json()
    async with back_office.http() as http:
        path, key = f"/refunds/{made['refund_id']}/cancel", {"Idempotency-Key": "k1/cancel"}
        first, second = await http.post(path, headers=key), await http.post(path, headers=key)
        bare = await http.post(path)
    assert first.json() == {**made, "status": "cancelled"} == bare.json()
    assert (second.content, second.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert (await refund(back_office, order("PAY-10001", 4990, "CU-1001"), "k2")).status_code == 201


async def test_a_key_of_a_refund_cannot_cancel_one(back_office: BackOfficeService) -> None:
    """Keys are one space: a cancellation under the refund's own key is another order."""
    made = (await refund(back_office, order("PAY-10001", 100, "CU-1001"), "k1")).json()
    async with back_office.http() as http:
        answer = await http.post(f"/refunds/{made['refund_id']}/cancel", headers={"Idempotency-Key": "k1"})
        missing = await http.post("/refunds/RF-1/cancel")
    assert answer.status_code == 409
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "refund_not_found")


@pytest.mark.parametrize("key", [None, b"", b"x" * 256, "käse".encode(), b"tab\tin it"])
async def test_a_refund_needs_a_key_that_a_header_can_carry(
    back_office: BackOfficeService, key: bytes | None
) -> None:
    """No key, an empty, an over-long or an unprintable one: 400 and nothing done."""
    async with back_office.http() as http:
        headers = [] if key is None else [(b"Idempotency-Key", key)]
        answer = await http.post("/refunds", json=order("PAY-10001", 1, "CU-1001"), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"].endswith("idempotency_key" if key is not None else "_required")
    assert back_office.refunds() == []


async def test_an_oversized_body_is_turned_away(back_office: BackOfficeService) -> None:
    """More than 64 KiB is not read."""
    answer = await refund(back_office, {"reason": "x" * 70_000}, "k1")
    assert answer.status_code == 413
