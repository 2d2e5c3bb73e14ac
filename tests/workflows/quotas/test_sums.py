"""Refunds that are small one by one: judged with all that the customer's other requests reserve, at the real server."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

import starter
from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from devstack.temporal_tuning import TUNING
from dispatch.guard.spend_quota import quota_id
from dispatch.models.money import Money
from dispatch.models.people.approval_quota import quota_task_queue
from dispatch.models.request.status import Ending
from dispatch.models.work.spend_quota import Claim, QuotaState, Reserved, ReserveRequest
from runtime.connection import connect
from runtime.settings import Settings
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.bound import NOW
from tests.desk import PATIENCE_SECONDS, Case, Desk, Looks, at_work, quick, resting_desk, running_desk
from tests.workflows.requests_made import (
    answers_once,
    events_of,
    held_refund,
    status_question,
    two_held_refunds,
    until,
)
from workflows.coordinator import Coordinator
from workflows.search_attributes import STATE
from workflows.spend_quota import SpendQuota

HALLDORA, HALLDORAS = "halldora.jonsdottir@postur.example", "CU-1021"
AOIFE, AOIFES = "aoife.nibhriain@mail.example", "CU-1022"
ANNAS, ZOES, REMIS = "CU-1001", "CU-1003", "CU-1019"
LONG = 60
"""Events after which the impatient server asks to continue as new; others ask at 4,096."""


def cheap_parts(playbook: dict[str, Any]) -> None:
    """Let EUR 30.00 pass without a person, and so each payment of DD-10030, which is EUR 50.00 in all."""
    quick(playbook)
    playbook["guardian"]["actions"]["issue_refund"]["amounts"]["EUR"][0]["up_to_minor"] = 3_000


@pytest.fixture
async def shipped(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick) as desk:
        yield desk


async def part(desk: Desk, amount: str, order: str = "DD-10033", sender: str = HALLDORA) -> Case:
    """Ask for a part of one big order: EUR 780.00 of Halldóra's unless another is named."""
    return await desk.submit(f"Please refund EUR {amount} of order {order}.", sender=sender)


async def settled(case: Case) -> str:
    """Wait until a request has ended or waits for a person, and say which, as lists do: many at once, and no query."""
    looks = Looks()
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while True:
            found = await case.handle.describe()
            state = str(found.typed_search_attributes.get(STATE) or "")
            if state in {"waiting_for_approval", *Ending}:
                return state
            await looks.pause()


async def reasons(case: Case) -> str:
    """Return the reasons at the open gate, as the approver reads them."""
    await case.until("waiting_for_approval")
    approval_request = (await case.handle.query(Coordinator.detail)).approval_request
    assert approval_request is not None
    return approval_request.why


async def approvals(case: Case) -> list[str]:
    await case.until("waiting_for_approval")
    approval_request = (await case.handle.query(Coordinator.detail)).approval_request
    assert approval_request is not None
    return [item.approval.in_words for item in approval_request.items if item.is_awaited]


def quota(desk: Desk, owner: str) -> WorkflowHandle[Any, None]:
    return desk.client.get_workflow_handle(quota_id(desk.settings.task_queue, "support", owner))


async def counted(desk: Desk, owner: str) -> list[tuple[int, bool]]:
    """Return what is in a customer's quota: amounts, and whether their requests have ended."""
    state: QuotaState = await quota(desk, owner).query(SpendQuota.state)
    return [(c.amount.amount_minor, e.closed_at is not None) for e in state.entries for c in e.claims]


async def replays(handle: WorkflowHandle[Any, Any]) -> None:
    await Replayer(
        workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter
    ).replay_workflow(await handle.fetch_history())


@pytest.mark.parametrize(("amount", "most"), [("1.50", 3), ("12.00", 1)], ids=["number", "sum"])
async def test_of_many_at_once_no_more_run_unaided_than_one_by_one(
    shipped: Desk, amount: str, most: int
) -> None:
    """Three within the window are the limit, and EUR 15.00 in sum: of eight at the same moment the others wait."""
    cases = await asyncio.gather(*(part(shipped, amount) for _ in range(8)))
    states = await asyncio.gather(*(settled(case) for case in cases))
    assert sorted(states) == ["done"] * most + ["waiting_for_approval"] * (8 - most)
    assert len(shipped.back_office.refunds()) == most
    assert len(await counted(shipped, HALLDORAS)) == 8
    await replays(quota(shipped, HALLDORAS))
    waiting = [case for case, state in zip(cases, states, strict=True) if state != "done"]
    for case in waiting:
        why = await reasons(case)
        assert ("refunds to this customer within 30 days" if most == 3 else "which is of tier medium") in why
    await replays(waiting[0].handle)


async def test_an_order_is_not_emptied_in_small_steps(shipped: Desk) -> None:
    """Twelve times EUR 15.00: one is paid, and each of the others is judged by a sum of its own."""
    assert (await (await part(shipped, "15.00")).outcome()).ending is Ending.DONE
    waiting = await asyncio.gather(*(part(shipped, "15.00") for _ in range(11)))
    assert {await settled(case) for case in waiting} == {"waiting_for_approval"}
    pattern = re.compile(
        r"EUR 15\.00 with EUR \d+\.\d\d already refunded or asked for on this payment "
        r"makes EUR (\d+\.\d\d), which is of tier medium"
    )
    sums = [match[1] for case in waiting if (match := pattern.search(await reasons(case)))]
    assert sorted(map(float, sums)) == [15.0 * number for number in range(2, 13)]


async def test_a_payment_that_needs_two_signatures_is_not_emptied_by_names(shipped: Desk) -> None:
    """EUR 490.00 is approved by name; with it the next asks for a signature, and the third for two."""
    first = await part(shipped, "490.00", "DD-10034", AOIFE)
    assert await approvals(first) == ["one person's decision"]
    assert (await first.decide("approve"))[0]
    assert (await first.outcome()).ending is Ending.DONE
    second = await part(shipped, "490.00", "DD-10034", AOIFE)
    assert await approvals(second) == ["one signed decision"]
    assert "makes EUR 980.00, which is of tier high" in await reasons(second)
    accepted, reason = await second.decide("approve")
    assert not accepted, reason
    third = await part(shipped, "490.00", "DD-10034", AOIFE)
    assert await approvals(third) == ["signed decisions of 2 different people"]
    assert await counted(shipped, AOIFES) == [(49_000, True), (49_000, False), (49_000, False)]
    assert len(shipped.back_office.refunds()) == 1


async def test_the_payments_of_one_request_count_together(client: Client, tmp_path: Path) -> None:
    """EUR 30.00 and EUR 20.00 would each pass alone; the EUR 50.00 that the request asks for do not."""
    async with running_desk(client, tmp_path, cheap_parts) as desk:
        case = await two_held_refunds(desk)
        assert await approvals(case) == ["one person's decision"] * 2
        assert "makes EUR 50.00" in await reasons(case)


async def test_what_is_not_paid_is_released(shipped: Desk) -> None:
    """While EUR 400.00 wait, EUR 12.00 more are not small; once both are off, they are again."""
    big = await part(shipped, "400.00")
    await big.until("waiting_for_approval")
    small = await part(shipped, "12.00")
    assert "makes EUR 412.00" in await reasons(small)
    assert (await big.decide("reject", reason="not due"))[0]
    assert (await big.outcome()).ending is Ending.REJECTED
    await small.signal("withdraw", {"reason": "never mind"})
    assert (await small.outcome()).ending is Ending.WITHDRAWN
    assert await counted(shipped, HALLDORAS) == []
    assert (await (await part(shipped, "12.00")).outcome()).ending is Ending.DONE
    assert await counted(shipped, HALLDORAS) == [(1_200, True)]


async def test_an_edit_counts_once_and_with_its_new_amount(shipped: Desk) -> None:
    """EUR 400.00 are edited to EUR 10.00: that is what is reserved, judged and paid."""
    case = await part(shipped, "400.00")
    await case.until("waiting_for_approval")
    assert (await case.decide("edit", edits={"amount_minor": 1_000}))[0]
    assert (await case.outcome()).ending is Ending.DONE
    assert await counted(shipped, HALLDORAS) == [(1_000, True)]


async def test_a_cancelled_request_releases_what_it_reserved(shipped: Desk) -> None:
    """Temporal's own cancellation is an end like any other."""
    case = await held_refund(shipped)
    assert await counted(shipped, ANNAS) == [(4_990, False)]
    await case.handle.cancel()

    async def look() -> bool:
        return await counted(shipped, ANNAS) == []

    assert await until(look)


async def test_what_was_undone_is_released(shipped: Desk) -> None:
    """The mailbox refuses the reply, the refund is cancelled: nothing of it counts, while a person takes over."""
    case = await shipped.submit(
        "Please refund order DD-10031, it does not fit.", sender="remi.fournier@bounces.example"
    )
    await case.until("waiting_for_approval")
    await case.decide("approve")
    await case.until("escalated")
    assert await counted(shipped, REMIS) == []


async def test_what_may_have_been_paid_still_counts(shipped: Desk) -> None:
    """Nobody can tell whether the refund took effect: it counts as paid."""
    case = await held_refund(shipped)
    await answers_once(shipped.back_office, "find")
    await shipped.back_office.arm("POST /refunds", "drop_after_commit")
    await shipped.back_office.arm("find", "status", status=503, times=-1)
    await case.decide("approve")
    await case.until("escalated")
    assert await counted(shipped, ANNAS) == [(4_990, True)]


async def test_who_spends_nothing_has_no_quota(shipped: Desk) -> None:
    """A question costs no step more, and starts no workflow."""
    case = await status_question(shipped)
    assert (await case.outcome()).ending is Ending.DONE
    names = [event.WhichOneof("attributes") or "" for event in await events_of(case)]
    assert not any("signal_external" in name for name in names)
    quotas = f"WorkflowType = 'SpendQuota' AND TaskQueue = '{quota_task_queue(shipped.settings.task_queue)}'"
    assert [found.id async for found in shipped.client.list_workflows(quotas)] == []


async def test_a_customer_s_quota_is_no_request(shipped: Desk) -> None:
    """It is in no list of requests, and its id does not tell whose it is."""
    await held_refund(shipped)
    handle = quota(shipped, ANNAS)
    listed = [row.request_id async for row in starter.rows(shipped.client, limit=1000)]
    assert handle.id not in listed
    assert ANNAS not in handle.id


async def test_reservations_outlive_the_workers(client: Client, tmp_path: Path) -> None:
    """Workers that never saw the first request judge the second by the sum of both."""
    async with resting_desk(client, tmp_path, quick) as desk:
        async with at_work(desk):
            await (await part(desk, "400.00")).until("waiting_for_approval")
        async with at_work(desk, workflow_cache=0):
            assert "makes EUR 700.00, which is of tier high" in await reasons(await part(desk, "300.00"))


async def test_it_continues_as_new_with_all_that_is_reserved(tmp_path: Path) -> None:
    """However many messages a quota gets, what is reserved is carried over and counts once."""
    (tmp_path / "temporal").mkdir()
    tuning = TUNING | {"limit.historyCount.suggestContinueAsNew": str(LONG)}
    async with (
        TemporalServer(
            Settings(var_dir=tmp_path / "temporal"),
            in_memory=True,
            headless=True,
            port=free_port(),
            tuning=tuning,
        ) as server,
        resting_desk(await connect("tests", server.address), tmp_path, quick) as desk,
        at_work(desk),
    ):
        owner = f"CU-{uuid.uuid4().hex[:8]}"
        handle = quota(desk, owner)
        await reserve(desk, owner, "a", 100)
        first = (await handle.describe()).run_id
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await handle.describe()).run_id == first:
                assert [c.amount.amount_minor for c in (await reserve(desk, owner, "b", 200)).others] == [100]
        assert len((await reserve(desk, owner, "c", 300)).others) == 2
        await replays(desk.client.get_workflow_handle(handle.id, run_id=first))


async def reserve(desk: Desk, owner: str, who: str, amount_minor: int) -> Reserved:
    start = WithStartWorkflowOperation(
        SpendQuota.run,
        QuotaState(),
        id=quota(desk, owner).id,
        task_queue=quota_task_queue(desk.settings.task_queue),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    amount = Money(amount_minor=amount_minor, currency="EUR")
    request = ReserveRequest(
        request_id=who,
        as_of=NOW,
        claims=(Claim(idempotency_key=who, account="PAY", amount=amount),),
        window=timedelta(days=30),
    )
    return await desk.client.execute_update_with_start_workflow(
        SpendQuota.reserve, request, start_workflow_operation=start
    )
