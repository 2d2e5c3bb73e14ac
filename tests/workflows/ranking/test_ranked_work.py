"""A loaded worker takes urgent work first and shares its turns between organisations; on the real server."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
)

from activities.permits import Permits
from dispatch.ranking.organisations import fairness_key
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.document_reader import Documents
from dispatch.storage.documents import DocumentStore
from runtime.worker_parts.shutdown import running_workers
from runtime.workers import desk_worker, quota_worker
from tests.desk import PATIENCE_SECONDS, STOPPED_WITHIN, Case, Desk, Looks, resting_desk
from tests.desk_workers import never_too_slow
from tests.servers import systems_of
from workflows.parts.options import action_task_queue

FLOOD, OTHERS = 100, 3
QUESTION = "What are your opening hours?"


@activity.defn
async def earlier_action() -> None:
    """Stand for an action of a request that was there before."""


@workflow.defn(name="Flood")
class Flood:
    """What a hundred requests of one organisation queue, without the cost of making each of them."""

    @workflow.run
    async def run(self, action_queue: str, organisation: str) -> None:
        await asyncio.gather(
            *(
                workflow.execute_activity(
                    earlier_action,
                    task_queue=action_queue,
                    start_to_close_timeout=timedelta(minutes=1),
                    priority=Priority(priority_key=3, fairness_key=organisation),
                )
                for _ in range(FLOOD)
            )
        )


class Starts(Interceptor):
    """Notes which workflow's activity starts, in order; the first one is held until `release` is set."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.release = asyncio.Event()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 (the SDK's name)
        return _Noted(next, self)

    async def started(self, number: int) -> None:
        """Wait until so many have started."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.order) < number:  # noqa: ASYNC110 (the worker is a task of its own)
                await asyncio.sleep(0.01)


class _Noted(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, starts: Starts) -> None:
        super().__init__(following)
        self._starts = starts

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 (as above)
        self._starts.order.append(activity.info().workflow_id or "")
        await self._starts.release.wait()
        return await super().execute_activity(input)


def sorted_by_rules(playbook: dict[str, Any]) -> None:
    """Sort by phrases alone, which takes less time."""
    playbook["triage"] = {"backend": "rules"}


@pytest.fixture
async def loaded(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with resting_desk(client, tmp_path, sorted_by_rules) as desk:
        yield desk


async def test_urgent_work_overtakes_and_a_flood_starves_nobody(loaded: Desk) -> None:
    """One action of a flood is at work, 99 wait; then come more of it, three of another organisation, an urgent one.

    The one slot takes the urgent one next, the three in turn with the flood, and the flood's own newcomers after them:
    by the order of starts.
    """
    starts = Starts()
    async with _at_work(loaded, starts):
        flood = await _queued_flood(loaded)
        await starts.started(1)
        more = await _asked(loaded, [f"caller-{number}@orders.flood.example" for number in range(OTHERS)])
        others = await _asked(loaded, [f"buyer-{number}@quiet.example" for number in range(OTHERS)])
        (urgent,) = await _asked(loaded, ["caller-0@flood.example"], f"This is urgent. {QUESTION}")
        starts.release.set()
        await starts.started(FLOOD // 2)
        await flood.terminate()
    order = starts.order
    assert order[:2] == [flood.id, urgent.id]
    assert max(order.index(case.id) for case in others) <= 1 + 2 * OTHERS
    assert not {case.id for case in more} & set(order)


async def _queued_flood(desk: Desk) -> WorkflowHandle[Any, None]:
    """Queue the flood's actions in a queue that has a worker."""
    return await desk.client.start_workflow(
        Flood.run,
        args=[action_task_queue(desk.settings.task_queue), fairness_key("caller@flood.example")],
        id=f"flood-{uuid.uuid4().hex[:8]}",
        task_queue=f"{desk.settings.task_queue}-flood",
    )


async def _asked(desk: Desk, senders: Sequence[str], text: str = QUESTION) -> list[Case]:
    """Ask by mail, and wait until each reply is in the queue of actions."""
    cases = [await desk.submit(text, sender=sender) for sender in senders]
    for case in cases:
        looks = Looks()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (await case.handle.describe()).raw_description.pending_activities:
                await looks.pause()
    return cases


@asynccontextmanager
async def _at_work(desk: Desk, starts: Starts) -> AsyncIterator[None]:
    """Run a desk's workers, with one that carries out a single action at a time."""
    client, queue = desk.client, desk.settings.task_queue
    async with (
        systems_of(desk.settings, desk.catalogue.systems(acting=False)) as reading,
        systems_of(desk.settings, desk.catalogue.systems(acting=True)) as acting,
    ):
        deciding = desk_worker(client, desk.settings, desk.catalogue, desk.playbooks, reading)
        quotas = quota_worker(client, desk.settings)
        own = acting.beside(Permits(ApproversFile(desk.settings.approvers_path)))
        own = own.beside(Documents(DocumentStore(desk.settings.documents_dir)))
        single = Worker(
            client,
            task_queue=action_task_queue(queue),
            activities=[earlier_action, *desk.catalogue.action_activities(own)],
            max_concurrent_activities=1,
            interceptors=[starts],
        )
        flood = Worker(
            client,
            task_queue=f"{queue}-flood",
            workflows=[Flood],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        never_too_slow(deciding)
        never_too_slow(quotas)
        async with running_workers(quotas, deciding, single, flood, give_up_after=STOPPED_WITHIN):
            yield
