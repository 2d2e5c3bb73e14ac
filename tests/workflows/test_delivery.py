"""What becomes of the findings is the playbook's word, and how the desk asks is another."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.models.request.item import Disposition
from dispatch.models.request.status import Ending
from dispatch.storage.documents import DocumentStore
from tests.desk import Desk, quick, running_desk
from tests.workflows.requests_made import DAMAGE, JUERGEN, small_refund, until_mailed


def replies_need_approval(playbook: dict[str, Any]) -> None:
    playbook["guardian"]["actions"]["send_reply"]["tier"] = "medium"


def no_contact(playbook: dict[str, Any]) -> None:
    playbook["contact"] = None
    playbook.pop("notices")


def nothing_delivered(playbook: dict[str, Any]) -> None:
    no_contact(playbook)
    playbook["deliver"] = None


@pytest.fixture
async def desk(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, request.param) as running:
        yield running


@pytest.mark.parametrize("desk", [replies_need_approval], indirect=True)
async def test_a_desk_whose_replies_wait_still_asks(desk: Desk) -> None:
    """The question goes out at once under the contact's policy; the reply then waits for a person."""
    case = await desk.submit(DAMAGE, sender=JUERGEN)
    await case.until("waiting_for_information")
    (mail,) = await until_mailed(desk)
    assert "What is damaged" in mail["text"]
    await case.answer(order_number="DD-10007", damage="The lid is cracked.")
    status = await case.until("waiting_for_approval")
    assert "send_reply" in status.review_point.awaiting
    assert len(desk.mail_sink.messages()) == 1


@pytest.mark.parametrize("desk", [no_contact], indirect=True)
async def test_a_desk_without_contact_cannot_ask(desk: Desk) -> None:
    """What it would have to ask goes to a person, with that reason, and no mail is sent."""
    case = await desk.submit(DAMAGE, sender=JUERGEN)
    status = await case.until("escalated")
    detail = await case.handle.query("detail")
    assert status.state == "escalated"
    assert "the desk has no contact by which to ask" in str(detail)
    assert desk.mail_sink.messages() == []


@pytest.mark.parametrize("desk", [nothing_delivered], indirect=True)
async def test_a_desk_that_delivers_nothing_is_done_by_its_actions(desk: Desk) -> None:
    """The refund is paid and read back; nothing is written to anybody, and the item counts as acted on.

    The shipped reviewer misses a greeting, so a person looks at the refund first.
    """
    case = await small_refund(desk)
    await case.until("waiting_for_approval")
    await case.decide("approve")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [item.disposition for item in outcome.items] == [Disposition.ACTED]
    assert len(desk.back_office.refunds()) == 1
    assert desk.mail_sink.messages() == []


@pytest.mark.parametrize("desk", [no_contact], indirect=True)
async def test_a_specialist_is_given_the_whole_text_and_references_to_attachments(desk: Desk) -> None:
    """The body stands once in its brief, an attachment by digest only, whatever its size."""
    store = DocumentStore(desk.settings.documents_dir)
    photo = store.put(b"x" * 300_000, "image/png", "lamp.png")
    text = "Where is my order DD-10008?\n\nIt was to be a present. " + "I look forward to it. " * 500
    case = await desk.submit(text, sender="chloe.lefevre@courriel.example", attachments=(photo,))
    await case.outcome()
    (given,) = [
        event.activity_task_scheduled_event_attributes.input.payloads[0].data
        async for event in case.handle.fetch_history_events()
        if event.activity_task_scheduled_event_attributes.activity_type.name == "specialist.order_history"
    ]
    brief = json.loads(given)
    assert brief["body"].startswith("Where is my order DD-10008?\n\nIt was to be a present.")
    assert brief["attachments"] == [photo.model_dump(mode="json")]
    assert len(given) < len(text) * 3
