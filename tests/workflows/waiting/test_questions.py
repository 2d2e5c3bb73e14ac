"""Asking the requester for what is missing, and their answers."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Desk, quick, running_desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    DAMAGE,
    JUERGEN,
    damage_without_details,
    held_refund,
    started_with,
    until,
    until_mailed,
)


async def test_everything_missing_is_asked_for_in_one_mail(desk: Desk) -> None:
    """Two fields are missing: one mail asks for both, with an example of each and the deadline."""
    case = await damage_without_details(desk)
    (mail,) = await until_mailed(desk)
    assert mail["recipient"] == "juergen.gross@post.example"
    assert "number of your order" in mail["text"]
    assert "What is damaged" in mail["text"]
    assert "DD-10001" in mail["text"]
    assert "Please answer by" in mail["text"]
    assert (await case.status()).questions == ("order_number", "damage")


@also_replaying()
async def test_a_partial_answer_is_kept_and_the_rest_still_awaited(desk: Desk) -> None:
    """What was answered is not asked again, and no second mail goes out for the rest."""
    case = await damage_without_details(desk)
    await case.answer(order_number="DD-10007")

    async def half() -> bool:
        return (await case.status()).questions == ("damage",)

    await until(half)
    assert "order_number" not in (await case.status()).next_command
    await case.answer(damage="The lid is cracked.")
    await case.outcome()
    assert len([m for m in desk.mail_sink.messages() if "Please answer by" in m["text"]]) == 1


async def test_an_answer_of_the_wrong_format_is_refused(desk: Desk) -> None:
    """It is recorded with an example of what would fit, and the question stays open."""
    case = await damage_without_details(desk)
    await case.answer(order_number="one of last week's")
    (reason,) = await case.refused()
    assert reason == "order_number: \"one of last week's\" does not fit; an example is 'DD-10001'"
    assert (await case.status()).questions == ("order_number", "damage")


async def test_the_good_part_of_an_answer_is_kept_where_another_is_refused(desk: Desk) -> None:
    """One wrong value does not cost the requester the right one beside it."""
    case = await damage_without_details(desk)
    await case.answer(order_number="DD-10007", damage="hm", colour="green")
    (reason,) = await case.refused()
    assert "damage: 'hm' does not fit" in reason
    assert "'colour': not asked for" in reason
    assert (await case.status()).questions == ("damage",)


@pytest.mark.parametrize(
    "message",
    [None, "DD-10001", ["DD-10001"], {"fields": {}}, {"fields": {"damage": 3}}, {"text": "x" * 100_000}],
    ids=["null", "text", "list", "empty", "number", "large"],
)
async def test_a_malformed_answer_is_refused(desk: Desk, message: JsonValue) -> None:
    """It is recorded, and the request waits on."""
    case = await damage_without_details(desk)
    await case.signal("answer", message)
    (reason,) = await case.refused()
    assert reason.startswith('an answer is {"fields"')
    assert (await case.status()).state == "waiting_for_information"


@also_replaying(in_each_run=True)
async def test_an_answer_before_the_question_is_kept(desk: Desk) -> None:
    """It is in the history before the desk has begun, and is taken once the question is asked."""
    answer: dict[str, JsonValue] = {"fields": {"order_number": "DD-10002"}}
    case = await started_with(desk, "Where is my order?", "answer", answer)
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [entry.what for entry in outcome.trail if entry.kind is EntryKind.ANSWER] == ["answer"]


async def test_an_answer_that_nobody_asked_for_is_refused_at_the_end(desk: Desk) -> None:
    """It changes nothing and is on record."""
    case = await held_refund(desk)
    await case.answer(order_number="DD-10002")
    await case.decide("approve")
    outcome = await case.outcome()
    assert [entry.why for entry in outcome.trail if entry.kind is EntryKind.REFUSED] == [
        "nothing was asked that this answers"
    ]
    assert [refund["payment_id"] for refund in desk.back_office.refunds()] == ["PAY-10001"]


@also_replaying("hasty")
async def test_no_answer_is_reminded_of_and_closes_with_a_notice(hasty: Desk) -> None:
    """Question, reminder, notice: three mails and the ending abandoned."""
    case = await hasty.submit(DAMAGE, sender=JUERGEN)
    outcome = await case.outcome()
    assert outcome.ending is Ending.ABANDONED
    question, reminder, notice = (mail["text"] for mail in hasty.mail_sink.messages())
    assert "Before we can go on" in question
    assert "have not had your answer yet" in reminder
    assert "have closed your request" in notice
    assert {item.disposition for item in outcome.items} == {"refused"}


async def test_a_second_question_beyond_the_bound_goes_to_a_person(client: Client, tmp_path: Path) -> None:
    """An answer that leaves the order ambiguous is not followed by a question without end."""

    def change(playbook: dict[str, Any]) -> None:
        playbook["missing_information"]["max_rounds"] = 1
        playbook["intents"]["order_status"]["requires"] = ["damage"]

    async with running_desk(client, tmp_path, quick, change) as desk:
        case = await desk.submit("Where is my order?", sender=ANNA)
        await case.until("waiting_for_information")
        await case.answer(damage="The lid is cracked.")
        status = await case.until("escalated")
        assert "still missing after asking 1 times: order_number" in status.review_point.awaiting
