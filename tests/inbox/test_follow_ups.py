"""The page of a follow-up check: what was done, what is there now, and a person's word on it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.models.request.follow_up import FollowUpOutcome
from tests.desk import PATIENCE_SECONDS, Desk, at_work, resting_desk
from tests.inbox.stand import Browser, Inbox, running_inbox, with_people
from tests.workflows.requests_made import reopened, small_refund, soon


@pytest.fixture
async def desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that reads its refunds back after a second."""
    async with resting_desk(client, tmp_path, soon) as desk:
        desk.settings = with_people(desk.settings, tmp_path)
        async with at_work(desk):
            yield desk


@pytest.fixture
async def inbox(desk: Desk) -> AsyncIterator[Inbox]:
    async with running_inbox(desk.client, desk.settings) as inbox:
        yield inbox


async def test_what_no_longer_stands_is_shown_and_settled(desk: Desk, inbox: Inbox) -> None:
    """Both sides of it, the form for who may settle, how it ended afterwards; the list has its row."""
    case = await reopened(desk)
    dora = inbox.browser()
    await dora.sign_in("dora")
    async with asyncio.timeout(20):
        while case.id not in (listed := await dora.get("/")).response.text:  # noqa: ASYNC110 (Temporal works)
            await asyncio.sleep(0.1)
    for said in ("Follow-up: issue refund", "sean.obrien@mail.example", "EUR 12.00", "differs in status"):
        assert said in listed.text
    page = await dora.request(case.id)
    for said in (
        "Follow-up check",
        "As it was done",
        "Amount EUR 12.00",
        "It no longer stands",
        "differs in status",
        "cancelled",
    ):
        assert said in page.text
    assert f"/requests/{case.id.partition('.follow-up')[0]}" in page.response.text
    page = await page.send("/decide", decision_type="settle", reason="the customer kept the goods")
    assert "Recorded" in page.said
    handle = desk.client.get_workflow_handle(case.id, result_type=FollowUpOutcome)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert (await handle.result()).owner == "nobody"
    ended = (await dora.request(case.id)).text
    assert "How it ended" in ended
    assert "the customer kept the goods" in ended
    assert "As it was done" in ended


async def test_who_may_not_settle_can_look(desk: Desk, inbox: Inbox) -> None:
    """The same facts, no form, and who is asked."""
    case = await reopened(desk)
    nobody = inbox.browser()
    await nobody.sign_in("nobody")
    page = await nobody.request(case.id)
    assert "It no longer stands" in page.text
    assert "so you can look and not decide" in page.text
    assert page.forms("/decide") == []


async def test_before_its_time_it_says_what_it_will_read_back(inbox_desk: Desk, dora: Browser) -> None:
    """A check that sleeps asks nobody; its page shows what was done and when it will be read back."""
    outcome = await (await small_refund(inbox_desk)).outcome()
    case = inbox_desk.case(outcome.follow_ups[0])
    await case.until("following_up")
    page = await dora.request(case.id)
    assert "The time to read the effects back" in page.text
    assert "Read back Not yet" in page.text
    assert page.forms("/decide") == []


async def test_one_kind_of_page_is_not_taken_for_the_other(desk: Desk, inbox: Inbox) -> None:
    """A row's tick that names a follow-up, which no list offers, is answered in a sentence and decides nothing."""
    case = await reopened(desk)
    dora = inbox.browser()
    await dora.sign_in("dora")
    form_token = (await dora.request(case.id)).form("/decide").fields["form_token"]
    picked = {"form_token": form_token, "back": "", "reason": "", "pick": f"{case.id}|settle-1|{'0' * 64}"}
    page = await dora.post("/approve", picked)
    assert "it is a follow-up check" in page.said
    assert (await case.status()).state == "escalated"
