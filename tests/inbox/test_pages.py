"""What the pages show, and how they degrade."""

import asyncio
import re
import uuid
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.models.errors import UnavailableError
from tests.desk import Desk, at_work, resting_desk
from tests.inbox.stand import PASSPHRASE, Browser, Inbox, running_inbox, with_people
from tests.workflows.requests_made import damage_without_details, held_refund, status_question


async def test_a_requests_page_has_all_that_is_needed_to_decide(inbox_desk: Desk, dora: Browser) -> None:
    """The request, the exact action, the guardian's reasons, the draft with its evidence, the trail, Temporal's page."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)
    for part in (
        "Please refund order DD-10001, the lamp does not match our desk.",
        "EUR 49.90 (4990 minor units)",
        "PAY-10001",
        "CU-1001",
        "Holds it for a person",
        "tier medium needs one person's decision".capitalize(),
        "anna.mueller@post.example",
        "The draft and what it rests on",
        "records · DD-10001",
        "The submission",
    ):
        assert part in page.text
    digest = (await case.status()).action_digest
    assert page.form("/decide").fields["digest"] == digest
    described = await case.handle.describe()
    assert f"/namespaces/default/workflows/{case.id}/{described.run_id}" in page.response.text


async def test_a_requests_page_says_why_it_has_its_rank(inbox_desk: Desk, dora: Browser) -> None:
    """Each part with its points, what the records say and the waiting so far among them."""
    case = await inbox_desk.submit(
        "Urgent: please refund order DD-10017.", sender="einkauf@bergmann-buero.example"
    )
    await case.until("waiting_for_approval")
    page = await dora.request(case.id)
    assert "Why this rank: 60 points" in page.text
    for said in (
        "+40 for urgency: urgency 1 of 5, 'urgent' was said",
        "+5 for value: EUR 149.00 is concerned, on record",
        "+15 for customer tier: customer tier gold, on record",
        "+0 for waiting: waiting for",
    ):
        assert said in page.text
    await case.decide("reject", by="dora")


async def test_what_a_stranger_wrote_is_text_and_nothing_else(inbox_desk: Desk, dora: Browser) -> None:
    """Mark-up in a mail is shown as its author typed it."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
    case = await inbox_desk.submit(
        f"Please refund order DD-10001. {evil}",
        sender="anna.mueller@post.example",
        subject=f"Lamp {evil}",
        name=evil,
    )
    await case.until("waiting_for_approval")
    page = await dora.request(case.id)
    assert "<script>alert" not in page.response.text
    assert "<img" not in page.response.text
    assert evil in page.text.replace("< ", "<")
    await case.decide("reject", by="dora")


async def test_what_cannot_be_seen_is_made_visible(inbox_desk: Desk, dora: Browser) -> None:
    """A mark that turns the direction of a text could make an approver read another one."""
    case = await inbox_desk.submit(
        "Would you lend us two radios? \N{RIGHT-TO-LEFT OVERRIDE}dneirf a ot",
        sender="anna.mueller@post.example",
    )
    await case.until("escalated")
    page = await dora.request(case.id)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page.response.text
    assert "[U+202E]dneirf a ot" in page.text
    await case.decide("reject", by="dora")


@pytest.mark.parametrize(
    "path",
    [
        "/requests/support-mail-none",
        "/requests/%2e%2e%2fetc",
        "/requests/" + "x" * 900,
        "/requests/a'b",
        "/none",
    ],
)
async def test_what_there_is_not_is_said_clearly(dora: Browser, path: str) -> None:
    """A page of our own, with the way back."""
    page = await dora.get(path)
    assert page.status == 404
    assert "There is no such" in page.text


async def test_an_ended_request_shows_its_outcome_and_trail(inbox_desk: Desk, dora: Browser) -> None:
    """Item by item, with nothing left to decide."""
    case = await status_question(inbox_desk)
    await case.outcome()
    page = await dora.request(case.id)
    assert "How it ended" in page.text
    assert "Answered" in page.text
    assert "The trail" in page.text
    assert not page.forms("/decide")


async def test_a_request_that_was_terminated_is_closed_too(inbox_desk: Desk, dora: Browser) -> None:
    """It has no outcome of its own, and the page says so."""
    case = await held_refund(inbox_desk)
    await case.handle.terminate("by hand")
    page = await dora.request(case.id)
    assert "It ended without an outcome of its own (terminated)" in page.text


async def test_a_request_that_waits_for_its_requester_has_nothing_to_decide(
    inbox_desk: Desk, dora: Browser
) -> None:
    """It is not among what waits for me; it is in the whole list."""
    case = await damage_without_details(inbox_desk)
    page = await dora.request(case.id)
    assert "What is damaged, and in what way?" in page.text
    assert not page.forms("/decide")
    assert case.id not in (await dora.get("/")).response.text
    async with asyncio.timeout(20):
        while f"/requests/{case.id}" not in (await dora.get(f"/?whose=all&search={case.id}")).response.text:  # noqa: ASYNC110 (another process works)
            await asyncio.sleep(0.1)


async def test_the_live_mark_changes_with_the_page(inbox_desk: Desk, dora: Browser) -> None:
    """It is the same for as long as the page would look the same, whatever else happens, and no worker is asked for it."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)
    shown = re.findall(r'data-mark="([^"]+)" data-seen="([^"]+)"', page.response.text)[0]
    path = f"/requests/{case.id}/live"
    assert (await dora.get(f"{path}?seen=long-ago")).response.json()["mark"] == shown[0]
    seen = (await dora.get(f"{path}?seen={shown[1]}")).response.json()["seen"]
    await case.handle.signal("decide", {"not": "a decision"})
    await case.refused()
    assert (await dora.get(f"{path}?seen={seen}")).response.json()["mark"] == shown[0]
    await case.decide("reject", by="dora")
    await case.outcome()
    assert (await dora.get(f"{path}?seen={seen}")).response.json()["mark"] != shown[0]


async def test_no_worker_answers(client: Client, tmp_path: Path) -> None:
    """The list is there without amounts, the request's page says why it is bare, and an ended request shows its outcome."""
    async with resting_desk(client, tmp_path) as desk:
        desk.settings = with_people(desk.settings, tmp_path)
        async with at_work(desk):
            waiting = await held_refund(desk)
            ended = await status_question(desk)
            await ended.outcome()
        async with running_inbox(client, desk.settings) as inbox:
            browser = inbox.browser()
            await browser.sign_in("dora")
            listed = await browser.get(f"/?whose=all&search={waiting.id}")
            closed = await browser.request(ended.id)
            bare = await browser.request(waiting.id)
    assert f"/requests/{waiting.id}" in listed.response.text
    assert bare.status == 503
    assert "No worker answers now" in bare.text
    assert "A question" in bare.text
    assert "How it ended" in closed.text
    assert "Answered" in closed.text


async def test_a_decision_while_no_worker_answers_is_left_and_judged_later(
    client: Client, tmp_path: Path
) -> None:
    """The page says so; the next worker reads it."""
    async with resting_desk(client, tmp_path) as desk:
        desk.settings = with_people(desk.settings, tmp_path)
        async with running_inbox(client, desk.settings) as inbox:
            browser = inbox.browser()
            await browser.sign_in("dora")
            async with at_work(desk):
                case = await held_refund(desk)
                page = await browser.request(case.id)
            after = await page.send("/decide", decision_type="reject", reason="while nobody was there")
            assert after.said.startswith("Left for the desk")
            async with at_work(desk):
                outcome = await case.outcome()
    assert outcome.why == "rejected by dora: while nobody was there"


async def test_temporal_is_away(inbox_desk: Desk) -> None:
    """Every page says so and that nothing is lost; signing in still works, and once it is back so does all else."""
    reached = False

    async def connect() -> Client:
        if not reached:
            raise UnavailableError("Temporal does not answer at 127.0.0.1:1")
        return inbox_desk.client

    async with running_inbox(connect, inbox_desk.settings) as inbox:
        browser = inbox.browser()
        page = await browser.sign_in("dora")
        for path in ("/", "/requests/support-mail-1"):
            page = await browser.get(path)
            assert (page.status, "Temporal cannot be reached" in page.text) == (503, True)
        assert (await browser.get("/keys")).status == 200
        reached = True
        assert (await browser.get("/")).status == 200


async def test_an_inbox_that_was_killed_has_lost_nothing(
    inbox_desk: Desk, inbox: Inbox, dora: Browser
) -> None:
    """Another process with the same folder goes on with the same sign-in and the same forms."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)
    async with running_inbox(inbox_desk.client, inbox.settings) as again:
        browser = again.browser()
        browser.http.cookies.update(dora.http.cookies)
        form = page.form("/decide")
        after = await browser.post(
            form.action, {**form.fields, "decision_type": "reject", "reason": "after the crash"}
        )
    assert after.said.startswith("Recorded")
    await case.outcome()


async def test_it_can_stand_under_a_path(inbox_desk: Desk) -> None:
    """Behind a proxy that gives it a folder, links, forms and cookies keep to it; a check of health need not know it."""
    async with running_inbox(inbox_desk.client, inbox_desk.settings, base="/desk") as inbox:
        browser = inbox.browser()
        assert (await browser.get("/health")).response.text == "ok"
        page = await browser.get("/desk/")
        assert page.path == "/desk/sign-in"
        page = await page.send("/desk/sign-in", name="dora", passphrase=PASSPHRASE)
        assert page.path == "/desk/"
        assert not re.search(r'(href|action|src)="/(?!desk/)', page.response.text)


async def test_search_and_tier_find_what_the_request_itself_says(inbox_desk: Desk, dora: Browser) -> None:
    """Subject and requester are not in visibility; they are asked of the requests."""
    subject = f"Lamp {uuid.uuid4().hex[:6]}"
    case = await held_refund(inbox_desk, subject=subject)
    async with asyncio.timeout(20):
        while case.id not in (await dora.get(f"/?whose=all&search={subject}&tier=medium")).response.text:  # noqa: ASYNC110 (another process works)
            await asyncio.sleep(0.1)
    assert case.id not in (await dora.get(f"/?whose=all&search={subject}&tier=high")).response.text
    await case.decide("reject", by="dora")
