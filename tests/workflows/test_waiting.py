"""Waiting: reminders, escalation, deadlines that move, and asking the requester for what is missing."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.client import Client

from dispatch.models.request.message_names import MessageName
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from runtime.gateway import Gateway
from runtime.gateway_types import ExtensionOutcome
from tests.desk import Case, Desk, at_work, quick, resting_desk, running_desk
from tests.signers import Signer, write_approvers
from tests.workflows.replaying import also_replaying, cache_of
from tests.workflows.requests_made import (
    ANNA,
    DAMAGE,
    HELD_REFUND,
    JUERGEN,
    beyond_the_desk,
    damage_without_details,
    entries,
    extension,
    held_refund,
    listed,
    started_with,
    until,
    until_mailed,
)


def impatient(playbook: dict[str, Any]) -> None:
    """Remind after one second, turn to the next after two, and give up after three."""
    waiting = playbook["guardian"]["tiers"]["medium"]["waiting"]
    waiting |= {"reminders": ["1 second"], "escalate_after": "2 seconds", "deadline": "3 seconds"}
    playbook["missing_information"] |= {"reminders": ["1 second"], "deadline": "2 seconds"}
    playbook["escalation"] |= {"reminders": [], "escalate_after": "1 second", "deadline": "2 seconds"}


@pytest.fixture
async def hasty(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, impatient, workflow_cache=cache_of(request)) as running:
        yield running


@pytest.fixture
async def unhurried(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that gives up after a time in which an extension gets through on a busy machine."""

    def give_up_later(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["tiers"]["medium"]["waiting"] |= {
            "reminders": [],
            "escalate_after": "5 seconds",
            "deadline": "8 seconds",
        }

    async with running_desk(
        client, tmp_path, quick, give_up_later, workflow_cache=cache_of(request)
    ) as running:
        yield running


@pytest.fixture
async def turning(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that turns to the next approver after a second and then waits for days, as shipped."""

    def turn(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["tiers"]["medium"]["waiting"] |= {"reminders": [], "escalate_after": "1 second"}

    async with running_desk(client, tmp_path, quick, turn) as running:
        yield running


@also_replaying("hasty", in_each_run=True)
async def test_silence_is_reminded_escalated_and_at_last_denied(hasty: Desk) -> None:
    """Each step is recorded in order, the next owner moves, and nothing is paid: silence approves nothing."""
    case = await hasty.submit(HELD_REFUND, sender=ANNA)
    outcome = await case.outcome()
    assert (outcome.ending, outcome.why) == (
        Ending.REJECTED,
        "nobody decided by the deadline; silence approves nothing",
    )
    assert [(e.what, e.receiver) for e in outcome.trail if e.kind is EntryKind.REMINDER] == [
        ("reminder", "approver.refunds"),
        ("escalation", "approver.refunds-lead"),
    ]
    assert [owner for owner in await owners(case) if owner.startswith("refunds")] == [
        "refunds",
        "refunds-lead",
    ]
    assert hasty.back_office.refunds() == []
    assert len(hasty.mail_sink.messages()) == 1


async def owners(case: Case) -> list[str]:
    """Return the next owners that the request was listed under, in order; looking on could miss one."""
    listed_under: list[str] = []
    async for event in case.handle.fetch_history_events():
        upserted = event.upsert_workflow_search_attributes_event_attributes.search_attributes
        if "NextOwner" in upserted.indexed_fields:
            owner = str(json.loads(upserted.indexed_fields["NextOwner"].data))
            listed_under += [owner] if listed_under[-1:] != [owner] else []
    return listed_under


async def test_who_is_turned_to_next_is_shown_what_to_type(turning: Desk) -> None:
    """Once the first approver has been silent for long, status names the next as owner and in the command."""
    case = await held_refund(turning)

    async def with_the_lead() -> bool:
        return (await case.status()).review_point.owner == "refunds-lead"

    await until(with_the_lead)
    assert "--as refunds-lead" in (await case.status()).next_command


@also_replaying("hasty")
async def test_a_settlement_that_nobody_makes_closes_as_theirs(hasty: Desk) -> None:
    """At the deadline an escalated request closes unsettled, owned by the last of those asked."""
    case = await beyond_the_desk(hasty)
    outcome = await case.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.ESCALATED, "head-of-support")
    assert outcome.why.endswith("nobody settled it by the deadline")


async def extended(case: Case, message: dict[str, JsonValue]) -> tuple[bool, str]:
    """Send an `extend` as the update, and return what became of it."""
    outcome = await Gateway.over(case.desk.client).update(
        case.id, MessageName.EXTEND, message, ExtensionOutcome
    )
    return outcome.accepted, outcome.reason


async def moved_to(case: Case, message: dict[str, JsonValue]) -> datetime:
    """Send an `extend` and wait until its deadline is in force; gives the deadline."""
    deadline = datetime.fromisoformat(str(message["deadline"]))

    async def in_force() -> bool:
        return (await case.status()).review_point.by == deadline

    await case.signal("extend", message)
    await until(in_force)
    return deadline


@also_replaying("unhurried", in_each_run=True)
async def test_a_deadline_moves_later(unhurried: Desk) -> None:
    """After an extension the old deadline passes without effect, and a decision still counts."""
    case = await unhurried.submit(HELD_REFUND, sender=ANNA)
    await case.until("waiting_for_approval")
    old = (await case.status()).review_point.by
    assert old is not None
    await moved_to(case, extension("refunds", 60))
    await asyncio.sleep((old - datetime.now(UTC)).total_seconds() + 0.2)
    assert (await case.status()).state == "waiting_for_approval"
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE


async def test_an_extension_is_answered_and_recorded(desk: Desk) -> None:
    """Whoever sends it by the update reads both deadlines, and so does the trail; the same again would move nothing."""
    case = await held_refund(desk)
    asked = extension("refunds-lead", 80 * 86_400)
    accepted, reason = await extended(case, asked)
    assert accepted, reason
    assert "(it was 20" in reason
    (moved,) = [entry for entry in await case.trail() if entry.what == "extend"]
    assert (moved.decided_by, moved.why) == ("refunds-lead", reason)
    accepted, reason = await extended(case, asked)
    assert not accepted
    assert reason.startswith("the deadline in force is ")


async def test_a_deadline_never_moves_earlier(desk: Desk) -> None:
    """Three seconds ahead would be a rejection that nobody had the right to make: refused, and the refund can be decided."""
    case = await held_refund(desk)
    before = (await case.status()).review_point.by
    await case.signal("extend", extension("refunds", 3))
    (reason,) = await case.refused()
    assert "an extension only moves it to later; to end the wait before it, decide" in reason
    assert (await case.status()).review_point.by == before
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE


async def test_whoever_may_decide_may_extend_in_their_own_name(desk: Desk) -> None:
    """A person of the approvers file who holds the role; nobody else of the file, and not on a request of their own."""
    himself = Signer("rolf", ("refunds",), {"addresses": (ANNA,)})
    write_approvers(
        desk.settings.approvers_path, Signer("mia", ("refunds",)), Signer("udo", ("stock",)), himself
    )
    case = await held_refund(desk)
    assert await extended(case, extension("udo", 80 * 86_400)) == (
        False,
        "udo may not decide here; may: mia, rolf",
    )
    assert await extended(case, extension("rolf", 80 * 86_400)) == (
        False,
        "rolf may not decide on a request of their own",
    )
    accepted, reason = await extended(case, extension("mia", 80 * 86_400))
    assert accepted, reason
    assert reason.endswith("by mia as refunds")


async def test_an_extension_that_lay_in_history_before_the_deadline_counts(
    client: Client, tmp_path: Path
) -> None:
    """No worker ran while it came and while the deadline passed: the request still waits, by the new deadline."""
    async with resting_desk(client, tmp_path, quick, impatient) as desk:
        async with at_work(desk):
            case = await desk.submit(HELD_REFUND, sender=ANNA)
            await case.until("waiting_for_approval")
        await case.signal("extend", extension("refunds", 60))
        await asyncio.sleep(3.5)
        async with at_work(desk, workflow_cache=0):
            assert (await case.until("waiting_for_approval")).review_point.by is not None
            assert [entry.what for entry in await case.trail() if entry.what == "extend"]
            await case.decide("approve")
            assert (await case.outcome()).ending is Ending.DONE


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (extension("mallory", 80 * 86_400), "mallory may not decide here; may: refunds, refunds-lead"),
        (extension("refunds", -60), "only moves it to later"),
        (extension("refunds", 100 * 86_400), "at most 90 days ahead"),
        (extension("refunds", 80 * 86_400, sudo=True), "sudo"),
        (extension("refunds", 80 * 86_400, proposal_id="p7"), "stale: names proposal p7, but p1 waits"),
        (extension("refunds", 80 * 86_400, action_digest="0" * 64), "names no action that waits here"),
        ({"approver": "refunds", "deadline": "2026-13-45"}, "deadline"),
        ("tomorrow", "the message"),
        (None, "the message"),
    ],
    ids=["unauthorised", "past", "too-far", "unknown-field", "stale", "elsewhere", "no-date", "text", "null"],
)
async def test_an_extension_that_is_not_in_order_is_refused(
    desk: Desk, message: JsonValue, reason: str
) -> None:
    """It is recorded with its reason, and the deadline stays where it was."""
    case = await held_refund(desk)
    before = (await case.status()).review_point.by
    await case.signal("extend", message)
    (recorded,) = await case.refused()
    assert reason in recorded
    assert (await case.status()).review_point.by == before


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


async def test_the_deadline_of_a_question_can_be_moved_by_the_desk_alone(desk: Desk) -> None:
    """A person of the desk may move it, a refund's approver may not; it too only moves to later."""
    case = await damage_without_details(desk)
    for by, seconds in (("refunds", 80 * 86_400), ("support-lead", 5)):
        assert not (await extended(case, extension(by, seconds)))[0]
    others, earlier = await case.refusals()
    assert others.startswith("refunds may not decide here; may: support-lead")
    assert "only moves it to later" in earlier
    await moved_to(case, extension("support-lead", 80 * 86_400))


async def test_a_question_that_nobody_answers_by_the_moved_deadline_is_given_up(hasty: Desk) -> None:
    """The deadline of two seconds moves to four, and only then is the request abandoned."""
    case = await hasty.submit(DAMAGE, sender=JUERGEN)
    await case.until("waiting_for_information")
    later = await moved_to(case, extension("support-lead", 6))
    outcome = await case.outcome()
    assert outcome.ending is Ending.ABANDONED
    assert outcome.trail[-1].at >= later


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


async def test_a_request_that_waits_for_approval_is_found_by_state_and_owner(desk: Desk) -> None:
    """Status, search attributes and the next command say the same: who, what, by when."""
    case = await held_refund(desk)
    status = await case.status()
    assert (status.review_point.owner, status.desk) == ("refunds", "support")
    assert status.review_point.awaiting.startswith("a decision: issue_refund on payment PAY-10001 (medium)")
    assert status.review_point.by is not None
    assert status.next_command.endswith(f"dispatch approve {case.id} --as refunds")
    assert await listed(
        case,
        "RequestState = 'waiting_for_approval' AND NextOwner = 'refunds' AND Desk = 'support' "
        f"AND RequestPriority = {status.priority}",
    )
    await case.decide("reject", reason="no")
    await case.outcome()
    assert await listed(case, "RequestState = 'rejected' AND NextOwner = 'nobody'")


async def test_a_request_that_waits_for_its_requester_is_found(desk: Desk) -> None:
    """The next owner is the requester, and the command carries an example of each answer."""
    case = await damage_without_details(desk)
    status = await case.status()
    assert status.review_point.owner == "requester"
    assert status.next_command.startswith(f"dispatch answer {case.id} order_number='DD-10001' damage=")
    assert await listed(case, "RequestState = 'waiting_for_information' AND NextOwner = 'requester'")


async def test_a_request_that_waits_for_routing_is_found(desk: Desk) -> None:
    """The reception is asked, and the command is an edit that names a desk there is."""
    case = await desk.submit("Good morning to all of you.", sender=ANNA, desk=None)
    status = await case.until("waiting_for_routing")
    assert status.review_point.owner == "reception"
    assert status.next_command.endswith(f"dispatch route {case.id} support --as reception")
    assert await listed(case, "RequestState = 'waiting_for_routing' AND NextOwner = 'reception'")


async def test_a_request_that_waits_to_be_settled_is_found(desk: Desk) -> None:
    """An escalated request is still open and names who settles it."""
    case = await beyond_the_desk(desk)
    status = await case.status()
    assert status.next_command.endswith(f"dispatch settle {case.id} --as support-lead")
    assert await listed(case, "RequestState = 'escalated' AND NextOwner = 'support-lead'")


@also_replaying(in_each_run=True)
async def test_withdrawing_while_it_waits_ends_it_and_nothing_is_done(desk: Desk) -> None:
    """The requester may take it back as long as nothing has begun, at any wait."""
    case = await held_refund(desk)
    await case.signal("withdraw", {"reason": "I will keep it"})
    outcome = await case.outcome()
    assert outcome.ending is Ending.WITHDRAWN
    assert desk.back_office.refunds() == []
    assert desk.mail_sink.messages() == []


@also_replaying()
async def test_withdrawing_instead_of_answering_ends_it(desk: Desk) -> None:
    """No answer is awaited any longer and no notice goes out."""
    case = await damage_without_details(desk)
    await case.signal("withdraw")
    assert (await case.outcome()).ending is Ending.WITHDRAWN
    assert len(desk.mail_sink.messages()) == 1


async def test_withdrawing_what_a_person_has_in_hand_does_not_take_it_from_them(desk: Desk) -> None:
    """An escalated request stays with the person, who reads in the trail that the requester took it back."""
    case = await beyond_the_desk(desk)
    await case.signal("withdraw", {"reason": "never mind"})
    assert [entry.what for entry in await entries(case, EntryKind.ANSWER)] == ["withdraw"]
    assert (await case.status()).state == "escalated"
