"""What people may decide, and what becomes of everything else that is sent as a decision."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

import starter
from dispatch.models.canonical import digest_of
from dispatch.models.errors import RequestClosedError
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import PATIENCE_SECONDS, Desk, at_work, quick, resting_desk, running_desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    HELD_REFUND,
    beyond_the_desk,
    entries,
    held_refund,
    new_trigger,
    started_with,
    status_question,
    two_held_refunds,
)

LONG_AGO = "2020-01-01T00:00:00+00:00"


@pytest.fixture
async def two_rounds(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk whose drafts go round twice at most."""

    def change(playbook: dict[str, Any]) -> None:
        playbook["plan"]["max_rounds"] = 2

    async with running_desk(client, tmp_path, quick, change) as desk:
        yield desk


@pytest.fixture
async def resting(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk whose workers the test starts and stops."""
    async with resting_desk(client, tmp_path, quick) as desk:
        yield desk


async def test_approve_lets_the_action_run(desk: Desk) -> None:
    """An approval is recorded with its approver, and exactly what was approved is done."""
    case = await held_refund(desk)
    accepted, reason = await case.decide("approve", by="refunds-lead")
    outcome = await case.outcome()
    assert (accepted, reason) == (True, "accepted: approve by refunds-lead on issue_refund")
    assert outcome.ending is Ending.DONE
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [4990]
    assert [(e.decided_by, e.sender) for e in outcome.trail if e.kind is EntryKind.DECISION] == [
        ("refunds-lead", "approver.refunds-lead")
    ]


@also_replaying()
async def test_every_held_action_needs_its_own_approval(desk: Desk) -> None:
    """One approval of two does nothing yet; the second lets both run."""
    case = await two_held_refunds(desk)
    first = (await case.status()).action_digest
    await case.decide("approve")
    status = await case.until("waiting_for_approval")
    assert status.action_digest != first
    assert desk.back_office.refunds() == []
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [3000, 2000]


async def test_an_action_is_approved_once(desk: Desk) -> None:
    """A second approval of the same action does not stand in for that of the other."""
    case = await two_held_refunds(desk)
    again = await case.decision("approve")
    await case.decide("approve")
    accepted, reason = await starter.decide(desk.client, case.id, again)
    assert (accepted, reason) == (False, "issue_refund is already decided")
    assert desk.back_office.refunds() == []


@also_replaying(in_each_run=True)
async def test_edit_makes_a_new_proposal_that_needs_its_own_approval(desk: Desk) -> None:
    """Nothing runs on an edit alone; what is approved then is the edited amount under a new digest."""
    case = await held_refund(desk)
    before = await case.status()
    await case.decide("edit", edits={"amount_minor": 2000})
    after = await case.until("waiting_for_approval", proposal="p2")
    assert after.action_digest != before.action_digest
    assert desk.back_office.refunds() == []
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE
    assert [refund["amount_minor"] for refund in desk.back_office.refunds()] == [2000]


@also_replaying()
async def test_reject_ends_it_and_nothing_is_done(desk: Desk) -> None:
    """A rejection ends the request with its reason; the requester gets a notice and no money."""
    case = await held_refund(desk)
    await case.decide("reject", reason="please call them")
    outcome = await case.outcome()
    assert (outcome.ending, outcome.why) == (Ending.REJECTED, "rejected by refunds: please call them")
    assert desk.back_office.refunds() == []
    (mail,) = desk.mail_sink.messages()
    assert "please call them" not in mail["text"]


async def test_sending_back_is_bounded(two_rounds: Desk) -> None:
    """The last round that the playbook allows goes to a person instead of round once more."""
    case = await held_refund(two_rounds)
    await case.decide("respond", reason="Say it kinder.", purpose="change_draft")
    await case.until("waiting_for_approval", proposal="p2")
    await case.decide("respond", reason="Kinder still.", purpose="change_draft")
    await case.until("escalated")
    await case.decide("settle", by="support-lead", reason="wrote myself")
    outcome = await case.outcome()
    assert outcome.ending is Ending.ESCALATED
    assert "sent back 2 times" in outcome.why
    assert two_rounds.back_office.refunds() == []


async def test_a_duplicate_decision_id_is_refused(desk: Desk) -> None:
    """The same decision delivered twice counts once, even on a later proposal."""
    case = await held_refund(desk)
    edit = await case.decision("edit", edits={"amount_minor": 2000})
    await starter.decide(desk.client, case.id, edit)
    await case.until("waiting_for_approval", proposal="p2")
    accepted, reason = await case.decide("approve", decision_id=edit["decision_id"])
    assert (accepted, reason) == (False, f"duplicate: decision {edit['decision_id']} was received before")
    assert await case.refusals() == [reason]
    assert (await case.status()).state == "waiting_for_approval"


async def test_a_decision_on_an_earlier_proposal_is_stale(desk: Desk) -> None:
    """Approving what was shown before an edit approves nothing."""
    case = await held_refund(desk)
    stale = await case.decision("approve")
    await case.decide("edit", edits={"amount_minor": 2000})
    await case.until("waiting_for_approval", proposal="p2")
    accepted, reason = await starter.decide(desk.client, case.id, stale)
    assert (accepted, reason) == (False, "stale: names proposal p1, but p2 waits")
    assert desk.back_office.refunds() == []


async def test_the_right_proposal_with_the_digest_of_an_earlier_one_is_refused(desk: Desk) -> None:
    """A decision binds to the digest that was shown; the proposal's name alone is not enough."""
    case = await held_refund(desk)
    seen = (await case.status()).action_digest
    await case.decide("edit", edits={"amount_minor": 2000})
    await case.until("waiting_for_approval", proposal="p2")
    accepted, reason = await case.decide("approve", action_digest=seen)
    assert (accepted, reason) == (False, f"names no action that waits here: digest {seen}")


async def test_what_may_not_be_decided_is_refused_and_the_request_keeps_waiting(desk: Desk) -> None:
    """Each unfit decision is answered and recorded with its own reason, and a good one still counts."""
    case = await held_refund(desk)
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answers = [
        await case.decide("approve", by="mallory"),
        await case.decide("approve", expires_at=LONG_AGO),
        await case.decide("approve", issued_at=ahead),
        await case.decide("edit", edits={"payment_id": "PAY-10003"}),
        await case.decide("edit", edits={"amount_minor": "2000"}),
        await case.decide("edit"),
        await case.decide("respond", reason=" ", purpose="change_draft"),
        await case.decide("respond", reason="kinder"),
        await case.decide("reject", reason=""),
        await case.decide("approve", edits={"amount_minor": 2000}),
    ]
    assert [accepted for accepted, _ in answers] == [False] * len(answers)
    reasons = [reason for _, reason in answers]
    assert reasons[0] == "mallory may not decide here; may: refunds, refunds-lead"
    assert reasons[1].startswith("expired at 2020-01-01")
    assert reasons[2].startswith("issued in the future")
    assert reasons[3] == "payment_id may not be edited; editable: amount_minor"
    assert reasons[4].startswith("edits.amount_minor: ")
    assert reasons[5:9] == [
        "edit needs edits; editable: amount_minor",
        "respond needs a reason",
        "respond needs a purpose: change_draft, change_action, ask_requester",
        "reject needs a reason",
    ]
    assert reasons[9].startswith("edits were given with approve")
    assert await case.refusals() == reasons
    assert desk.back_office.refunds() == []
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([None], "a decision is an object; this is null"),
        (["approve"], "a decision is an object; this is text"),
        ([["approve"]], "a decision is an object; this is a list"),
        ([], "a decision is an object; this is null"),
        ([{"begins": "x" * 1_000_000}], "larger than 64 KB"),
        ([{"decision_type": "approve", "sudo": True}], "sudo: unknown field"),
    ],
    ids=["null", "text", "list", "nothing", "megabyte", "unknown-field"],
)
async def test_a_malformed_signal_is_refused_and_recorded(
    desk: Desk, arguments: Sequence[Any], reason: str
) -> None:
    """Whatever is sent leaves its reason in the trail and the request as it was."""
    case = await held_refund(desk)
    await case.signal("decide", *arguments)
    (recorded,) = await case.refused()
    assert reason in recorded
    assert (await case.status()).state == "waiting_for_approval"
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE


@pytest.mark.parametrize("handler", ["decide", "answer", "extend", "withdraw"])
async def test_a_signal_with_too_many_arguments_does_not_stop_the_request(desk: Desk, handler: str) -> None:
    """Two arguments where one belongs are recorded as refused; the request still takes a good decision."""
    case = await held_refund(desk)
    await case.signal(handler, {"approver": "refunds"}, {"approver": "refunds"})
    assert len(await case.refused()) == 1
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE


async def test_an_update_with_too_many_arguments_does_not_stop_the_request(desk: Desk) -> None:
    """As with the signal: the sender learns that it was refused, and a good decision still counts."""
    case = await held_refund(desk)
    good = await case.decision("approve")
    said: dict[str, Any] = await asyncio.wait_for(
        case.handle.execute_update("decide", args=[good, good], result_type=dict[str, Any]), PATIENCE_SECONDS
    )
    assert said["accepted"] is False
    await case.decide("approve")
    assert (await case.outcome()).ending is Ending.DONE


async def test_signal_and_update_decide_alike(desk: Desk) -> None:
    """The same wrong decision is refused for the same reason as a signal and as an update."""
    case = await held_refund(desk)
    wrong = await case.decision("approve", by="mallory")
    _, said = await starter.decide(desk.client, case.id, wrong)
    await case.signal("decide", wrong)
    assert await case.refused(2) == [said, said]


async def test_an_approval_by_signal_counts(desk: Desk) -> None:
    """A plain signal is enough for the medium tier."""
    case = await held_refund(desk)
    await case.signal("decide", await case.decision("approve"))
    assert (await case.outcome()).ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1


@also_replaying()
@pytest.mark.parametrize(
    ("first", "second", "ending"),
    [("approve", "reject", Ending.DONE), ("reject", "approve", Ending.REJECTED)],
)
async def test_the_first_valid_decision_in_history_wins(
    desk: Desk, first: str, second: str, ending: Ending
) -> None:
    """Of two that come back to back one counts, the other is refused, and a replay sees it the same way."""
    case = await held_refund(desk)
    one, other = await case.decision(first), await case.decision(second, by="refunds-lead")
    await case.signal("decide", one)
    await case.signal("decide", other)
    outcome = await case.outcome()
    assert outcome.ending is ending
    assert len(desk.back_office.refunds()) == (ending is Ending.DONE)
    kinds = [entry.kind for entry in outcome.trail]
    assert (kinds.count(EntryKind.DECISION), kinds.count(EntryKind.REFUSED)) == (1, 1)
    await Replayer(
        workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter
    ).replay_workflow(await case.handle.fetch_history())


async def test_an_early_routing_is_kept_and_applied(resting: Desk) -> None:
    """A decision that was there before its gate opened counts when it opens."""
    trigger = new_trigger()
    submission = resting.written("Hello there.", sender=ANNA, desk=None, trigger_id=trigger)
    digest = digest_of({"route": starter.request_id_of(submission), "attempt": 1})
    route = starter.decision_for(
        DecisionType.ROUTE, "reception", "route-1", digest, "I know it", {"desk": "support"}
    )
    case = await started_with(resting, "Hello there.", "decide", route, desk=None, trigger_id=trigger)
    async with at_work(resting):
        await case.until("escalated")
        (decision,) = await entries(case, EntryKind.DECISION)
        assert (await case.status()).desk == "support"
    assert (decision.what, decision.decided_by) == ("route routing route-1", "reception")


@also_replaying(in_each_run=True)
async def test_an_early_approval_is_kept_and_applied(desk: Desk) -> None:
    """The same request looks the same again: an approval of its digest, sent ahead, fits when the gate opens."""
    trigger = new_trigger()
    first_look = await held_refund(desk, trigger_id=trigger)
    approval = await first_look.decision("approve")
    await first_look.handle.terminate("only a first look")
    case = await started_with(desk, HELD_REFUND, "decide", approval, trigger_id=trigger)
    assert case.id == first_look.id
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1


async def test_an_early_decision_that_never_fits_is_refused_at_the_end(desk: Desk) -> None:
    """It is neither forgotten nor applied to a gate that it does not name."""
    early = starter.decision_for(DecisionType.APPROVE, "refunds", "p7", "0" * 64)
    case = await started_with(desk, HELD_REFUND, "decide", early)
    await case.until("waiting_for_approval", proposal="p1")
    assert desk.back_office.refunds() == []
    await case.decide("reject", reason="no")
    outcome = await case.outcome()
    assert [entry.why for entry in outcome.trail if entry.kind is EntryKind.REFUSED] == [
        "the request ended without an approval request that this decision fits"
    ]


@also_replaying()
async def test_an_early_malformed_decision_is_refused_at_the_end(desk: Desk) -> None:
    """What no gate could ever fit is recorded, too."""
    case = await started_with(desk, HELD_REFUND, "decide", {"decision_type": "approve"})
    await case.until("waiting_for_approval", proposal="p1")
    await case.decide("reject", reason="no")
    outcome = await case.outcome()
    assert [entry.kind for entry in outcome.trail].count(EntryKind.REFUSED) == 1


@also_replaying()
async def test_an_update_without_an_open_gate_says_that_it_is_kept(desk: Desk) -> None:
    """The sender of an early decision is not left waiting for an answer that may take days."""
    await desk.back_office.arm("GET /customers", "slow", delay_seconds=1.5)
    case = await status_question(desk)
    early = starter.decision_for(DecisionType.APPROVE, "refunds", "p1", "0" * 64)
    said: dict[str, Any] = await case.handle.execute_update("decide", early, result_type=dict[str, Any])
    outcome = await case.outcome()
    assert (said["accepted"], said["kept"]) == (False, True)
    assert [entry.kind for entry in outcome.trail].count(EntryKind.REFUSED) == 1


async def test_a_late_decision_is_told_that_the_request_is_closed(desk: Desk) -> None:
    """After the end neither update nor signal is lost in silence: the sender reads that it is closed."""
    case = await held_refund(desk)
    late = await case.decision("approve")
    await case.decide("reject", reason="no")
    await case.outcome()
    with pytest.raises(RequestClosedError, match="is closed"):
        await starter.decide(desk.client, case.id, late)
    with pytest.raises(RequestClosedError, match="is closed"):
        await starter.leave_signal(desk.client, case.id, "decide", late)
    assert desk.back_office.refunds() == []


@also_replaying()
async def test_an_approval_that_expires_before_the_effect_permits_nothing(desk: Desk) -> None:
    """The executor looks at the decision again: one that ran out while another was awaited is not used."""
    case = await two_held_refunds(desk)
    for seconds in (1, 5, 20):  # more of them where the machine is too busy to take it in time
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        accepted, _ = await case.decide("approve", expires_at=ends.isoformat())
        if accepted:
            break
    assert accepted
    await asyncio.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 0.05)
    await case.decide("approve")
    status = await case.until("escalated")
    assert "expired" in status.review_point.awaiting
    assert desk.back_office.refunds() == []


async def test_a_decision_sent_while_no_worker_runs_is_applied_later(resting: Desk) -> None:
    """It lies in history until a worker reads it."""
    async with at_work(resting):
        case = await held_refund(resting)
        approval = await case.decision("approve")
    await starter.leave_signal(resting.client, case.id, "decide", approval)
    assert resting.back_office.refunds() == []
    async with at_work(resting):
        assert (await case.outcome()).ending is Ending.DONE
    assert len(resting.back_office.refunds()) == 1


@also_replaying()
async def test_a_flood_of_junk_leaves_the_request_responsive_and_its_trail_bounded(desk: Desk) -> None:
    """300 junk signals cost neither the status nor the decision, and the record says that there were more."""
    case = await held_refund(desk)
    await asyncio.gather(*(case.signal("decide", f"junk {number}") for number in range(300)))
    await case.refused(100)
    async with asyncio.timeout(PATIENCE_SECONDS):
        accepted, reason = await case.decide("approve")
        while "send it again later" in reason:
            accepted, reason = await case.decide("approve")
    assert accepted, reason
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1
    assert [entry.kind for entry in outcome.trail].count(EntryKind.REFUSED) == 100
    assert "further refused messages are in history" in outcome.trail[-1].why
    assert len(outcome.trail) < 250


async def test_a_request_that_is_escalated_takes_no_approval_of_its_actions(desk: Desk) -> None:
    """At the gate of a settlement only a settlement counts, by those who may settle."""
    case = await beyond_the_desk(desk)
    assert await case.decide("settle", by="refunds") == (
        False,
        "refunds may not decide here; may: support-lead, head-of-support",
    )
    accepted, reason = await case.decide("edit", by="support-lead", edits={"amount_minor": 1})
    assert (accepted, reason) == (False, "edit is not possible here; possible: settle, leave")
    await case.decide("settle", by="support-lead", reason="passed on")
    outcome = await case.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.ESCALATED, "nobody")


@also_replaying(in_each_run=True)
async def test_decisions_that_meet_at_the_gate_are_both_answered_at_once(desk: Desk) -> None:
    """The first wins; the other sender is told at once, and does not wait until the request ends."""
    case = await held_refund(desk)
    decisions = [await case.decision("reject"), await case.decision("approve")]
    async with asyncio.timeout(PATIENCE_SECONDS):
        said = await asyncio.gather(
            *(starter.decide(desk.client, case.id, decision) for decision in decisions)
        )
    assert sorted(accepted for accepted, _ in said) == [False, True]
    assert (await case.outcome()).ending in {Ending.DONE, Ending.REJECTED}
