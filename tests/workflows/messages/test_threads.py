"""A mail that answers one of ours comes to the request it is about: as an answer, for the next approver, or as one of its own."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from temporalio.client import Client

import starter
from channels.mail.identity import message_id, request_tagged_in, tagged
from channels.mail.parse import parse_mail
from dispatch.models.request.addition import AdditionOutcome
from dispatch.models.request.message_names import MessageName
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Ending
from runtime.doors.starting import read_request, start
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from tests.desk import Case, Desk, at_work, quick, resting_desk, running_desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    JUERGEN,
    answered_late,
    damage_without_details,
    held_refund,
    until_mailed,
)


async def arrives(desk: Desk, text: str, to: str, *, sender: str = JUERGEN, **headers: str) -> Submitted:
    """Bring a mail that answers the mail `to` of ours, as any door does."""
    mail_id = headers.pop("Message_ID", f"<{uuid.uuid4()}@customer.example>")
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    raw = (
        f"From: {sender}\nMessage-ID: {mail_id}\nSubject: Re: A question\nIn-Reply-To: {to}\n{more}\n{text}\n"
    )
    read = read_request(desk.settings, "reply.eml", raw.encode(), "support")
    return await start(Gateway.over(desk.client), desk.settings, "reply.eml", read)


async def asked(desk: Desk, mailed: int = 1) -> tuple[Case, str]:
    """Return a request that waits for an order and its damage, and the Message-ID of the question."""
    case = await damage_without_details(desk)
    question = (await until_mailed(desk, mailed))[-1]
    return case, str(question["message_id"])


async def detail_of(case: Case) -> RequestDetail:
    return await Gateway.over(case.desk.client).request_detail(case.id)


async def requests_of(desk: Desk) -> list[str]:
    found = desk.client.list_workflows(
        f"WorkflowType = 'Coordinator' AND TaskQueue = '{desk.settings.task_queue}'"
    )
    return [one.id async for one in found]


@also_replaying("desk", in_each_run=True)
async def test_a_question_is_answered_by_mail(desk: Desk) -> None:
    """The reply fills the fields, its quote tells nothing, and the request goes on to its end; no second one begins."""
    case, question = await asked(desk)
    text = "The order is 10007. The lid is cracked.\nThanks!\n\nOn Mon, 23 Nov 2026 at 09:12, Desk <support@desk.example> wrote:\n> such as DD-10008?"
    submitted = await arrives(desk, text, question)
    assert (submitted.request_id, submitted.new, submitted.added) == (case.id, False, True)
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    detail = await detail_of(case)
    assert {item.fields["order_number"] for item in detail.items} == {"DD-10007"}
    assert [addition.text for addition in detail.additions] == [
        "The order is 10007. The lid is cracked.\nThanks!"
    ]
    assert await requests_of(desk) == [case.id]


async def test_an_answer_that_asks_for_more_is_read_by_a_person(desk: Desk) -> None:
    """What was asked is taken; beside it stands an ask that nobody understood, so the reply waits for a person."""
    case, question = await asked(desk)
    await arrives(desk, "It is DD-10007, the lid is cracked. Please also change my address.", question)
    await case.until("waiting_for_approval")
    held = [r.rule for result in (await detail_of(case)).guard_results for r in result.reasons]
    assert "request.wrote_again" in held


async def test_an_answer_that_tells_nothing_goes_to_a_person(desk: Desk) -> None:
    """After an answer the request does not wait for its deadline."""
    case, question = await asked(desk)
    await arrives(desk, "I really cannot find that anywhere, sorry.", question)
    await case.until("escalated")
    assert "does not tell order_number" in (await detail_of(case)).trail[-1].why


async def test_an_answer_that_only_quotes_tells_nothing(desk: Desk) -> None:
    """The quote is of our own question, and its example is no answer: a person reads it."""
    case, question = await asked(desk)
    text = "On Mon, 23 Nov 2026 at 09:12, Desk <support@desk.example> wrote:\n> Your order (for example: DD-10008)\n> The damage (for example: the lid is cracked)"
    assert (await arrives(desk, text, question)).added
    await case.until("escalated")
    detail = await detail_of(case)
    assert [item.fields.get("order_number") for item in detail.items] == [None]
    assert [addition.text for addition in detail.additions] == [""]


async def test_what_comes_behind_a_full_answer_is_read_by_a_person(client: Client, tmp_path: Path) -> None:
    """Two mails wait for a worker: the first tells all that was asked, the second answers nothing any more."""
    async with resting_desk(client, tmp_path, quick) as desk:
        async with at_work(desk):
            case, question = await asked(desk)
        first, second = "DD-10007. The lid is cracked.", "Wait, I would rather keep it."
        answering = []
        for text in (first, second):
            answering.append(asyncio.create_task(arrives(desk, text, question)))
            # It is with the server before the next one, and before a worker is.
            await asyncio.sleep(1)
        async with at_work(desk):
            assert [(await answer).added for answer in answering] == [True, True]
            await case.until("waiting_for_approval")
            assert {addition.text for addition in (await detail_of(case)).additions} == {first, second}


async def test_what_comes_behind_a_withdrawal_is_a_request_of_its_own(client: Client, tmp_path: Path) -> None:
    """A request that was taken back ends unread; what its requester writes then is not lost with it."""
    async with resting_desk(client, tmp_path, quick) as desk:
        async with at_work(desk):
            case, question = await asked(desk)
        await case.signal("withdraw", {})
        writing = asyncio.create_task(arrives(desk, "Wait, I still want my money back.", question))
        # It is with the server before a worker is.
        await asyncio.sleep(1)
        async with at_work(desk):
            assert (await writing).new
            assert (await case.outcome()).ending is Ending.WITHDRAWN


async def test_a_request_that_was_only_half_answered_is_not_abandoned(client: Client, tmp_path: Path) -> None:
    """If the answer asks for something else, a person reads it at the deadline, and the request is not abandoned."""

    def impatient(playbook: dict[str, Any]) -> None:
        playbook["missing_information"] |= {"reminders": [], "deadline": "4 seconds"}

    async with running_desk(client, tmp_path, quick, impatient) as desk:
        case, question = await asked(desk)
        text = "The lid is cracked. Please also change my address."
        assert (await arrives(desk, text, question)).added
        await case.until("escalated")


async def test_a_request_takes_nothing_that_nobody_would_read(desk: Desk) -> None:
    """It is refused while the notice of the refusal is still being sent; what comes is a request of its own."""
    case = await held_refund(desk)
    await answered_late(desk.mail_sink, "SMTP DATA")
    assert (await case.decide("reject", reason="the terms say no"))[0]
    reply = message_id(f"{case.id}/send_reply/question-1")
    submitted = await arrives(desk, "Wait, I would rather keep it.", reply, sender=ANNA)
    assert (submitted.new, submitted.added) == (True, False)
    await desk.mail_sink.disarm()
    assert (await case.outcome()).ending is Ending.REJECTED


async def test_the_requester_writes_while_people_decide(desk: Desk) -> None:
    """What was proposed before is decided no more: the next proposal shows the new words, and waits for a person."""
    case = await held_refund(desk)
    early = await case.decision("approve")
    reply = message_id(f"{case.id}/send_reply/notice")
    assert (await arrives(desk, "Wait, I would rather keep it.", reply, sender=ANNA)).added
    await case.until("waiting_for_approval", proposal="p2")
    accepted, why = await starter.decide(desk.client, case.id, early)
    assert not accepted, why
    detail = await detail_of(case)
    assert [addition.text for addition in detail.additions] == ["Wait, I would rather keep it."]
    assert detail.approval_request is not None
    assert {item.name for item in detail.approval_request.items} == {"issue_refund", "send_reply"}
    assert desk.back_office.refunds() == []
    assert (await case.decide("reject", reason="she keeps it"))[0]
    assert (await case.outcome()).ending is Ending.REJECTED


async def test_of_several_requests_the_one_that_takes_it_has_it(desk: Desk) -> None:
    """A mail may answer mails of two requests, of which the first has ended."""
    ended = await desk.submit("What are your opening hours?", sender=JUERGEN)
    await ended.outcome()
    case, question = await asked(desk, mailed=2)
    first = message_id(f"{ended.id}/send_reply/reply")
    submitted = await arrives(desk, "DD-10007. The lid is cracked.", f"{first} {question}")
    assert (submitted.request_id, submitted.added) == (case.id, True)


async def test_only_the_requester_adds_to_a_request(desk: Desk) -> None:
    """Somebody else's answer is a request of its own that names the one it answers, and that one goes on as it was."""
    case, question = await asked(desk)
    submitted = await arrives(
        desk, "It is DD-10007, the lid is cracked.", question, sender="eve@elsewhere.example"
    )
    assert (submitted.new, submitted.added) == (True, False)
    other = await Gateway.over(desk.client).request_detail(submitted.request_id)
    assert other.submission.follows == case.id
    assert "it was not written by the requester" in other.submission.notes[-1]
    assert (await case.status()).state == "waiting_for_information"
    assert await case.refusals() == ["it was not written by the requester"]


async def test_the_same_mail_comes_to_the_same_request_also_when_that_has_ended(desk: Desk) -> None:
    """A door that stopped early may deliver the mail again; a later mail becomes a request that follows."""
    case, question = await asked(desk)
    text, known = "DD-10007. The lid is cracked.", f"<{uuid.uuid4()}@customer.example>"
    for _ in range(2):
        assert (await arrives(desk, text, question, Message_ID=known)).added
    await case.outcome()
    assert (await arrives(desk, text, question, Message_ID=known)).request_id == case.id
    later = await arrives(desk, "And where is the order DD-10007?", question)
    assert (later.new, later.added) == (True, False)
    assert (await Gateway.over(desk.client).request_detail(later.request_id)).submission.follows == case.id
    assert len((await detail_of(case)).additions) == 1


async def test_what_became_a_request_of_its_own_stays_one(desk: Desk) -> None:
    """The request that it answers would not take it then and would now; brought again, it is still no addition."""
    case, question = await asked(desk)
    raw = f"From: {JUERGEN}\nMessage-ID: <{uuid.uuid4()}@customer.example>\nIn-Reply-To: {question}\n\nDD-10007.\n"
    read = read_request(desk.settings, "reply.eml", raw.encode(), "support")
    gateway = Gateway.over(desk.client)
    own = await gateway.submit(desk.settings, read.model_copy(update={"follows": case.id}))
    again = await start(gateway, desk.settings, "reply.eml", read)
    assert (again.request_id, again.new, again.added) == (own.request_id, False, False)
    assert (await detail_of(case)).additions == ()


async def test_what_a_machine_answers_is_noted_with_its_request(desk: Desk) -> None:
    """An absence note and a delay change nothing; a question that came back cannot be answered, so a person has the request."""
    case, question = await asked(desk)
    away = await arrives(desk, "I am away.", question, Auto_Submitted="auto-replied")
    assert (away.added, away.automatic is not None) == (True, True)
    assert (await case.status()).state == "waiting_for_information"
    report = "multipart/report; report-type=delivery-status; boundary=b"
    late = "--b\n\nStill trying.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; x@y.example\nAction: delayed\nStatus: 4.4.7\n\n--b--"
    assert (await arrives(desk, late, question, sender="MAILER-DAEMON@mx.example", Content_Type=report)).added
    assert (await case.status()).state == "waiting_for_information"
    bounce = (
        f"--b\n\nNot delivered.\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {question}\n\n--b--"
    )
    await arrives(desk, bounce, question, sender="MAILER-DAEMON@mx.example", Content_Type=report)
    await case.until("escalated")
    assert [addition.is_bounce for addition in (await detail_of(case)).additions] == [False, False, True]
    assert await requests_of(desk) == [case.id]


async def test_what_cannot_be_read_is_refused_and_said(desk: Desk) -> None:
    """Anybody who reaches Temporal may send anything; the request keeps what it has."""
    case, _ = await asked(desk)
    odd_texts: list[JsonValue] = [None, 7, "x" * 100_000, ["0" * 16]]
    for odd in odd_texts:
        outcome = await Gateway.over(desk.client).update(
            case.id, MessageName.ADD, {"key": "0" * 16, "text": odd}, AdditionOutcome
        )
        assert not outcome.accepted
    assert (await case.status()).state == "waiting_for_information"


def test_a_request_is_found_by_message_id_and_by_the_tag_of_an_address() -> None:
    """In-Reply-To before References before a tag; ids and tags that are not ours name nothing."""
    one, two, three = (f"support-mail-{digit * 16}" for digit in "123")
    raw = (
        f"From: {ANNA}\nTo: Desk <support+{three}@desk.example>, else+{one}@other.example\nSubject: Re\n"
        f"In-Reply-To: <x@y.example> {message_id(f'{one}/send_reply/reply')}\n"
        f"References: {message_id(f'{two}/send_reply/question-1')} <z@y.example>\n\nHello"
    )
    assert parse_mail("a.eml", raw.encode(), ("support@desk.example",)).thread == (one, two, three)
    assert parse_mail("a.eml", raw.encode(), ("info@desk.example",)).thread == (one, two)
    assert request_tagged_in(tagged("we+shop@desk.example", one), ("we+shop@desk.example",)) == one
