"""Actions with a time: held back by a durable timer, stopped by the requester, looked at again before they are done."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.contracts import Specialist
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from dispatch.process.additions import addition_of
from tests.desk import Case, Desk, at_work, quick, resting_desk
from tests.workflows.later_refunds import (
    LATER,
    FakeLaterRefunds,
    FakeMuchLaterRefunds,
    FakeSomewhatLaterRefunds,
    in_seconds,
)
from tests.workflows.requests_made import held_refund, small_refund

SEAN = "sean.obrien@mail.example"


@pytest.fixture
async def resting(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with resting_desk(client, tmp_path, quick) as desk:
        yield desk


def with_refunds(desk: Desk, kind: type[Specialist]) -> None:
    classes = {**desk.catalogue.specialist_classes, "refund_policy": kind}
    desk.catalogue = replace(desk.catalogue, specialist_classes=classes)


async def scheduled(desk: Desk) -> Case:
    case = await small_refund(desk, subject=LATER)
    await case.until("scheduled")
    return case


@pytest.mark.parametrize("cache", [500, 0], ids=["cached", "replaying"])
async def test_an_action_waits_for_its_time_and_is_done_then(resting: Desk, cache: int) -> None:
    """What is due goes out at once, the refund at its time; the status says until when, and nobody is asked for anything."""
    with_refunds(resting, FakeLaterRefunds)
    async with at_work(resting, workflow_cache=cache):
        case = await scheduled(resting)
        status = await case.status()
        assert (status.review_point.owner, status.review_point.awaiting) == (
            "coordinator",
            "the time of issue_refund",
        )
        assert status.review_point.by is not None
        assert len(resting.mail_sink.messages()) == 1
        assert resting.back_office.refunds() == []
        outcome = await case.outcome()
        assert in_seconds(status.review_point.by) <= 0
    assert outcome.ending is Ending.DONE
    done = [entry.sender for entry in outcome.trail if entry.kind is EntryKind.EFFECT]
    assert done == ["action.send_reply", "action.issue_refund"]


async def test_what_people_approved_is_done_at_its_time(resting: Desk) -> None:
    """The approval is for the action with its time; it holds until then, and is checked once more by the action itself."""
    with_refunds(resting, FakeLaterRefunds)
    async with at_work(resting):
        case = await held_refund(resting, subject=LATER)
        assert (await case.decide("approve"))[0]
        outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    [refund] = resting.back_office.refunds()
    assert refund["status"] == "succeeded"


async def test_a_requester_who_withdraws_stops_what_is_not_due(resting: Desk) -> None:
    """The actions have not begun where only one with a time is left: it is not done, and the trail says so."""
    with_refunds(resting, FakeMuchLaterRefunds)
    async with at_work(resting):
        case = await scheduled(resting)
        await case.signal("withdraw", {"reason": "I changed my mind"})
        outcome = await case.outcome()
    assert outcome.ending is Ending.WITHDRAWN
    assert "send_reply on reply stands and cannot be undone" in outcome.why
    assert resting.back_office.refunds() == []


async def test_a_requester_who_writes_again_stops_it_for_a_person(resting: Desk) -> None:
    """Whatever they write may mean that it must not be done any more: a person reads it first."""
    with_refunds(resting, FakeMuchLaterRefunds)
    async with at_work(resting):
        case = await scheduled(resting)
        more = resting.written("Please do not refund it, it has come.", sender=SEAN, thread=(case.id,))
        added = await case.handle.execute_update("add", addition_of(more).model_dump(mode="json"))
        assert added["accepted"]
        status = await case.until("escalated")
        assert "wrote again before issue_refund" in (await case.trail())[-1].why or status.review_point
        await case.decide("settle", by="support-lead", reason="spoke with the customer")
        outcome = await case.outcome()
    assert outcome.ending is Ending.ESCALATED
    assert resting.back_office.refunds() == []


async def test_what_is_no_longer_right_at_its_time_is_not_done(resting: Desk) -> None:
    """The guardian looks again by what is true then: the payment was refunded meanwhile, and is not a second time."""
    with_refunds(resting, FakeSomewhatLaterRefunds)
    async with at_work(resting):
        case = await scheduled(resting)
        other = await small_refund(resting)
        await other.until("waiting_for_approval")
        await other.decide("approve")
        assert (await other.outcome()).ending is Ending.DONE
        await case.until("escalated")
        assert any("blocked at its time" in entry.why for entry in await case.trail())
        await case.decide("settle", by="support-lead", reason="it was refunded by the other request")
        await case.outcome()
    assert len(resting.back_office.refunds()) == 1


async def test_it_is_done_though_no_worker_ran_at_its_time(resting: Desk) -> None:
    """The timer is Temporal's: a worker that starts after it finds it passed, and nothing is lost or done twice."""
    with_refunds(resting, FakeLaterRefunds)
    async with at_work(resting):
        case = await scheduled(resting)
        due = (await case.status()).review_point.by
        assert due is not None
    await asyncio.sleep(max(0.0, in_seconds(due)))
    async with at_work(resting):
        outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert len(resting.back_office.refunds()) == 1
