"""Deadlines that move: by whom, to when, and for what they must not move."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue
from temporalio.client import Client

from dispatch.models.request.message_names import MessageName
from dispatch.models.request.status import Ending
from runtime.gateway import Gateway
from runtime.gateway_types import ExtensionOutcome
from tests.desk import Case, Desk, at_work, quick, resting_desk
from tests.signers import Signer, write_approvers
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    DAMAGE,
    HELD_REFUND,
    JUERGEN,
    damage_without_details,
    extension,
    held_refund,
    until,
)
from tests.workflows.waiting.impatience import impatient


async def extended(case: Case, message: dict[str, JsonValue]) -> tuple[bool, str]:
    """Send an `extend` as the update, and return what became of it."""
    outcome = await Gateway.over(case.desk.client).update(
        case.id, MessageName.EXTEND, message, ExtensionOutcome
    )
    return outcome.accepted, outcome.reason


async def moved_to(case: Case, message: dict[str, JsonValue]) -> datetime:
    """Send an `extend` and wait until its deadline is current; returns the deadline."""
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
    """The update's answer and the trail have both deadlines; a repetition would move nothing."""
    case = await held_refund(desk)
    asked = extension("refunds-lead", 80 * 86_400)
    accepted, reason = await extended(case, asked)
    assert accepted, reason
    assert "(it was 20" in reason
    (moved,) = [entry for entry in await case.trail() if entry.what == "extend"]
    assert (moved.decided_by, moved.why) == ("refunds-lead", reason)
    accepted, reason = await extended(case, asked)
    assert not accepted
    assert reason.startswith("the current deadline is ")


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
