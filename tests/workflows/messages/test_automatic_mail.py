"""Automatic mail ends as set apart and is answered by nobody; one address gets so many automatic mails an hour."""

import asyncio
import time
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

import starter
from channels.mail.identity import OWN_HEADER, message_id
from cli.listing import show_rows
from cli.submit import submit_all
from dispatch.audit.read.trail import trail_of_events
from dispatch.audit.report.report import as_markdown
from dispatch.guard.mail_quota import address_digest, quota_workflow_id
from dispatch.models.request.automatic import AutomaticSign
from dispatch.models.request.requester import SenderDoubt
from dispatch.models.request.status import Ending
from dispatch.models.request.submission import Submission
from runtime.doors.starting import read_request_file
from runtime.gateway import Gateway
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import Case, Desk, at_work, quick, resting_desk, running_desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import listed

CHLOE = "chloe.lefevre@courriel.example"
ASKED = "Where is my order DD-10008?"
SENT = message_id("support-mail-1/send_reply/reply")

OUT_OF_OFFICE = f"""\
From: Chloe Lefevre <{CHLOE}>
Subject: Automatic reply: your order
In-Reply-To: {SENT}
Auto-Submitted: auto-replied

I am away. For anything urgent: where is my order DD-10008?
"""
BOUNCE = f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.courriel.example>
Return-Path: <>
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Your mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.courriel.example

Final-Recipient: rfc822; {CHLOE}
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {SENT}
Subject: Re: My order

--b--
"""
NEWSLETTER = f"""\
From: Deals <{CHLOE}>
Subject: This week
List-Id: Deals <deals.courriel.example>
List-Unsubscribe: <https://courriel.example/u>
Precedence: bulk

Where is my order DD-10008? Sofas at half price.
"""
INVITATION = f"""\
From: Chloe Lefevre <{CHLOE}>
Subject: Where is my order DD-10008?
Content-Type: multipart/alternative; boundary=b

--b

Where is my order DD-10008? Let us meet.

--b
Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
METHOD:REQUEST
END:VCALENDAR

--b--
"""
NO_SENDER = "From: <>\nReturn-Path: <>\nSubject: failure notice\n\nWhere is my order DD-10008?\n"


@pytest.fixture
async def resting(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk with a limit of three mails an hour whose workers the test starts and stops."""
    async with resting_desk(client, tmp_path, quick, automatic_mails_an_hour=3) as desk:
        yield desk


def read(desk: Desk, text: str | bytes) -> Submission:
    """Read a mail file as `starter.py submit` does, under a trigger of its own unless it has a Message-ID."""
    path = desk.settings.var_dir / f"{uuid.uuid4().hex}.eml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    submission = read_request_file(desk.settings, path, "support")
    trigger = submission.trigger.model_copy(update={"trigger_id": f"<{uuid.uuid4()}@test>"})
    return submission.model_copy(update={"trigger": trigger})


async def submitted(desk: Desk, text: str | bytes) -> Case:
    done = await starter.submit(desk.client, desk.settings, read(desk, text))
    return desk.case(done.request_id)


def sent_to(desk: Desk, address: str) -> list[dict[str, Any]]:
    return [mail for mail in desk.mail_sink.messages() if mail["recipient"] == address]


@pytest.mark.parametrize(
    ("text", "sign", "about"),
    [
        (OUT_OF_OFFICE, AutomaticSign.AUTO_SUBMITTED, SENT),
        (BOUNCE, AutomaticSign.REPORT, SENT),
        (NEWSLETTER, AutomaticSign.PRECEDENCE, None),
        (INVITATION, AutomaticSign.CALENDAR, None),
        (NO_SENDER, AutomaticSign.NULL_RETURN_PATH, None),
        (
            OUT_OF_OFFICE.replace("Auto-Submitted: auto-replied", f"{OWN_HEADER}: {SENT}"),
            AutomaticSign.OWN_MAIL,
            SENT,
        ),
    ],
    ids=["out of office", "bounce", "newsletter", "invitation", "no sender", "our own mail"],
)
async def test_automatic_mail_is_set_apart_and_never_answered(
    desk: Desk, text: str, sign: AutomaticSign, about: str | None
) -> None:
    """The outcome names the sign and the mail of ours that it is about; no mail goes to anybody."""
    case = await submitted(desk, text)
    outcome = await case.outcome()
    assert (outcome.ending, outcome.owner, outcome.effects) == (Ending.SET_APART, "nobody", ())
    assert str(sign) in outcome.why
    assert (about is None) or about in outcome.why
    assert [entry.what for entry in outcome.trail] == ["set_apart"]
    assert desk.mail_sink.messages() == []
    trail = trail_of_events((await case.handle.fetch_history()).events)
    assert (trail.ending, trail.discrepancies) == ("set_apart", ())
    assert "set apart" in as_markdown(trail)


@also_replaying()
async def test_what_was_set_apart_is_found_in_the_list_with_its_sign(desk: Desk) -> None:
    """No worker is asked for it."""
    case = await submitted(desk, OUT_OF_OFFICE)
    await case.outcome()
    await listed(case, "RequestState = 'set_apart'")
    rows = [row async for row in starter.rows(desk.client, limit=1000) if row.request_id == case.id]
    assert [row.state for row in rows] == ["set_apart"]
    assert rows[0].list_summary is not None
    assert "auto_submitted (Auto-Submitted: auto-replied)" in rows[0].list_summary.why


async def test_the_command_line_says_that_it_was_set_apart_and_why(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """At submit, which has worked, and in the list."""
    path = desk.settings.var_dir / "away.eml"
    path.write_text(f"Message-ID: <{uuid.uuid4()}@courriel.example>\n{OUT_OF_OFFICE}")
    assert (
        await submit_all(Gateway.over(desk.client), desk.settings, Namespace(files=[path], desk="support"))
        == 0
    )
    said = capsys.readouterr().out
    assert (
        "set apart: automatic mail, which is never answered: auto_submitted (Auto-Submitted: auto-replied)"
        in said
    )
    case = desk.case(said.split()[0])
    await case.outcome()
    await listed(case, "RequestState = 'set_apart'")
    await show_rows(
        Gateway.over(desk.client), desk.settings, Namespace(command="list", limit=1000, json=True)
    )
    assert "auto_submitted" in capsys.readouterr().out


async def test_a_person_who_answers_a_mail_of_ours_is_answered(desk: Desk) -> None:
    """To name one of our Message-IDs is no sign of a machine."""
    text = f"From: {CHLOE}\nSubject: Re: My order\nIn-Reply-To: {SENT}\nReferences: {SENT}\n\n{ASKED}\n"
    outcome = await (await submitted(desk, text)).outcome()
    assert outcome.ending is Ending.DONE
    assert len(sent_to(desk, CHLOE)) == 1


async def test_two_desks_never_answer_each_other(desk: Desk) -> None:
    """What one desk sent, and another (or the same) gets as mail, is the end of it."""
    await (await submitted(desk, f"From: {CHLOE}\nMessage-ID: <1@courriel.example>\n\n{ASKED}\n")).outcome()
    (answer,) = sent_to(desk, CHLOE)
    headers = message_from_bytes(answer["raw"], policy=policy.default)
    assert headers["Auto-Submitted"] in {"auto-replied", "auto-generated"}
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers[OWN_HEADER].strip() == headers["Message-ID"] == answer["message_id"]
    # As the other desk gets it, and as it does where a mail service writes its own Message-ID.
    rewritten = answer["raw"].replace(b"Message-ID: <", b"Message-ID: <service-", 1)
    for raw in (answer["raw"], rewritten):
        outcome = await (await submitted(desk, raw)).outcome()
        assert (outcome.ending, outcome.effects) == (Ending.SET_APART, ())
    assert len(desk.mail_sink.messages()) == 1


async def test_an_hour_has_a_limit_for_one_address(client: Client, tmp_path: Path) -> None:
    """Of 25 requests at once, more than the server takes updates, three are answered unaided; the others wait for a person."""
    async with running_desk(client, tmp_path, quick, automatic_mails_an_hour=3) as desk:
        cases = await asyncio.gather(*(desk.submit(ASKED, sender=CHLOE) for _ in range(25)))
        states = await asyncio.gather(*(_settled(case) for case in cases))
        assert sorted(states) == ["done"] * 3 + ["waiting_for_approval"] * 22
        assert len(sent_to(desk, CHLOE)) == 3
        held = [case for case, state in zip(cases, states, strict=True) if state != "done"]
        detail = await starter.detail_of(desk.client, held[0].id)
        assert "3 automatic mails went to this address within the hour" in str(detail.model_dump())
        # A person's mail is no automatic one: it goes, whatever the count.
        accepted, why = await held[0].decide("approve")
        assert accepted, why
        assert (await held[0].outcome()).ending is Ending.DONE
        assert len(sent_to(desk, CHLOE)) == 4


async def test_the_count_outlives_the_workers(resting: Desk) -> None:
    """It is kept where the requests are; another address is none of it. The quota's history replays."""
    async with at_work(resting):
        await asyncio.gather(*[(await resting.submit(ASKED, sender=CHLOE)).outcome() for _ in range(3)])
    async with at_work(resting):
        case = await resting.submit(ASKED, sender=CHLOE)
        await case.until("waiting_for_approval")
        other = await resting.submit("Where is my order DD-10002?", sender="juergen.gross@post.example")
        assert await _settled(other) != "waiting_for_approval"
    name = quota_workflow_id(resting.settings.task_queue, address_digest(CHLOE))
    history = await resting.client.get_workflow_handle(name).fetch_history()
    assert CHLOE not in history.to_json()
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


@pytest.mark.parametrize("doubt", list(SenderDoubt))
async def test_for_a_doubtful_sender_a_person_decides(desk: Desk, doubt: SenderDoubt) -> None:
    """Nothing of the records goes to an address unaided that mail servers may not have checked."""
    case = await desk.submit(ASKED, sender=CHLOE, doubt=doubt)
    await case.until("waiting_for_approval")
    assert doubt.in_words in str((await starter.detail_of(desk.client, case.id)).model_dump())
    assert desk.mail_sink.messages() == []


async def _settled(case: Case) -> str:
    """Wait until a request has ended or waits for a person, and give which."""
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        state = (await case.status()).state
        if state in {"done", "waiting_for_approval", "escalated", "waiting_for_information"}:
            return state
        await asyncio.sleep(0.1)
    pytest.fail(f"{case.id} is neither done nor waiting")
