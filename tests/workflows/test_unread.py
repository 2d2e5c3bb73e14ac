"""What one stranger writes, or one bug meets, holds up nobody else: it goes unread to a person, alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

import dispatch.approval.requests
import workflows.coordinator
import workflows.parts.ending.task_failures
from dispatch.models.request.item import OTHER
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from dispatch.models.work.proposal import Proposal
from tests.desk import PATIENCE_SECONDS, Case, Desk, Looks, at_work, quick, resting_desk
from tests.workflows.replaying import also_replaying
from workflows.coordinator import Coordinator

HOURS = "What are your opening hours?"


@pytest.fixture
async def hurried(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that gives no text long enough for a process to read it."""
    async with resting_desk(client, tmp_path, quick) as desk:
        hurried = replace(desk, settings=desk.settings.model_copy(update={"text_seconds": 0.001}))
        async with at_work(hurried):
            yield hurried


async def test_a_text_that_takes_too_long_waits_for_a_person_alone(hurried: Desk) -> None:
    """It goes to the reception with a sentence that says why, though a desk was named; another mail is answered."""
    long = await hurried.submit("Please refund me. " * 2_000, sender="slow@mail.example")
    short = await hurried.submit(HOURS, sender="quick@mail.example")
    assert (await short.outcome()).ending is Ending.DONE
    status = await long.until("waiting_for_routing")
    assert status.review_point.owner == "reception"
    why = "the text could not be read automatically within 0.001 seconds"
    assert any(why in entry.why for entry in await long.trail())
    (item,) = (await long.handle.query(Coordinator.detail)).items
    assert (item.kind, len(item.text) <= 500) == (OTHER, True)
    assert (await long.decide("route", "reception", edits={"desk": "support"}))[0]
    status = await long.until("escalated")
    assert (await long.handle.query(Coordinator.detail)).proposal is None
    assert (await long.decide("settle", status.review_point.owner, reason="answered by telephone"))[0]
    outcome = await long.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.ESCALATED, "nobody")
    unread = [entry for entry in outcome.trail if entry.what == "unread"]
    assert [(entry.kind, entry.sender) for entry in unread] == [(EntryKind.HANDOFF, "intake")]


@also_replaying()
async def test_a_mail_that_was_unread_at_the_door_is_not_tried_again(desk: Desk) -> None:
    """The reception learns why, and sees what is known of the request."""
    case = await desk.submit("", sender="door@mail.example", unread="it took too long", subject="Lamp")
    assert (await case.until("waiting_for_routing")).review_point.owner == "reception"
    (item,) = (await case.handle.query(Coordinator.detail)).items
    assert item.text == "Lamp"


async def goes_on_in_a_new_history(case: Case) -> None:
    """Wait without a query, which a failing task would fail too; it may have gone on before anybody looks."""
    looks = Looks()
    async with asyncio.timeout(3 * PATIENCE_SECONDS):
        while (now := await case.handle.describe()).raw_info.first_run_id == now.run_id:
            await looks.pause()


@pytest.mark.timeout(400)
async def test_a_request_whose_task_fails_again_and_again_goes_to_the_reception_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug that one request meets leaves it with a person in a history of its own; the others are answered."""
    approval_request = dispatch.approval.requests.request_approval

    def broken(proposal: Proposal, *others: Any) -> Any:
        if any(b.action.parameters.get("recipient") == "unlucky@mail.example" for b in proposal.actions):
            raise KeyError("a bug")
        return approval_request(proposal, *others)

    monkeypatch.setattr(workflows.coordinator, "request_approval", broken)
    monkeypatch.setattr(workflows.parts.ending.task_failures, "MOST_TRIES", 2)
    unlucky = await desk.submit(HOURS, sender="unlucky@mail.example")
    lucky = await desk.submit(HOURS, sender="lucky@mail.example")
    assert (await lucky.outcome()).ending is Ending.DONE
    await goes_on_in_a_new_history(unlucky)
    status = await unlucky.until("escalated")
    assert status.review_point.owner == "reception"
    assert "failed again and again at guard (KeyError)" in status.review_point.awaiting
    assert (await unlucky.decide("settle", "reception", reason="answered by hand"))[0]
    outcome = await unlucky.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.ESCALATED, "nobody")
