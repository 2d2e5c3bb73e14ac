"""What a playbook says for itself: answers with what is known filled in, intents that a person takes, its own address."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.models.request.status import Ending
from tests.desk import Desk, quick, running_desk
from tests.workflows.requests_made import until_mailed
from workflows.coordinator import Coordinator

CHLOE = "chloe.lefevre@courriel.example"
SENDER = "orders@desk.example"


def by_hand(playbook: dict[str, Any]) -> None:
    """Let the address of an order be changed by a person, and a cancellation be answered with its number."""
    playbook["triage"] = {"backend": "rules"}
    playbook["intents"]["address_change"] = {
        "phrases": ["wrong address"],
        "requires": ["order_number"],
        "hand_over": "the warehouse must be rung up",
    }
    playbook["intents"]["cancel_order"] |= {
        "requires": ["order_number"],
        "refuse": "{order_number} cannot be cancelled by mail.",
    }
    playbook["deliver"]["config"]["sender"] = SENDER


@pytest.fixture
async def desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, by_hand) as running:
        yield running


async def test_it_is_collected_and_then_a_persons(desk: Desk) -> None:
    """The requester is asked for missing fields first, and the person who takes over sees the answer."""
    case = await desk.submit("My order goes to the wrong address, please help.", sender=CHLOE)
    await case.until("waiting_for_information")
    (question,) = await until_mailed(desk, 1)
    assert question["sender"] == SENDER
    await case.answer(order_number="DD-10008")
    await case.until("escalated")
    detail = await case.handle.query(Coordinator.detail)
    assert [item.fields for item in detail.items] == [{"order_number": "DD-10008"}]
    assert detail.approval_request is not None
    assert "the warehouse must be rung up" in detail.approval_request.why


async def test_what_is_known_is_filled_in(desk: Desk) -> None:
    """No placeholder is ever sent, and the mail comes from the desk's own address."""
    case = await desk.submit("Please cancel my order DD-10008.", sender=CHLOE)
    assert (await case.outcome()).ending is Ending.DONE
    (reply,) = await until_mailed(desk, 1)
    assert "DD-10008 cannot be cancelled by mail." in reply["text"]
    assert reply["sender"] == SENDER
