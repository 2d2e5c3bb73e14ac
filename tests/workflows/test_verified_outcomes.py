"""Nothing ends as done that the world does not show, neither at once nor when it is read back later."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from temporalio.client import Client

import starter
from dispatch.models.request.follow_up import FollowUpOutcome
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind, Outcome
from dispatch.models.work.verification import VerificationVerdict
from tests.desk import PATIENCE_SECONDS, Case, Desk, quick, running_desk
from tests.workflows.replaying import also_replaying, cache_of
from tests.workflows.requests_made import (
    answered_late,
    answers_once,
    cancel_refund,
    entries,
    small_refund,
    soon,
    status_question,
    until_mailed,
)


@pytest.fixture
async def following(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that reads its refunds back after a second."""
    async with running_desk(client, tmp_path, quick, soon, workflow_cache=cache_of(request)) as running:
        yield running


def tamper(desk: Desk, statement: str) -> None:
    """Change the back office's database behind everybody's back."""
    with closing(sqlite3.connect(desk.back_office.db_path, timeout=10)) as connection, connection:
        connection.execute(statement)


async def refund_while_its_mail_is_under_way(desk: Desk) -> Case:
    """Return a request whose refund is made and whose reply the mail server has, and says so when it is disarmed."""
    await answered_late(desk.mail_sink, "SMTP DATA")
    case = await small_refund(desk)
    await until_mailed(desk)
    return case


async def settled(case: Case, says: str) -> Outcome:
    """Settle what was escalated for a reason that holds `says`; gives the outcome."""
    status = await case.until("escalated")
    assert says in status.review_point.awaiting
    assert status.review_point.owner == "support-lead"
    await case.decide("settle", by="support-lead", reason="looked into it")
    return await case.outcome()


async def test_what_is_read_back_as_ordered_is_done(desk: Desk) -> None:
    """The verifier's word stands in the trail of a request that ends as done."""
    outcome = await (await small_refund(desk)).outcome()
    assert outcome.ending is Ending.DONE
    (verification,) = [e for e in outcome.trail if e.kind is EntryKind.VERIFICATION]
    assert (verification.what, verification.why) == ("confirmed", "all read back as ordered")


@also_replaying()
async def test_a_refund_of_another_amount_is_refuted(desk: Desk) -> None:
    """A row that says something else than what was ordered goes to a person and never ends as done."""
    case = await refund_while_its_mail_is_under_way(desk)
    tamper(desk, "UPDATE refunds SET amount_minor = 1100 WHERE payment_id = 'PAY-10003'")
    await desk.mail_sink.disarm()
    outcome = await settled(case, "refuted")
    assert outcome.ending is Ending.ESCALATED
    assert "differs in amount_minor" in outcome.why


async def test_a_refund_cancelled_before_it_was_verified_is_refuted(desk: Desk) -> None:
    """A receipt is no proof: the refund was made and does not stand."""
    case = await refund_while_its_mail_is_under_way(desk)
    await cancel_refund(desk)
    await desk.mail_sink.disarm()
    outcome = await settled(case, "refuted")
    assert outcome.ending is Ending.ESCALATED
    assert {item.disposition for item in outcome.items} == {"open"}


async def test_a_mail_that_is_not_in_the_archive_is_refuted(desk: Desk) -> None:
    """A mail server that says yes and keeps nothing is found out."""
    await answered_late(desk.mail_sink, "SMTP DATA")
    case = await status_question(desk)
    await until_mailed(desk)
    with closing(sqlite3.connect(desk.mail_sink.db_path, timeout=10)) as connection, connection:
        connection.execute("DELETE FROM messages")
    await desk.mail_sink.disarm()
    outcome = await settled(case, "it is not there")
    assert outcome.ending is Ending.ESCALATED


async def test_a_mail_that_was_delivered_twice_is_refuted(desk: Desk) -> None:
    """Two deliveries under one Message-ID are one too many."""
    await answered_late(desk.mail_sink, "SMTP DATA")
    case = await status_question(desk)
    await until_mailed(desk)
    columns = "message_id, sender, recipient, subject, text, in_reply_to, sha256, received_at, raw"
    with closing(sqlite3.connect(desk.mail_sink.db_path, timeout=10)) as connection, connection:
        connection.execute(f"INSERT INTO messages ({columns}) SELECT {columns} FROM messages")  # noqa: S608 (columns of ours)
    await desk.mail_sink.disarm()
    assert (await settled(case, "differs in effects")).ending is Ending.ESCALATED


@also_replaying()
async def test_what_cannot_be_read_back_is_unverifiable(desk: Desk) -> None:
    """An archive that is down after the mail went out leaves it open, after three attempts, with a person."""
    await answers_once(desk.mail_sink, "GET /messages")
    await desk.mail_sink.arm("GET /messages", "status", status=503, times=-1)
    case = await small_refund(desk)
    status = await case.until("escalated")
    assert "unverifiable" in status.review_point.awaiting
    (verification,) = await entries(case, EntryKind.VERIFICATION)
    assert verification.what == "unverifiable"
    # The notice cannot be sent either, and that keeps nobody from settling it.
    await case.decide("settle", by="support-lead", reason="the mail is there")
    assert (await case.outcome()).ending is Ending.ESCALATED


async def test_an_archive_that_is_down_for_a_moment_costs_nothing(desk: Desk) -> None:
    """The verifier looks again before it calls anything unverifiable."""
    await answers_once(desk.mail_sink, "GET /messages")
    await desk.mail_sink.arm("GET /messages", "status", status=503, times=2)
    case = await small_refund(desk)
    assert (await case.outcome()).ending is Ending.DONE


@also_replaying("following")
async def test_a_follow_up_that_finds_all_in_place_closes(following: Desk) -> None:
    """It runs after the request has ended, by itself, and says that it is confirmed."""
    outcome = await (await small_refund(following)).outcome()
    assert len(outcome.follow_ups) == 1
    handle = following.client.get_workflow_handle(outcome.follow_ups[0], result_type=FollowUpOutcome)
    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await handle.result()
    assert (found.request_id, found.verdict, found.owner) == (
        outcome.request_id,
        VerificationVerdict.CONFIRMED,
        "nobody",
    )


async def test_a_follow_up_shows_what_it_waits_for(desk: Desk) -> None:
    """Until it is due it is listed under its desk, with the time it is due, and nobody has to act."""
    outcome = await (await small_refund(desk)).outcome()
    status = await desk.case(outcome.follow_ups[0]).until("following_up")
    assert (status.desk, status.review_point.owner) == ("support", "coordinator")
    assert status.review_point.by is not None


@also_replaying("following", in_each_run=True)
@pytest.mark.parametrize("by_update", [True, False], ids=["update", "signal"])
async def test_a_follow_up_reopens_to_a_person(following: Desk, *, by_update: bool) -> None:
    """A refund that was cancelled after the answer went out is settled by a person, in the starter's way and by signal."""
    outcome = await (await small_refund(following)).outcome()
    await cancel_refund(following)
    reopened = following.case(outcome.follow_ups[0])
    status = await reopened.until("escalated")
    assert status.review_point.owner == "support-lead"
    assert "differs in status" in status.review_point.awaiting
    settlement = await reopened.decision("settle", by="support-lead", reason="the customer asked for it")
    if by_update:
        assert (await starter.decide(following.client, reopened.id, settlement))[0]
    else:
        await reopened.signal("decide", settlement)
    handle = following.client.get_workflow_handle(reopened.id, result_type=FollowUpOutcome)
    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await handle.result()
    assert (found.verdict, found.owner) == (VerificationVerdict.REFUTED, "nobody")
    assert "the customer asked for it" in found.why


async def test_a_follow_up_refuses_who_may_not_settle(following: Desk) -> None:
    """Also here a decision is checked, refused and recorded."""
    outcome = await (await small_refund(following)).outcome()
    await cancel_refund(following)
    reopened = following.case(outcome.follow_ups[0])
    await reopened.until("escalated")
    await reopened.signal("decide", await reopened.decision("settle", by="mallory"))
    (reason,) = await reopened.refused()
    assert reason.startswith("mallory may not decide here")
    assert (await reopened.status()).state == "escalated"
