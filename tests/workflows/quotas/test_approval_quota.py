"""Daily limits: counted over all requests of a day, by one workflow for each person and day."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
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
from dispatch.approval.approval_quota import day_of
from dispatch.models.people.approval_quota import (
    ApprovalQuotaAnswer,
    ApprovalQuotaDay,
    ApprovalQuotaRequest,
    ApprovalQuotaUsage,
    quota_task_queue,
)
from dispatch.models.people.approvers import DailyLimit
from dispatch.models.request.status import Ending
from runtime.connection import connect
from runtime.settings import Settings
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import PATIENCE_SECONDS, Desk, at_work, quick, resting_desk
from tests.signers import Signer, write_approvers
from tests.workflows.requests_made import held_refund, two_held_refunds
from workflows.approval_quota import ApprovalQuota

LONG = 60
"""Events after which the impatient server asks to go on in a new history; others ask at 4,096."""


@pytest.fixture
async def resting(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk whose workers the test starts and stops."""
    async with resting_desk(client, tmp_path, quick) as desk:
        yield desk


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk at a server that asks early to go on in a new history."""
    (tmp_path / "temporal").mkdir()
    tuning = TUNING | {"limit.historyCount.suggestContinueAsNew": str(LONG)}
    async with TemporalServer(
        Settings(var_dir=tmp_path / "temporal"),
        in_memory=True,
        headless=True,
        port=free_port(),
        tuning=tuning,
    ) as server:
        client = await connect("tests", server.address)
        async with resting_desk(client, tmp_path, quick) as desk:
            yield desk


def limited(desk: Desk, **limit: Any) -> str:
    """Write an approvers file with one person who holds the role refunds and has a limit; returns their name.

    A name of its own for each test: the server is shared, and so is a person's day.
    """
    name = f"ana-{uuid.uuid4().hex[:8]}"
    write_approvers(desk.settings.approvers_path, Signer(name, ("refunds",), {"daily_limit": limit}))
    return name


def somebody() -> ApprovalQuotaDay:
    return day_of(f"ana-{uuid.uuid4().hex[:8]}", datetime.now(UTC))


def account(desk: Desk, of: ApprovalQuotaDay) -> WorkflowHandle[Any, ApprovalQuotaUsage]:
    return desk.client.get_workflow_handle(of.workflow_id, result_type=ApprovalQuotaUsage)


async def ask(desk: Desk, of: ApprovalQuotaDay, number: int, most: int) -> ApprovalQuotaAnswer:
    start = WithStartWorkflowOperation(
        ApprovalQuota.run,
        of,
        id=of.workflow_id,
        task_queue=quota_task_queue(desk.settings.task_queue),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    one = ApprovalQuotaRequest(grant_id=f"{number:064x}", of=of, limit=DailyLimit(decisions=most))
    return await desk.client.execute_update_with_start_workflow(
        ApprovalQuota.ask, one, start_workflow_operation=start
    )


async def replays(handle: WorkflowHandle[Any, Any]) -> None:
    await Replayer(
        workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter
    ).replay_workflow(await handle.fetch_history())


async def test_a_limit_outlives_the_workers_and_counts_over_requests(resting: Desk) -> None:
    """The second approval of the day is refused with what is used, by a worker that never saw the first."""
    ana = limited(resting, decisions=1)
    async with at_work(resting):
        first, second = await held_refund(resting), await held_refund(resting)
        accepted, reason = await first.decide("approve", by=ana)
        assert (accepted, reason.rpartition("; ")[2]) == (True, "of the day's limit 1 of 1 approvals used")
        assert (await first.outcome()).ending is Ending.DONE
    async with at_work(resting):
        of = day_of(ana, datetime.now(UTC))
        assert await second.decide("approve", by=ana) == (
            False,
            f"beyond the daily limit of {ana} on {of.day.isoformat()} (UTC): 1 of 1 approvals are used",
        )
        assert (await second.status()).state == "waiting_for_approval"
        accepted, reason = await second.decide("reject", by=ana, reason="somebody else may look")
        assert accepted, reason
        assert (await second.outcome()).ending is Ending.REJECTED
    await replays(account(resting, of))
    listed = [row.request_id async for row in starter.rows(resting.client, limit=1000)]
    assert of.workflow_id not in listed


async def test_a_limit_of_an_amount_lets_the_rest_be_approved_by_others(resting: Desk) -> None:
    """EUR 30.00 of 40.00 is used: the EUR 20.00 of the same request need somebody else."""
    ana = limited(resting, amounts_minor={"EUR": 4_000})
    async with at_work(resting):
        case = await two_held_refunds(resting)
        assert (await case.decide("approve", by=ana))[0]
        accepted, reason = await case.decide("approve", by=ana)
        assert not accepted
        assert reason.endswith("EUR 30.00 of EUR 40.00 are used, and this is EUR 20.00")
        assert (await case.decide("approve", by="refunds"))[0]
        assert (await case.outcome()).ending is Ending.DONE


async def test_without_a_limit_nothing_is_counted(resting: Desk) -> None:
    """No workflow is started for a person who may approve as much as there is."""
    name = f"ana-{uuid.uuid4().hex[:8]}"
    write_approvers(resting.settings.approvers_path, Signer(name, ("refunds",)))
    async with at_work(resting):
        case = await held_refund(resting)
        assert (await case.decide("approve", by=name))[0]
        await case.outcome()
    found = [
        w.id async for w in resting.client.list_workflows(f"WorkflowId STARTS_WITH 'approval-quota-{name}'")
    ]
    assert found == []


async def test_asks_that_come_at_once_are_granted_to_the_limit_and_no_further(resting: Desk) -> None:
    """Twenty asks at the same moment, each sent twice: ten are granted, and each of those once."""
    of = somebody()
    async with at_work(resting):
        answers = await asyncio.gather(*(ask(resting, of, number % 20, 10) for number in range(40)))
        used = await account(resting, of).query(ApprovalQuota.used)
    granted = {number % 20 for number, answer in enumerate(answers) if answer.granted}
    assert len(granted) == used.approvals == len(used.granted) == 10


async def test_it_goes_on_in_a_new_history(impatient: Desk) -> None:
    """What was granted is carried over and still counts; what is repeated counts once all the same."""
    of = somebody()
    async with at_work(impatient):
        await ask(impatient, of, 0, 3)
        first = (await account(impatient, of).describe()).run_id
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await account(impatient, of).describe()).run_id == first:
                for number in range(3):
                    assert (await ask(impatient, of, number, 3)).granted
        assert not (await ask(impatient, of, 3, 3)).granted
        assert (await ask(impatient, of, 0, 3)).granted
        assert (await account(impatient, of).query(ApprovalQuota.used)).approvals == 3
        await replays(impatient.client.get_workflow_handle(of.workflow_id, run_id=first))


async def test_it_ends_by_itself_and_is_not_begun_anew(resting: Desk) -> None:
    """After its time the workflow gives what was used; an approval that is asked of it then is refused, not granted."""
    ana = limited(resting, decisions=5)
    of = day_of(ana, datetime.now(UTC))
    soon = of.model_copy(update={"closes_at": datetime.now(UTC) + timedelta(seconds=2)})
    async with at_work(resting):
        await ask(resting, soon, 0, 5)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await account(resting, of).result()).approvals == 1
        case = await held_refund(resting)
        accepted, reason = await case.decide("approve", by=ana)
    assert (accepted, reason) == (
        False,
        f"the approval quota of {ana} for {of.day.isoformat()} (UTC) is closed; decide again",
    )
