"""Journeys of an approver in Chromium to their end, which is what the customer reads."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Locator, Page, expect
from temporalio.client import Client

from dispatch.models.people.approvers import Approvers
from dispatch.models.request.status import Ending
from dispatch.storage.approvers_file import ApproversFile
from tests.chromium import NEEDS_CHROMIUM, running_chromium
from tests.desk import Case, Desk, at_work, resting_desk
from tests.inbox.stand import PASSPHRASE, Inbox, running_inbox, with_people
from tests.inbox.windows import looks_right, signed_in_window
from tests.workflows.requests_made import held_refund, two_held_refunds, until

GUIDANCE = "Careful with this one: she has threatened to go to the newspaper about us."
pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
async def desk(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """Run a desk of its own: these tests refund orders that others need."""
    folder = tmp_path_factory.mktemp("journeys")
    async with resting_desk(client, folder) as desk:
        desk.settings = with_people(desk.settings, folder)
        async with at_work(desk):
            yield desk


@pytest.fixture(scope="module")
async def inbox(desk: Desk) -> AsyncIterator[Inbox]:
    async with running_inbox(desk.client, desk.settings) as inbox:
        yield inbox


async def test_one_of_two_refunds_is_rejected_and_the_customer_is_told_exactly_that(
    chromium: Chromium, desk: Desk, inbox: Inbox
) -> None:
    """What follows is read before each press and after it; the other refund is paid, and the mail tells both apart."""
    case = await two_held_refunds(desk)
    async with signed_in_window(chromium, inbox, "dora", reduced_motion="reduce") as page:
        await page.goto(f"/requests/{case.id}")
        first = _card(page, "payment PAY-10030-1")
        await first.get_by_text("Reject this").click()
        await expect(first).to_contain_text("Refund payment PAY-10030-2: not affected, decided on its own.")
        await first.get_by_text("Send back", exact=True).click()
        await first.get_by_text("Edit: Amount in EUR").click()
        await looks_right(page, "one of two, all open")
        await first.get_by_label("Reason for the desk").fill("the voucher paid it, see the note in accounts")
        await first.get_by_label("Reason for the requester").fill("This part was paid with a voucher.")
        await first.get_by_role("button", name="Reject", exact=True).click()
        await expect(page.locator("#said")).to_contain_text(
            "Nothing is done until this is decided too: Refund payment PAY-10030-2."
        )
        await looks_right(page, "one of two, rejected")
        second = _card(page, "payment PAY-10030-2")
        await expect(second).to_contain_text(
            "rewritten according to the decisions, without what was rejected"
        )
        await second.get_by_role("button", name="Approve").click()
        await expect(page.locator("#said")).to_contain_text("what was rejected is not done")
        outcome = await case.outcome()
        assert outcome.ending is Ending.PARTLY_DONE
        await page.goto(f"/requests/{case.id}")
        await expect(page.locator(".outcome")).to_contain_text("the voucher paid it")
        await looks_right(page, "partly done")
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [2000]
    text = _mail_of(desk, "zoe.dangelo@mail.example")
    assert (
        "We cannot refund EUR 30.00 for order DD-10030 (payment PAY-10030-1). This part was paid with a voucher."
        in text
    )
    assert "We are refunding EUR 20.00 for order DD-10030 (payment PAY-10030-2)" in text
    assert "accounts" not in text


async def test_a_draft_is_sent_back_changed_and_approved(
    chromium: Chromium, desk: Desk, inbox: Inbox
) -> None:
    """The page says that this desk cannot use guidance; the text is changed by editing it, and only that is read."""
    case: Case = await held_refund(desk)
    async with signed_in_window(chromium, inbox, "dora", reduced_motion="reduce") as page:
        await page.goto(f"/requests/{case.id}")
        refund = _card(page, "payment PAY-10001")
        await refund.get_by_label("Reason for the desk").fill(GUIDANCE)
        await refund.get_by_text("Send back", exact=True).click()
        await expect(refund).to_contain_text("This desk writes by rules and cannot use guidance")
        await refund.get_by_role("button", name="Have the text changed").click()
        await expect(page.locator("#said")).to_contain_text("Recorded")
        await case.until("waiting_for_approval", proposal="p2")
        await page.goto(f"/requests/{case.id}")
        await expect(page.locator(".exceptions")).to_contain_text("cannot use guidance")
        await expect(page.locator("section:has(#h-said)")).to_contain_text(f"for the desk alone: {GUIDANCE}")
        reply = _card(page, "reply")
        await reply.get_by_text("Edit: Text").click()
        await looks_right(page, "sent back")
        text = await reply.get_by_label("Text", exact=True).input_value()
        assert GUIDANCE not in text
        await reply.get_by_label("Text", exact=True).fill(f"{text}\n\nPS: Please keep the box.")
        await reply.get_by_role("button", name="Send the edit").click()
        await expect(page.locator("#said")).to_contain_text("Recorded")
        await case.until("waiting_for_approval", proposal="p3")
        await page.goto(f"/requests/{case.id}")
        await expect(page.locator(".changes ins").first).to_contain_text("PS: Please keep the box.")
        await page.get_by_role("button", name="Approve").first.click()
        await expect(page.locator("#said")).to_contain_text("done now")
        assert (await case.outcome()).ending is Ending.DONE
    text = _mail_of(desk, "anna.mueller@post.example")
    assert "PS: Please keep the box." in text
    assert "newspaper" not in text


@contextmanager
def _told_by_mail(desk: Desk, **roles: tuple[str, ...]) -> Iterator[None]:
    """Let these people have these roles, and a mail for each event."""
    file = ApproversFile(desk.settings.approvers_path)
    before = file.read()
    people = tuple(
        one.model_copy(update={"notify": "each", "roles": roles[one.name]}) if one.name in roles else one
        for one in before.approvers
    )
    file.write(Approvers(approvers=people))
    try:
        yield
    finally:
        file.write(before)


async def test_the_second_signer_hears_at_once_signs_and_it_is_done(
    chromium: Chromium, desk: Desk, inbox: Inbox
) -> None:
    """Emil is none of those asked first; he hears of the gate and, as soon as dora has signed, that his is due."""
    with _told_by_mail(desk, dora=("refunds-lead",), emil=("support-lead",)):
        case = await desk.submit(
            "Please refund order DD-10034, we are moving abroad.", sender="aoife.nibhriain@mail.example"
        )
        await case.until("waiting_for_approval")
        async with (
            signed_in_window(chromium, inbox, "dora", reduced_motion="reduce") as dora,
            signed_in_window(chromium, inbox, "emil", reduced_motion="reduce") as emil,
        ):
            (first,) = await _mails_to(desk, "dora@desk.example", 1)
            await dora.goto(_path_in(first))
            await _sign(dora)
            _, mail = await _mails_to(desk, "emil@desk.example", 2)
            assert "dora has approved, 1 of 2 signatures. Yours may be the one." in mail
            await emil.goto(_path_in(mail))
            told = emil.locator("section:has(#h-told)")
            await expect(told).to_contain_text("a decision is asked; notified dora, emil")
            await expect(told).to_contain_text("another approval is due; notified emil")
            await looks_right(emil, "the second signer")
            await _sign(emil)
            assert (await case.outcome()).ending is Ending.DONE
            assert "emil approved" in (await _mails_to(desk, "dora@desk.example", 2))[1]


async def test_each_gate_has_its_own_verbs(chromium: Chromium, desk: Desk, inbox: Inbox) -> None:
    """A request is routed, then settled: no button says approve, and the trail has the words of the buttons."""
    case = await desk.submit("Would you lend us two radios?", sender="anna.mueller@post.example", desk=None)
    await case.until("waiting_for_routing")
    async with signed_in_window(chromium, inbox, "dora", reduced_motion="reduce") as page:
        await page.goto(f"/requests/{case.id}")
        await looks_right(page, "routing")
        await page.get_by_role("combobox", name="desk").select_option("support")
        await page.get_by_role("button", name="Route it there").click()
        await expect(page.locator("#said")).to_contain_text("accepted: route by dora")
        await case.until("escalated")
        await page.goto(f"/requests/{case.id}")
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        await looks_right(page, "settlement")
        await page.get_by_role("button", name="Leave it unsettled").click()
        assert await page.locator(":focus:invalid").count() == 1, "to leave it needs a reason"
        await page.get_by_label("Reason").fill("told them by telephone")
        await page.get_by_role("button", name="It is settled").click()
        await expect(page.locator("#said")).to_contain_text("accepted: settle by dora")
    assert (await case.outcome()).why.endswith("settled by dora: told them by telephone")


async def _sign(page: Page) -> None:
    await page.get_by_role("button", name="Approve and sign").click()
    await page.get_by_label("Passphrase of the key").fill(PASSPHRASE)
    await page.get_by_role("button", name="Sign and send").click()
    await expect(page.locator("#said")).to_contain_text("Recorded")


async def _mails_to(desk: Desk, address: str, number: int) -> list[str]:
    """Wait until an approver has so many mails; returns their texts."""

    async def look() -> list[str]:
        found = [str(mail["text"]) for mail in desk.mail_sink.messages() if mail["recipient"] == address]
        return found if len(found) >= number else []

    texts: list[str] = await until(look)
    return texts


def _path_in(mail: str) -> str:
    """Return the path of the page that a mail links to; the inbox under test has a port of its own."""
    found = re.search(r"http://[^/\s]+(/requests/\S+)", mail)
    assert found is not None, mail
    return found[1]


def _card(page: Page, subject: str) -> Locator:
    return page.locator("section.card", has=page.locator(".card-head", has_text=subject))


def _mail_of(desk: Desk, address: str) -> str:
    (mail,) = [mail for mail in desk.mail_sink.messages() if mail["recipient"] == address]
    return str(mail["text"])
