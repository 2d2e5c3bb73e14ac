"""Deciding by the page: what was shown is what is decided on, and what became of it is said at once."""

import asyncio
import json
import re

import pytest

from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Case, Desk
from tests.inbox.stand import PASSPHRASE, Browser, Inbox, Page
from tests.signers import Signer
from tests.workflows.requests_made import ANNA, beyond_the_desk, held_refund, two_held_refunds, until

WRONG = "not the passphrase"
NO_AMOUNT = "\N{EN DASH}"


async def _held(desk: Desk, order: str, sender: str) -> Case:
    case = await desk.submit(f"Please refund order {order}, it does not fit.", sender=sender)
    await case.until("waiting_for_approval", proposal="p1")
    return case


async def _decide(page: Page, decision_type: str, number: int = 0, **fields: str) -> Page:
    return await page.send("/decide", number, decision_type=decision_type, **fields)


async def test_approve(inbox_desk: Desk, dora: Browser) -> None:
    """Recorded under the name of who is signed in; exactly what was shown is done."""
    case = await _held(inbox_desk, "DD-10015", "i.bergmann@bergmann-buero.example")
    page = await dora.request(case.id)
    assert "EUR 180.00 (18000 minor units)" in page.text
    after = await _decide(page, "approve", reason="known customer")
    assert after.said.startswith("Recorded accepted: approve by dora")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    decided = [entry for entry in outcome.trail if entry.kind is EntryKind.DECISION]
    assert [(entry.decided_by, entry.why) for entry in decided] == [("dora", "known customer")]
    closed = await dora.request(case.id)
    assert "How it ended" in closed.text
    assert not closed.forms("/decide")


async def test_reject_needs_a_reason(inbox_desk: Desk, dora: Browser) -> None:
    """Without one the desk refuses, says why, and the request waits on; with one it is rejected."""
    case = await held_refund(inbox_desk)
    refused = await _decide(await dora.request(case.id), "reject", reason="  ")
    assert "Refused by the desk reject needs a reason" in refused.said
    after = await _decide(refused, "reject", reason="please call them")
    assert after.said.startswith("Recorded")
    assert (await case.outcome()).ending is Ending.REJECTED


async def test_an_edit_is_typed_as_people_write_it_and_comes_back_to_be_compared(
    inbox_desk: Desk, dora: Browser
) -> None:
    """EUR 20,00 is 2000 minor units; the new proposal shows what changed and needs its own approval."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)
    after = await _decide(page, "edit", reason="only the lamp", field__amount_minor="20,00")
    assert "goes round once more" in after.said
    await case.until("waiting_for_approval", proposal="p2")
    again = await dora.request(case.id)
    assert "What changed since p1" in again.text
    assert "Refund: amount EUR 49.90 EUR 20.00" in again.text
    assert "EUR 20.00 (2000 minor units)" in again.text
    await _decide(again, "reject", reason="enough seen")
    await case.outcome()


@pytest.mark.parametrize("typed", ["1,500", "20.5", "twenty", "-3", "", "1e3", "20.00 EUR"])
async def test_an_amount_that_may_mean_two_things_is_not_sent(
    standing_held: Case, dora: Browser, typed: str
) -> None:
    """What was typed is named, with how to write it; the desk hears nothing of it."""
    known = len(await standing_held.trail())
    page = await dora.request(standing_held.id)
    after = await _decide(page, "edit", reason="", field__amount_minor=typed)
    assert after.said.startswith("Not sent")
    assert len(await standing_held.trail()) == known


async def test_an_edit_without_a_change_is_not_sent(standing_held: Case, dora: Browser) -> None:
    """The page says so, for the person meant something else."""
    after = await _decide(await dora.request(standing_held.id), "edit", reason="")
    assert after.said.startswith("Not sent Nothing was changed")


async def test_send_back(inbox_desk: Desk, dora: Browser) -> None:
    """The guidance goes to the desk, which comes back with a new proposal and says that it could not use it."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)
    assert "This desk writes by rules and cannot use guidance" in page.text, "said before it is pressed"
    after = await _decide(page, "respond:change_draft", reason="Please mention the return label.")
    assert "cannot use guidance" in after.said
    await case.until("waiting_for_approval", proposal="p2")
    await case.decide("reject", by="dora")
    assert (await case.outcome()).ending is Ending.REJECTED, (
        "the reply, which told of it, is nobody's to decide any more"
    )


async def test_each_action_is_decided_alone_and_the_page_says_what_follows(
    inbox_desk: Desk, dora: Browser
) -> None:
    """One of two refunds is rejected with two reasons; the page tells the rest before and after, and who reads which."""
    case = await two_held_refunds(inbox_desk)
    page = await dora.request(case.id)
    assert "Approve all 2" in page.text
    assert "Refund (2)" in page.text
    first, second, reply = page.forms("/decide")
    assert "not affected, decided on its own" in page.text
    assert "Needs no approval: it is done when the rest is decided" in page.text
    fields = {"decision_type": "reject", "reason": "double claim", "reason_for_requester": "Paid by voucher."}
    after = await dora.post(first.action, {**first.fields, **fields})
    assert "Nothing is done until this is decided too: Refund payment" in after.said
    assert "Rejected by dora: double claim The requester is told: “Paid by voucher.”" in after.text
    assert "This text will be rewritten once the rest is decided" in after.text
    assert "Approve all" not in after.text
    last = await dora.post(second.action, {**second.fields, "decision_type": "reject", "reason": "this too"})
    assert "The text for the requester is rewritten" in last.said
    outcome = await case.outcome()
    assert outcome.ending is Ending.REJECTED
    assert reply.fields["digest"] not in {first.fields["digest"], second.fields["digest"]}
    (mail,) = [m for m in inbox_desk.mail_sink.messages() if case.id in str(m["message_id"])] or [
        {"text": ""}
    ]
    assert "double claim" not in str(mail["text"])


async def test_a_page_that_is_out_of_date_decides_nothing(inbox_desk: Desk, dora: Browser) -> None:
    """The form binds to the proposal and the digest that it showed, never to what is newest."""
    case = await held_refund(inbox_desk)
    old = await dora.request(case.id)
    await case.decide("edit", by="emil", edits={"amount_minor": 1600})
    await case.until("waiting_for_approval", proposal="p2")
    after = await _decide(old, "approve", reason="looks good")
    assert "Refused by the desk stale: names proposal p1, but p2 waits" in after.said
    assert not inbox_desk.back_office.rows(
        "SELECT * FROM refunds WHERE idempotency_key LIKE ?", f"{case.id}/%"
    )
    await case.decide("reject", by="dora")
    await case.outcome()


async def test_a_decision_after_the_end_is_late(inbox_desk: Desk, dora: Browser) -> None:
    """Who was faster is in the trail; the page says that it is over."""
    case = await held_refund(inbox_desk)
    page = await dora.request(case.id)
    await case.decide("reject", by="emil")
    await case.outcome()
    after = await _decide(page, "approve")
    assert after.said.startswith("Too late")
    assert "How it ended" in after.text


async def test_the_second_click_of_one_form_is_a_duplicate(inbox_desk: Desk, dora: Browser) -> None:
    """One form is one decision, however often it is sent."""
    case = await inbox_desk.submit(
        "Please refund my canvas bag, order DD-10030.", sender="zoe.dangelo@mail.example"
    )
    await case.until("waiting_for_approval")
    page = await dora.request(case.id)
    assert len(page.forms("/decide")) == 3, "two refunds, and the reply, which needs nobody"
    assert (await _decide(page, "approve")).said.startswith("Recorded")
    assert "duplicate" in (await _decide(page, "approve")).said
    assert (await _decide(await dora.request(case.id), "approve")).said.startswith("Recorded")
    assert (await case.outcome()).ending is Ending.DONE


async def test_who_holds_no_role_may_look_and_is_refused_by_the_desk(
    standing_held: Case, inbox: Inbox, dora: Browser
) -> None:
    """The page offers no form; a form made by hand is refused by the desk itself."""
    browser = inbox.browser()
    await browser.sign_in("nobody")
    page = await browser.request(standing_held.id)
    assert "you can look and not decide" in page.text
    assert not page.forms("/decide")
    fields = {
        **(await dora.request(standing_held.id)).form("/decide").fields,
        "form_token": page.form("/sign-out").fields["form_token"],
        "decision_type": "approve",
    }
    after = await browser.post(f"/requests/{standing_held.id}/decide", fields)
    assert after.said.startswith("Refused by the desk")
    assert "nobody" in after.said


@pytest.mark.parametrize(
    "spoiled",
    [
        {"decision_type": "destroy"},
        {"decision_type": ""},
        {"proposal_id": "p99", "decision_type": "approve"},
        {"digest": "0" * 64, "decision_type": "approve"},
        {"digest": "<b>", "decision_type": "approve"},
        {"decision_id": "x" * 200, "digest": "", "decision_type": "approve"},
        {"reason": "x" * 200_000, "digest": "0" * 64, "decision_type": "reject"},
    ],
    ids=lambda spoiled: next(iter(spoiled)),
)
async def test_a_form_changed_by_hand_decides_nothing(
    standing_held: Case, dora: Browser, spoiled: dict[str, str]
) -> None:
    """Each is refused with its reason, and the request waits on."""
    page = await dora.request(standing_held.id)
    after = await page.send("/decide", 0, **({"decision_type": "approve"} | spoiled))
    assert after.said.startswith(("Refused by the desk", "Not sent"))
    assert (await standing_held.status()).state == "waiting_for_approval"


async def test_several_plain_ones_at_once(inbox_desk: Desk, standing_signed: Case, dora: Browser) -> None:
    """Ticked rows are approved, each by a decision of its own on what its row showed."""
    cases = await asyncio.gather(
        _held(inbox_desk, "DD-10027", "amara.okafor@mail.example"),
        _held(inbox_desk, "DD-10013", "t.weber@kanzlei-weber.example"),
    )
    signed = standing_signed
    listed = await _listed(dora, *(case.id for case in (*cases, signed)))
    picks = [pick for pick in _picks(listed) if pick.split("|")[0] in {case.id for case in cases}]
    assert len(picks) == 2
    assert not [pick for pick in _picks(listed) if pick.startswith(signed.id)]
    fields = {**listed.form("/approve").fields, "reason": "all known", "pick": picks}
    after = await dora.post("/approve", fields)
    assert after.said == "2 approved"
    for case in cases:
        assert (await case.outcome()).ending is Ending.DONE


async def test_what_needs_a_signature_or_has_changed_is_not_approved_with_others(
    standing_held: Case, standing_signed: Case, dora: Browser
) -> None:
    """A pick made by hand is held against the request itself."""
    signed = standing_signed
    status = await signed.status()
    listed = await _listed(dora, standing_held.id)
    fields = {
        **listed.form("/approve").fields,
        "pick": [
            f"{signed.id}|{status.proposal_id}|{status.action_digest}",
            f"{standing_held.id}|p7|{'0' * 64}",
            f"{standing_held.id}|p1|{'0' * 64}",
            "support-mail-none|p1|0",
            "nothing",
        ],
    }
    after = await dora.post("/approve", fields)
    assert after.said.startswith("0 of 5 approved")
    assert "it asks for a decision on its own page" in after.said
    assert "what waits is not what the list showed" in after.said
    assert (await standing_held.status()).state == "waiting_for_approval"


async def test_a_key_is_locked_after_wrong_passphrases(standing_signed: Case, dora: Browser) -> None:
    """Who has the session does not have the passphrase, and may not try forever."""
    shown = await _decide(await dora.request(standing_signed.id), "approve")
    for _ in range(5):
        await shown.send("/sign", passphrase=WRONG)
    assert "Too many wrong passphrases" in (await shown.send("/sign", passphrase=PASSPHRASE)).text


async def test_many_passphrases_at_the_same_moment_are_no_more_tries(
    standing_signed: Case, dora: Browser
) -> None:
    """All but five are refused unread."""
    shown = await _decide(await dora.request(standing_signed.id), "approve")
    pages = await asyncio.gather(
        *(shown.send("/sign", passphrase=f"{WRONG} {number}") for number in range(12))
    )
    assert sum("Too many wrong passphrases" in page.text for page in pages) == 7


async def test_a_signature_made_elsewhere(inbox_desk: Desk, inbox: Inbox, dora: Browser) -> None:
    """One that fits is sent on; one that does not never leaves the inbox; another's name is not signed for."""
    case = await _signed_refund(inbox_desk)
    private = inbox.context.keys.load(
        "dora", inbox.context.approvers.read().approvers[0].keys[0].key_id, PASSPHRASE
    )
    shown = await _decide(await dora.request(case.id), "reject", reason="not this one")
    exact = json.loads(shown.form("/sign").fields["decision"])
    other = Signer("dora").signs({**exact, "signature": None})
    forms = shown.forms("/sign")
    assert forms[-1].fields["way"] == "signature"
    bad = await shown.send("/sign", len(forms) - 1, signature=str(other["signature"]))
    assert "was not made with this key" in bad.text
    short = await shown.send("/sign", len(forms) - 1, signature="abc")
    assert "64 bytes in base64" in short.text
    stolen = await shown.send(
        "/sign", len(forms) - 1, decision=json.dumps({**exact, "approver": "emil"}), signature="abc"
    )
    assert stolen.status == 403
    signed = Signer("dora", private=private).signs(exact)
    after = await shown.send("/sign", len(forms) - 1, signature=str(signed["signature"]))
    assert after.said.startswith("Recorded")
    assert (await case.outcome()).ending is Ending.REJECTED


async def test_two_people_for_what_is_critical(inbox_desk: Desk, inbox: Inbox, dora: Browser) -> None:
    """The first is told that another must approve; the same person twice is not two."""
    case = await _held(inbox_desk, "DD-10034", "aoife.nibhriain@mail.example")
    emil = inbox.browser()
    await emil.sign_in("emil")
    first = await _decide(await dora.request(case.id), "approve")
    first = await first.send("/sign", passphrase=PASSPHRASE)
    assert first.said.startswith("Recorded")
    assert "1 of 2 signatures" in first.text
    assert "A different person must approve it too" in first.text
    assert len(first.forms("/decide")) == 1, "the reply, which needs nobody, can still be edited"

    async def is_for(browser: Browser) -> bool:
        return "on order DD-10034" in (await browser.get(f"/?search={case.id}")).text

    async def is_done() -> bool:
        return not await is_for(dora)

    assert await until(lambda: is_for(emil))
    await until(is_done)
    second = await _decide(await emil.request(case.id), "approve")
    second = await second.send("/sign", passphrase=PASSPHRASE)
    assert second.said.startswith("Recorded")
    assert (await case.outcome()).ending is Ending.DONE


async def test_settle_what_the_desk_could_not(inbox_desk: Desk, dora: Browser) -> None:
    """A person says that it is settled, and how."""
    case = await beyond_the_desk(inbox_desk)
    page = await dora.request(case.id)
    assert "It is settled" in page.text
    after = await _decide(page, "settle", reason="told them by telephone")
    assert after.said.startswith("Recorded")
    assert (await case.outcome()).ending is Ending.ESCALATED


async def test_route_what_no_desk_fits(inbox_desk: Desk, dora: Browser) -> None:
    """The desk is chosen from those there are."""
    case = await inbox_desk.submit("Would you lend us two radios?", sender=ANNA, desk=None)
    await case.until("waiting_for_routing")
    page = await dora.request(case.id)
    assert page.form("/decide").fields["field.desk"] == "helpdesk"
    after = await _decide(page, "route", 0, reason="", **{"field.desk": "support"})
    assert after.said.startswith("Recorded")
    await case.until("escalated")
    await case.decide("settle", by="dora", reason="passed on")
    await case.outcome()


async def test_say_what_is_asked(inbox_desk: Desk, dora: Browser) -> None:
    """Both candidates are buttons; who presses one has chosen it, whatever the list above shows."""
    unclear = "Ich habe das Paket zurückgeschickt und nichts gehört."
    case = await inbox_desk.submit(unclear, sender=ANNA)
    await case.until("waiting_for_routing")
    page = await dora.request(case.id)
    assert "Say what is asked" in page.text
    buttons = re.findall(r'<button class="main" name="field.item-1" value="(\w+)"', page.response.text)
    assert len(buttons) == 2
    after = await page.send("/decide", 0, **{"field.item-1": "return_policy", "reason": ""})
    assert after.said.startswith("Recorded")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [entry.decided_by for entry in outcome.trail if entry.kind is EntryKind.DECISION] == ["dora"]


async def test_own_requests_are_for_others(inbox_desk: Desk, dora: Browser) -> None:
    """The requester may not decide; the desk refuses and says so."""
    case = await inbox_desk.submit("Would you lend us two radios?", sender="dora+me@desk.example")
    await case.until("escalated")
    after = await _decide(await dora.request(case.id), "settle", reason="fine by me")
    assert after.said.startswith("Refused by the desk")
    await case.decide("settle", by="emil", reason="fine")
    await case.outcome()


# After this the one order of its size is refunded, so it comes last.
async def test_a_signed_decision_with_the_key_that_the_inbox_holds(inbox_desk: Desk, dora: Browser) -> None:
    """The exact decision is shown; the passphrase signs it once; the trail names the key."""
    # Of a customer with no other refund that waits: together they would need two signatures.
    case = await _held(inbox_desk, "DD-10035", "matteo.ferri@posta.example")
    shown = await _decide(await dora.request(case.id), "approve", reason="seen the desk")
    assert "This is the whole decision" in shown.text
    exact = json.loads(shown.form("/sign").fields["decision"])
    assert (exact["approver"], exact["decision_type"], exact["reason"]) == (
        "dora",
        "approve",
        "seen the desk",
    )
    wrong = await shown.send("/sign", passphrase=WRONG)
    assert wrong.status == 400
    assert "does not open the key" in wrong.text
    after = await wrong.send("/sign", passphrase=PASSPHRASE)
    assert after.said.startswith("Recorded")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert any(exact["key_id"][:20] in json.dumps(entry.model_dump(mode="json")) for entry in outcome.trail)


async def _signed_refund(desk: Desk) -> Case:
    return await _held(desk, "DD-10033", "halldora.jonsdottir@postur.example")


async def _listed(browser: Browser, *ids: str) -> Page:
    """Open the list once all of these are on it, with what their rows say."""
    async with asyncio.timeout(20):
        while True:
            page = await browser.get("/?whose=all")
            if all(f"/requests/{one}" in page.response.text for one in ids) and NO_AMOUNT not in _cells(
                page, ids
            ):
                return page
            await asyncio.sleep(0.1)


def _cells(page: Page, ids: tuple[str, ...]) -> str:
    rows = page.response.text.split("<tr>")
    return " ".join(
        row.split('<td class="num">')[1] for row in rows if any(f"/requests/{i}" in row for i in ids)
    )


def _picks(page: Page) -> list[str]:
    return [part.split('"')[0] for part in page.response.text.split('name="pick" value="')[1:]]


@pytest.fixture(scope="session")
async def standing_held(inbox_desk: Desk) -> Case:
    """Return a request that waits for a plain decision and is not to be decided."""
    return await held_refund(inbox_desk)


@pytest.fixture(scope="session")
async def standing_signed(inbox_desk: Desk) -> Case:
    """Return a request that waits for a signed decision and is not to be decided."""
    return await _signed_refund(inbox_desk)
