"""Waits that count in working time: what a request says of its deadline, and when it comes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.audit.read.trail import invented, trail_of_events, unaccounted
from dispatch.models.moments import format_moment
from dispatch.models.request.status import Ending
from tests.desk import Desk, quick, running_desk
from tests.workflows.replaying import also_replaying, cache_of
from tests.workflows.requests_made import ANNA, damage_without_details, events_of, held_refund, until_mailed
from workflows.coordinator import Coordinator

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def round_the_clock(holidays: list[date]) -> dict[str, Any]:
    """Return a calendar of a desk that never closes but on these days."""
    return {
        "timezone": "UTC",
        "hours": {day: ["00:00-24:00"] for day in WEEK},
        "holidays": [day.isoformat() for day in holidays],
    }


def counting(calendar: dict[str, Any]) -> Any:
    """Return a change by which everything counts two seconds of a calendar's working time."""

    def change(playbook: dict[str, Any]) -> None:
        playbook["calendar"] = calendar
        waiting = playbook["guardian"]["tiers"]["medium"]["waiting"]
        waiting.pop("escalate_after")
        for one in (waiting, playbook["missing_information"]):
            one |= {"counts": "working_time", "reminders": [], "deadline": "2 seconds"}

    return change


@pytest.fixture
def reopens() -> date:
    """Return the first day on which the closed desk works again."""
    return datetime.now(UTC).date() + timedelta(days=3)


@pytest.fixture
async def closed(
    request: pytest.FixtureRequest, client: Client, tmp_path: Path, reopens: date
) -> AsyncIterator[Desk]:
    """Run a desk on a holiday, with two more to follow."""
    calendar = round_the_clock([reopens - timedelta(days=n) for n in range(1, 5)])
    cache = cache_of(request)
    async with running_desk(client, tmp_path, quick, counting(calendar), workflow_cache=cache) as running:
        yield running


@pytest.fixture
async def working(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, counting(round_the_clock([]))) as running:
        yield running


@also_replaying("closed", in_each_run=True)
async def test_an_approval_is_not_overdue_before_anybody_works(closed: Desk, reopens: date) -> None:
    """Opened on a holiday, two seconds end with the next working day's first two, and all that tells it says so."""
    case = await held_refund(closed)
    due = datetime.combine(reopens, time(0, 0, 2), UTC)
    assert (await case.status()).review_point.by == due
    detail = await case.handle.query(Coordinator.detail)
    assert detail.approval_request is not None
    assert detail.approval_request.deadline == due
    await asyncio.sleep(3)
    await case.decide("approve", by="refunds")
    assert (await case.outcome()).ending is Ending.DONE
    events = await events_of(case)
    trail = trail_of_events(events)
    assert unaccounted(events, trail.entries) == ()
    assert invented(events, trail.entries) == ()


async def test_an_approval_is_overdue_once_they_have_worked_so_long(working: Desk) -> None:
    """While somebody works, working time passes as any other."""
    case = await held_refund(working)
    outcome = await case.outcome()
    assert outcome.ending is Ending.REJECTED
    assert "nobody decided by the deadline" in outcome.why


async def test_a_question_tells_the_deadline_in_working_time(closed: Desk, reopens: date) -> None:
    """The requester reads by when to answer: what the desk itself goes by."""
    case = await damage_without_details(closed)
    due = datetime.combine(reopens, time(0, 0, 2), UTC)
    assert (await case.status()).review_point.by == due
    (question,) = await until_mailed(closed)
    assert format_moment(due) in question["text"]


async def test_a_zone_that_cannot_be_read_keeps_no_request_waiting(
    closed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where working time cannot be counted all time counts: the gate opens, and ends."""

    def unreadable(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("activities.working_time.zone_named", unreadable)
    case = await closed.submit("Please refund order DD-10001, it does not fit.", sender=ANNA)
    outcome = await case.outcome()
    assert outcome.ending is Ending.REJECTED
    assert "nobody decided by the deadline" in outcome.why
