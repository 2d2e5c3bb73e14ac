"""A worker takes on new requests while few are under way, so that those it has begun stay in its memory."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.bridge.proto.activity_result import ActivityResolution
from temporalio.bridge.proto.workflow_activation import (
    RemoveFromCache,
    ResolveActivity,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.bridge.proto.workflow_commands import (
    ScheduleActivity,
    ScheduleLocalActivity,
    StartTimer,
    WorkflowCommand,
)
from temporalio.bridge.proto.workflow_completion import Success, WorkflowActivationCompletion
from temporalio.client import Client

from dispatch.models.trail import Outcome
from runtime.worker_parts.backlog_limiter import RunTracker
from tests.desk import Case, Desk, at_work, quick, resting_desk
from tests.workflows.requests_made import ANNA, HELD_REFUND, status_question

CACHE = 4
"""Half of it may be under way."""


def brought(*jobs: WorkflowActivationJob) -> WorkflowActivation:
    return WorkflowActivation(jobs=jobs)


def resolved(seq: int) -> WorkflowActivationJob:
    return WorkflowActivationJob(resolve_activity=ResolveActivity(seq=seq, result=ActivityResolution()))


def asked(*commands: WorkflowCommand) -> WorkflowActivationCompletion:
    return WorkflowActivationCompletion(successful=Success(commands=commands))


def activity(seq: int) -> WorkflowCommand:
    return WorkflowCommand(schedule_activity=ScheduleActivity(seq=seq))


def local_activity(seq: int) -> WorkflowCommand:
    return WorkflowCommand(schedule_local_activity=ScheduleLocalActivity(seq=seq))


TIMER = WorkflowCommand(start_timer=StartTimer(seq=1))
EVICTED = WorkflowActivationJob(remove_from_cache=RemoveFromCache())


@pytest.mark.parametrize("kind", [activity, local_activity])
def test_a_run_is_under_way_while_an_activity_of_it_is_open(kind: type) -> None:
    """From the turn that asks for it to the turn that brings its answer, be it the only one or not."""
    under_way = RunTracker()
    under_way.took_a_turn("a", brought(), asked(kind(1), kind(2)))
    under_way.took_a_turn("b", brought(), asked(kind(1)))
    assert under_way.runs == 2
    under_way.took_a_turn("a", brought(resolved(1)), asked())
    under_way.took_a_turn("b", brought(resolved(1)), asked())
    assert under_way.runs == 1
    under_way.took_a_turn("a", brought(resolved(2)), asked(TIMER))
    assert under_way.runs == 0


def test_a_run_that_goes_on_stays_under_way() -> None:
    """The turn that brings an answer asks for the next step."""
    under_way = RunTracker()
    under_way.took_a_turn("a", brought(), asked(activity(1)))
    under_way.took_a_turn("a", brought(resolved(1)), asked(activity(2)))
    assert under_way.runs == 1


def test_what_waits_for_a_person_or_was_put_out_is_not_under_way() -> None:
    """A wait is a timer; what is no longer in memory takes no room there."""
    under_way = RunTracker()
    under_way.took_a_turn("waits", brought(), asked(TIMER))
    assert under_way.runs == 0
    under_way.took_a_turn("put out", brought(), asked(activity(1)))
    under_way.took_a_turn("put out", brought(EVICTED), asked())
    assert under_way.runs == 0


def test_a_turn_that_failed_asks_for_nothing() -> None:
    """Its answers are not lost: the run is put out of memory and begins again from its history."""
    under_way = RunTracker()
    failed = WorkflowActivationCompletion()
    failed.failed.failure.message = "no"
    under_way.took_a_turn("a", brought(), failed)
    assert under_way.runs == 0


@pytest.fixture
async def small(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk whose worker remembers four requests."""
    async with resting_desk(client, tmp_path, quick) as desk:
        desk.settings = desk.settings.model_copy(update={"workflow_cache": CACHE})
        async with at_work(desk, workflow_cache=CACHE):
            yield desk


async def begun(cases: list[Case]) -> int:
    """Count the requests that have had a turn."""
    described = await asyncio.gather(*(case.handle.describe() for case in cases))
    # Started, scheduled: what has not been begun has two events.
    return sum(one.history_length > 2 for one in described)


async def test_new_requests_wait_while_others_are_under_way(small: Desk) -> None:
    """While the records are slow few are begun, one more with each second; all of them end."""
    await small.back_office.arm("GET /customers*", "slow", delay_seconds=1.5, times=-1)
    start = datetime.now(UTC)
    cases = [await status_question(small) for _ in range(12)]
    await asyncio.sleep(1.5)
    some = await begun(cases)
    seconds = (datetime.now(UTC) - start) / timedelta(seconds=1)
    assert 1 <= some <= CACHE // 2 + 1 + seconds * 2
    await small.back_office.disarm()
    outcomes: list[Outcome] = await asyncio.gather(*(case.outcome() for case in cases))
    assert {outcome.ending for outcome in outcomes} == {"done"}


async def test_what_waits_for_people_holds_up_nobody(small: Desk) -> None:
    """More wait for an approval than the worker remembers; a new one is begun and each approval is heard."""
    waiting = [await small.submit(HELD_REFUND, sender=ANNA) for _ in range(CACHE + 2)]
    for case in waiting:
        await case.until("waiting_for_approval")
    assert (await (await status_question(small)).outcome()).ending == "done"
    for case in waiting:
        assert (await case.decide("reject"))[0]
        assert (await case.outcome()).ending == "rejected"
