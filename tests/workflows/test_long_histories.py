"""A flood of messages makes a history long; the request goes on in a new one, and nothing of it is lost."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

import starter
from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from devstack.temporal_tuning import TUNING
from dispatch.models.request.follow_up import FollowUpOutcome
from dispatch.models.request.list_summary import LIST_SUMMARY
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from dispatch.process.additions import addition_of
from runtime.connection import connect
from runtime.settings import Settings
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import PATIENCE_SECONDS, Case, Desk, at_work, quick, resting_desk, running_desk
from tests.workflows.later_refunds import LATER, FakeSomewhatLaterRefunds
from tests.workflows.requests_made import (
    ANNA,
    beyond_the_desk,
    cancel_refund,
    damage_without_details,
    entries,
    events_of,
    held_refund,
    small_refund,
    two_held_refunds,
    until,
)

LOOKS = 50
LONG = 60
"""Events after which this server asks to go on in a new history; others ask at 4,096."""


@pytest.fixture(scope="module")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    settings = Settings(var_dir=Path(tmp_path_factory.mktemp("impatient")))
    tuning = TUNING | {"limit.historyCount.suggestContinueAsNew": str(LONG)}
    async with TemporalServer(
        settings, in_memory=True, headless=True, port=free_port(), tuning=tuning
    ) as server:
        yield await connect("tests", server.address)


@pytest.fixture
async def desk(impatient: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(impatient, tmp_path, quick, workflow_cache=0) as running:
        yield running


async def flood(case: Case, signal: str = "decide", count: int = LONG, payload: Any = None) -> None:
    """Send junk until the request has gone on in a new history, and at least `count` messages."""
    first = await run_of(case)
    async with asyncio.timeout(3 * PATIENCE_SECONDS):
        while True:
            await asyncio.gather(*(case.signal(signal, payload or {"junk": n}) for n in range(count)))
            # It goes on only when nothing new comes in meanwhile, so the flood must ebb for it to be seen.
            for _ in range(LOOKS):
                if await run_of(case) != first:
                    return
                await asyncio.sleep(0.2)


async def run_of(case: Case) -> str:
    return (await case.handle.describe()).run_id or ""


async def test_a_flood_at_the_gate_changes_nothing(desk: Desk) -> None:
    """What was proposed can still be approved by its digest, each message is accounted for, each history replays."""
    case = await held_refund(desk)
    before, first = await case.status(), await run_of(case)
    await flood(case)
    status = await case.until("waiting_for_approval")
    assert (status.action_digest, status.review_point) == (before.action_digest, before.review_point)
    assert (await case.decide("approve"))[0]
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1
    assert [entry.seq for entry in outcome.trail] == list(range(1, len(outcome.trail) + 1))
    assert len([entry for entry in outcome.trail if entry.kind is EntryKind.REFUSED]) >= LONG
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter)
    for run in (first, await run_of(case)):
        await replayer.replay_workflow(
            await desk.client.get_workflow_handle(case.id, run_id=run).fetch_history()
        )


async def test_an_approval_given_before_the_flood_still_counts(desk: Desk) -> None:
    """Of two held actions the first was approved in the old history, the second in the new one."""
    case = await two_held_refunds(desk)
    assert (await case.decide("approve"))[0]
    status = await case.status()
    await flood(case)
    assert (await case.status()).action_digest == status.action_digest
    assert (await case.decide("approve"))[0]
    assert (await case.outcome()).ending is Ending.DONE
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [3000, 2000]


async def test_a_decision_sent_again_after_the_flood_is_known(desk: Desk) -> None:
    """What was received in the old history cannot be played again in the new one."""
    case = await two_held_refunds(desk)
    decision = await case.decision("approve")
    await case.signal("decide", decision)
    await until(lambda: entries(case, EntryKind.DECISION))
    await flood(case)

    async def gate_is_open() -> bool:
        # Before that it would be kept, and judged a moment later.
        return (await starter.detail_of(desk.client, case.id)).approval_request is not None

    assert await until(gate_is_open)
    accepted, reason = await starter.decide(desk.client, case.id, decision)
    assert (accepted, reason) == (False, f"duplicate: decision {decision['decision_id']} was received before")


async def test_it_goes_round_after_a_flood(desk: Desk) -> None:
    """An edit in the new history makes a new proposal from what the old one knew."""
    case = await held_refund(desk)
    await flood(case)
    await case.decide("edit", edits={"amount_minor": 2000})
    await case.until("waiting_for_approval", proposal="p2")
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [2000]


async def test_a_flood_while_information_is_missing_asks_nothing_twice(desk: Desk) -> None:
    """The answer so far is kept, the question went out once, and the rest of the answer is enough."""
    case = await damage_without_details(desk)
    await case.answer(damage="The lid is cracked.")

    async def only_the_order() -> bool:
        return (await case.status()).questions == ("order_number",)

    assert await until(only_the_order)
    await flood(case, "answer")
    await case.until("waiting_for_information")
    assert await only_the_order()
    assert len(desk.mail_sink.messages()) == 1
    await case.answer(order_number="DD-10012")
    status = await until(lambda: _past_its_questions(case))
    assert status.state != "waiting_for_information"


async def _past_its_questions(case: Case) -> Any:
    status = await case.status()
    return status if status.state != "waiting_for_information" else None


async def test_a_flood_while_a_person_settles(desk: Desk) -> None:
    """The request stays with its owner, the requester is told once, and it is settled in the new history."""
    case = await beyond_the_desk(desk)
    owner, mails = (await case.status()).review_point.owner, len(desk.mail_sink.messages())
    await flood(case)
    assert (await case.until("escalated")).review_point.owner == owner
    assert (await case.decide("settle", by="support-lead", reason="done by telephone"))[0]
    outcome = await case.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.ESCALATED, "nobody")
    assert len(desk.mail_sink.messages()) == mails


async def test_a_flood_while_a_desk_is_sought(desk: Desk) -> None:
    """It can still be routed, and is then handled as any other."""
    case = await desk.submit("Good morning to all of you.", sender=ANNA, subject="Hello", desk=None)
    await case.until("waiting_for_routing")
    await flood(case)
    await case.until("waiting_for_routing")
    assert (await case.decide("route", by="reception", edits={"desk": "support"}))[0]
    assert (await case.until("escalated")).desk == "support"


async def test_a_flood_of_a_reopened_follow_up(impatient: Client, tmp_path: Path) -> None:
    """Also a follow-up that waits for a person goes on in a new history."""

    def soon(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["actions"]["issue_refund"]["follow_up_after"] = "1 second"

    async with running_desk(impatient, tmp_path, quick, soon) as desk:
        outcome = await (await small_refund(desk)).outcome()
        await cancel_refund(desk)
        reopened = desk.case(outcome.follow_ups[0])
        await reopened.until("escalated")
        await flood(reopened)
        await reopened.decide("settle", by="support-lead", reason="the customer asked for it")
        handle = desk.client.get_workflow_handle(reopened.id, result_type=FollowUpOutcome)
        async with asyncio.timeout(30):
            assert (await handle.result()).owner == "nobody"


async def test_the_row_of_a_list_goes_on_too(desk: Desk) -> None:
    """A new history begins with what the old one said of the request, and writes it once more only where it changes."""
    case = await two_held_refunds(desk)
    assert (await case.decide("approve"))[0]
    before = await memo_of(case)
    await flood(case)
    assert await memo_of(case) == before
    modified = EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED
    events = await events_of(case)
    assert not [
        event
        for event in events
        if event.event_type == modified
        and event.workflow_properties_modified_event_attributes.HasField("upserted_memo")
    ]


async def memo_of(case: Case) -> bytes:
    return (await case.handle.describe()).raw_info.memo.fields[LIST_SUMMARY].data


async def test_nobody_starts_a_request_in_the_middle(desk: Desk) -> None:
    """What a request carries into a new history says what was inspected and approved; from a client it is not taken."""
    case = await held_refund(desk)
    await flood(case)
    history = await case.handle.fetch_history()
    carried = history.events[0].workflow_execution_started_event_attributes.input.payloads
    assert len(carried) == 2
    forged = await desk.client.start_workflow(
        "Coordinator",
        args=[json.loads(payload.data) for payload in carried],
        id=f"forged-{case.id}",
        task_queue=desk.settings.task_queue,
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await forged.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "NotTakenIn"
    assert desk.back_office.refunds() == []


async def test_a_message_that_comes_between_two_histories_reopens_the_gate_once(desk: Desk) -> None:
    """The new history begins with a message that its open approval request does not show: it goes round, and never spins."""
    case = await held_refund(desk)
    await flood(case)
    history = (await case.handle.fetch_history()).to_json_dict()
    # The first workflow task, without what came of it.
    history["events"] = history["events"][:4]
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    snapshot = json.loads(base64.b64decode(started["input"]["payloads"][1]["data"]))
    snapshot["state"]["additions"] = [addition_of(desk.written("Wait.", sender=ANNA)).model_dump(mode="json")]
    started["input"]["payloads"][1]["data"] = base64.b64encode(json.dumps(snapshot).encode()).decode()
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(WorkflowHistory.from_json(case.id, history))


async def test_a_flood_while_an_action_waits_for_its_time_does_nothing_twice(
    impatient: Client, tmp_path: Path
) -> None:
    """The new history waits for the rest of the time; what the one before did is not done again."""
    async with resting_desk(impatient, tmp_path, quick) as desk:
        classes = {**desk.catalogue.specialist_classes, "refund_policy": FakeSomewhatLaterRefunds}
        desk.catalogue = replace(desk.catalogue, specialist_classes=classes)
        async with at_work(desk, workflow_cache=0):
            case = await small_refund(desk, subject=LATER)
            await case.until("scheduled")
            await flood(case)
            assert desk.back_office.refunds() == []
            outcome = await case.outcome()
        assert outcome.ending is Ending.DONE
        assert len(outcome.effects) == 2
        assert (len(desk.mail_sink.messages()), len(desk.back_office.refunds())) == (1, 1)
