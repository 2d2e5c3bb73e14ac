"""A message that was refused without a check is told as refused, also where no outcome of a request says so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from dispatch.audit.models import Judgement, Trail
from dispatch.audit.read.trail import unaccounted
from dispatch.models.request.follow_up import FollowUpOutcome
from runtime.histories import history_of, trail_of_history
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import PATIENCE_SECONDS, Case, Desk, quick, running_desk
from tests.workflows.requests_made import events_of, held_refund, reopened, soon

STALE = {
    "decision_id": "d-old",
    "proposal_id": "p0",
    "action_digest": "0" * 64,
    "decision_type": "approve",
    "approver": "refunds",
    "issued_at": "2026-11-23T17:40:00Z",
}
JUNK: dict[str, Any] = {"junk": "ü"}


@pytest.fixture
async def desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, soon) as running:
        yield running


async def told(case: Case) -> Trail:
    """Read the trail of a history that must replay, of which nothing may be left over or be at odds with the record."""
    trail = await trail_of_history(case.desk.client, case.id)
    events = [event async for event in history_of(case.desk.client, case.id)]
    assert unaccounted(events, trail.entries) == ()
    assert trail.discrepancies == ()
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await case.handle.fetch_history())
    return trail


async def cancelled(case: Case) -> Trail:
    await case.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await case.outcome()
    return await told(case)


def judged(trail: Trail) -> list[tuple[str, bool]]:
    """Return what became of each message, and whether the reason is known."""
    return [(message.judgement.value, bool(message.why)) for message in trail.messages]


async def test_a_cancelled_request_tells_what_it_refused_and_why(desk: Desk) -> None:
    """Junk and a stale decision at the gate, and an answer that is none; in one event."""
    case = await held_refund(desk)
    for name, payload in (("decide", JUNK), ("decide", STALE), ("answer", {"fields": "none"})):
        await case.signal(name, payload)
    await case.refused(3)
    trail = await cancelled(case)
    assert trail.ending == "cancelled"
    assert judged(trail) == [(Judgement.REFUSED.value, True)] * 3
    assert "stale: names proposal p0" in trail.messages[1].why
    events = await events_of(case)
    markers = [
        e.marker_recorded_event_attributes
        for e in events[-6:]
        if e.HasField("marker_recorded_event_attributes")
    ]
    assert [m.marker_name for m in markers].count("core_local_activity") == 1


async def test_a_cancelled_request_that_refused_nothing_has_no_event_for_it(desk: Desk) -> None:
    """What is not needed is not paid for."""
    case = await held_refund(desk)
    trail = await cancelled(case)
    assert trail.messages == ()
    text = (await case.handle.fetch_history()).to_json()
    assert "write_trail" not in text


async def test_a_follow_up_tells_what_it_refused_and_why(desk: Desk) -> None:
    """Its outcome holds its record, as a request's does."""
    case = await reopened(desk)
    for payload in (JUNK, STALE):
        await case.signal("decide", payload)
    await case.refused(2)
    assert (await case.decide("settle", by="support-lead", reason="settled by telephone"))[0]
    handle = desk.client.get_workflow_handle(case.id, result_type=FollowUpOutcome)
    async with asyncio.timeout(PATIENCE_SECONDS):
        outcome = await handle.result()
    assert [entry.kind for entry in outcome.trail].count("refused") == 2
    assert judged(await told(case)) == [(Judgement.REFUSED.value, True)] * 2 + [
        (Judgement.ACCEPTED.value, True)
    ]


async def test_a_cancelled_follow_up_tells_what_it_refused_and_why(desk: Desk) -> None:
    """It has no outcome either, and takes the same way."""
    case = await reopened(desk)
    await case.signal("decide", JUNK)
    await case.refused(1)
    trail = await cancelled(case)
    assert judged(trail) == [(Judgement.REFUSED.value, True)]
