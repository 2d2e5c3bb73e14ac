"""The requests that these tests make, each of a customer of the sample data, and words to look at what came of them."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue
from temporalio.api.history.v1 import HistoryEvent

import starter
from dispatch.models.trail import EntryKind, TrailEntry
from tests.desk import PATIENCE_SECONDS, Case, Desk
from tests.servers import Service
from workflows.coordinator import Coordinator

ANNA = "anna.mueller@post.example"
HELD_REFUND = "Please refund order DD-10001, the lamp does not match our desk."
JUERGEN = "juergen.gross@post.example"
DAMAGE = "My item arrived damaged. Please refund me."


async def held_refund(desk: Desk, **more: Any) -> Case:
    """EUR 49.90: the refund waits for one person's approval, the reply for nobody's."""
    case = await desk.submit(HELD_REFUND, sender=ANNA, **more)
    await case.until("waiting_for_approval", proposal="p1")
    return case


async def held_refund_without_memo(desk: Desk) -> Case:
    """As held_refund, begun as by a client other than ours."""
    submission = desk.written(HELD_REFUND, sender=ANNA)
    handle = await desk.client.start_workflow(
        Coordinator.run, submission, id=starter.request_id_of(submission), task_queue=desk.settings.task_queue
    )
    case = desk.case(handle.id)
    await case.until("waiting_for_approval")
    return case


async def two_held_refunds(desk: Desk) -> Case:
    """EUR 30.00 and EUR 20.00 on the two payments of one order: both wait."""
    case = await desk.submit(
        "Please refund my canvas bag, order DD-10030.", sender="zoe.dangelo@mail.example"
    )
    await case.until("waiting_for_approval", proposal="p1")
    return case


async def small_refund(desk: Desk, **more: Any) -> Case:
    """EUR 12.00: runs without a person."""
    return await desk.submit(
        "I would like a refund for order DD-10003, please.", sender="sean.obrien@mail.example", **more
    )


async def status_question(desk: Desk) -> Case:
    """Answered by one mail, without a person."""
    return await desk.submit("Where is my order DD-10008?", sender="chloe.lefevre@courriel.example")


async def damage_without_details(desk: Desk) -> Case:
    """Order number and damage are missing: both are asked for."""
    case = await desk.submit(DAMAGE, sender=JUERGEN)
    await case.until("waiting_for_information")
    return case


async def beyond_the_desk(desk: Desk) -> Case:
    """Nothing that the desk has an answer to: a person settles it."""
    case = await desk.submit("Would you lend us two of your radios for an exhibition?", sender=ANNA)
    await case.until("escalated")
    return case


async def started_with(at: Desk, text: str, signal: str, payload: dict[str, JsonValue], **more: Any) -> Case:
    """Start a request with a signal that is in its history before anything else has happened."""
    submission = at.written(text, sender=ANNA, **more)
    handle = await at.client.start_workflow(
        Coordinator.run,
        submission,
        id=starter.request_id_of(submission),
        task_queue=at.settings.task_queue,
        start_signal=signal,
        start_signal_args=[payload],
    )
    return at.case(handle.id)


def new_trigger() -> str:
    """Return a trigger id of its own; the server, and so each request's id, is shared by all tests of a run."""
    return f"<{uuid.uuid4()}@test>"


async def until(what: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until `what` gives something, and give it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            seen = await what()
            if seen:
                return seen
            await asyncio.sleep(0.02)


async def answered_late(service: Service, match: str) -> None:
    """Have a service do what it is asked next and answer late: when it is disarmed, and in seconds at the latest."""
    await service.arm(match, "slow", delay_seconds=4)


async def answers_once(service: Service, match: str) -> None:
    """Have a service answer the next call; what is armed after this is for those that follow."""
    await service.arm(match, "slow")


async def until_refunded(desk: Desk) -> dict[str, Any]:
    """Wait until a refund stands in the back office, and give its row."""

    async def look() -> list[dict[str, Any]]:
        return desk.back_office.refunds()

    rows: list[dict[str, Any]] = await until(look)
    return rows[0]


async def cancel_refund(desk: Desk) -> None:
    """Cancel the refund as a colleague could, in the back office itself."""
    (refund,) = desk.back_office.refunds()
    payments = desk.back_office.payments()
    await payments.cancel_refund(refund["refund_id"], idempotency_key="by-hand")


def soon(playbook: dict[str, Any]) -> None:
    """Have refunds read back after a second."""
    playbook["guardian"]["actions"]["issue_refund"]["follow_up_after"] = "1 second"


async def reopened(desk: Desk) -> Case:
    """Return a follow-up that waits for a person: its refund was cancelled behind the desk's back. The desk reads back `soon`."""
    outcome = await (await small_refund(desk)).outcome()
    await cancel_refund(desk)
    follow_up = desk.case(outcome.follow_ups[0])
    await follow_up.until("escalated")
    return follow_up


async def until_mailed(desk: Desk, number: int = 1) -> list[dict[str, Any]]:
    """Wait until so many mails have arrived, and give them."""

    async def look() -> list[dict[str, Any]]:
        found = desk.mail_sink.messages()
        return found if len(found) >= number else []

    mails: list[dict[str, Any]] = await until(look)
    return mails


async def entries(case: Case, kind: EntryKind) -> list[TrailEntry]:
    return [entry for entry in await case.trail() if entry.kind is kind]


def extension(by: str, seconds: float, **changed: JsonValue) -> dict[str, JsonValue]:
    """Write an `extend` that moves the deadline to so many seconds from now."""
    deadline = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    return {"approver": by, "deadline": deadline, "reason": "the day is short", **changed}


async def events_of(case: Case) -> Sequence[HistoryEvent]:
    return (await case.handle.fetch_history()).events


async def listed(case: Case, query: str) -> bool:
    """Wait until Temporal's visibility lists the request under a query."""

    async def look() -> list[str]:
        return [found.id async for found in case.desk.client.list_workflows(query) if found.id == case.id]

    return bool(await until(look))
