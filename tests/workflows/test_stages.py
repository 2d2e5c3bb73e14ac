"""Who works on a request, what happens when one of them does not, and how a request finds its desk."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

import starter
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind
from tests.desk import Case, Desk, at_work, quick, resting_desk
from tests.signers import Signer, write_approvers
from tests.workflows.misbehaving import (
    FakeBrokenReviewer,
    FakeContentReviewer,
    FakeForgetfulWriter,
    FakeImpostor,
)
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    beyond_the_desk,
    entries,
    held_refund,
    new_trigger,
    small_refund,
    status_question,
    until,
)

FIVE_ASKS = """I have a few questions today:

1. Please refund order DD-10001, the lamp does not match our desk.
2. Where is my order DD-10002?
3. How long is the warranty on your lamps?
4. What are your opening hours?
5. Please change my delivery address to Lindenweg 4, 50667 Köln.
"""
AN_HOUR = 3600
"""As Retry-After: longer than the playbook's minutes, so that Temporal gives up at once and the test need not wait."""


@pytest.fixture
async def resting(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with resting_desk(client, tmp_path, quick) as desk:
        yield desk


@also_replaying()
async def test_a_specialist_whose_records_are_down_is_unavailable_and_escalates(desk: Desk) -> None:
    """Records that cannot be read never read as 'no customer': a person takes over, nothing is answered."""
    await desk.back_office.arm("GET /customers*", "status", status=503, retry_after=AN_HOUR, times=1)
    case = await desk.submit("Please refund order DD-10001.", sender=ANNA)
    status = await case.until("escalated")
    assert "the records could not be read" in status.review_point.awaiting
    unavailable = [e for e in await entries(case, EntryKind.HANDOFF) if e.what == "unavailable"]
    assert [entry.sender for entry in unavailable] == ["specialist.order_history"]
    assert desk.back_office.refunds() == []


async def test_records_that_are_down_for_a_moment_cost_nothing(desk: Desk) -> None:
    """A failed read is tried again and leaves no mark on the outcome."""
    await desk.back_office.arm("GET /customers*", "status", status=503, times=1)
    assert (await (await status_question(desk)).outcome()).ending is Ending.DONE


@also_replaying()
async def test_a_guardian_that_cannot_look_lets_nothing_run(desk: Desk) -> None:
    """Without a guard result there is no refund and no reply; a person takes over."""
    await desk.back_office.arm("GET /payments/*", "status", status=503, retry_after=AN_HOUR, times=-1)
    case = await small_refund(desk)
    status = await case.until("escalated")
    assert "guard failed" in status.review_point.awaiting
    assert desk.back_office.refunds() == []
    assert all("refund" not in mail["text"].lower() for mail in desk.mail_sink.messages())


async def test_a_reviewer_that_does_not_run_holds_everything(resting: Desk) -> None:
    """What was not checked is a critical exception: even what runs without a person then waits for two."""
    two = Signer("ben", ("refunds-lead",)), Signer("cleo", ("support-lead",))
    write_approvers(resting.settings.approvers_path, *two)
    resting.catalogue = replace(resting.catalogue, reviewer_classes={"reply_standards": FakeBrokenReviewer})
    async with at_work(resting):
        case = await status_question(resting)
        status = await case.until("waiting_for_approval")
        assert "send_reply" in status.review_point.awaiting
        assert resting.mail_sink.messages() == []
        for signer in two:
            await starter.decide(
                resting.client, case.id, signer.signs(await case.decision("approve", reason="read it myself"))
            )
        assert (await case.outcome()).ending is Ending.DONE


@also_replaying(in_each_run=True)
async def test_five_asks_are_five_items_each_carried_to_its_end(desk: Desk) -> None:
    """An action, three answers and a stated refusal; none is left over."""
    case = await desk.submit(FIVE_ASKS, sender=ANNA)
    await case.until("waiting_for_approval")
    await case.decide("approve")
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [item.disposition for item in outcome.items] == [
        "acted",
        "answered",
        "answered",
        "answered",
        "refused",
    ]


async def desk_hours_and_warranty(desk: Desk) -> Case:
    """Two asks, both with a standing answer."""
    return await desk.submit(
        "1. What are your opening hours?\n2. How long is the warranty on your lamps?\n", sender=ANNA
    )


async def test_an_item_left_over_never_ends_as_done(resting: Desk) -> None:
    """The process flags it though the desk's reviewer sees nothing; where people let it pass, the verifier refutes it."""
    two = Signer("ben", ("refunds-lead",)), Signer("cleo", ("support-lead",))
    write_approvers(resting.settings.approvers_path, *two)
    resting.catalogue = replace(
        resting.catalogue,
        specialist_classes={**resting.catalogue.specialist_classes, "reply_writer": FakeForgetfulWriter},
        reviewer_classes={"reply_standards": FakeContentReviewer},
    )
    async with at_work(resting):
        case = await desk_hours_and_warranty(resting)
        await case.until("waiting_for_approval")
        assert resting.mail_sink.messages() == []
        detail = await starter.detail_of(resting.client, case.id)
        assert isinstance(detail, RequestDetail)
        assert [(one.reviewer, one.standard) for one in detail.exceptions] == [("process", "items.left_over")]
        for signer in two:
            await starter.decide(
                resting.client, case.id, signer.signs(await case.decision("approve", reason="read it myself"))
            )
        status = await case.until("escalated")
        assert "left over" in status.review_point.awaiting
        await case.decide("settle", by="support-lead", reason="wrote a second mail")
        outcome = await case.outcome()
    assert outcome.ending is Ending.ESCALATED


async def test_a_specialist_that_answers_under_another_name_is_unavailable(resting: Desk) -> None:
    """A result that would blame the wrong one in the trail is not used."""
    resting.catalogue = replace(
        resting.catalogue,
        specialist_classes={**resting.catalogue.specialist_classes, "reply_writer": FakeImpostor},
    )
    async with at_work(resting):
        case = await status_question(resting)
        status = await case.until("escalated")
        assert "the reply could not be written" in status.review_point.awaiting


@also_replaying(in_each_run=True)
async def test_a_person_routes_what_no_desk_fits(desk: Desk) -> None:
    """The desk that a person names takes the request, and the trail says who named it."""
    case = await desk.submit("Good morning to all of you.", sender=ANNA, subject="Hello", desk=None)
    status = await case.until("waiting_for_routing")
    assert status.desk is None
    await case.decide("route", by="reception", edits={"desk": "support"})
    assert (await case.until("escalated")).desk == "support"
    routed = [entry for entry in await case.trail() if entry.why == "route to support, as named"]
    assert [entry.decided_by for entry in routed] == ["reception"]


async def test_a_desk_that_does_not_exist_cannot_be_routed_to(desk: Desk) -> None:
    """A wrong name is refused with the desks that there are, and the request keeps waiting for a right one."""
    case = await desk.submit("Good morning to all of you.", sender=ANNA, subject="Hello", desk=None)
    await case.until("waiting_for_routing")
    assert await case.decide("route", by="reception", edits={"desk": "suport"}) == (
        False,
        "edits.desk: there is no such desk; there are helpdesk, marketing, support, website",
    )
    assert (await case.status()).state == "waiting_for_routing"
    await case.decide("route", by="reception", edits={"desk": "support"})
    await case.until("escalated")


async def test_a_submission_to_a_desk_that_does_not_exist_is_routed_by_a_person(desk: Desk) -> None:
    """The submitter's wrong name is not guessed at."""
    case = await desk.submit("Where is my order DD-10002?", sender=ANNA, desk="suport")
    await case.until("waiting_for_routing")
    await case.decide("route", by="support-lead", edits={"desk": "support"})
    assert (await case.outcome()).ending is Ending.DONE


@also_replaying()
async def test_a_person_rejects_what_belongs_to_no_desk(desk: Desk) -> None:
    """Rejected at routing it ends, and no mail goes out, for no playbook says what to write."""
    case = await desk.submit("Good morning to all of you.", sender=ANNA, subject="Hello", desk=None)
    await case.until("waiting_for_routing")
    await case.decide("reject", by="reception", reason="an advertisement")
    outcome = await case.outcome()
    assert (outcome.ending, outcome.desk) == (Ending.REJECTED, None)
    assert outcome.why == "rejected by reception: an advertisement"
    assert desk.mail_sink.messages() == []


async def test_the_same_trigger_while_it_runs_is_the_same_request(desk: Desk) -> None:
    """A mail that is fetched twice starts nothing twice."""
    trigger = new_trigger()
    case = await held_refund(desk, trigger_id=trigger)
    again = desk.written("Please refund order DD-10001.", sender=ANNA, trigger_id=trigger)
    submitted = await starter.submit(desk.client, desk.settings, again)
    assert (submitted.request_id, submitted.new) == (case.id, False)


async def test_the_same_trigger_after_it_closed_is_the_same_request(desk: Desk) -> None:
    """Nor does one that comes again when all is done: no second refund."""
    trigger = new_trigger()
    case = await small_refund(desk, trigger_id=trigger)
    await case.outcome()
    again = await small_refund(desk, trigger_id=trigger)
    assert again.id == case.id
    assert (await again.outcome()).ending is Ending.DONE
    assert len(desk.back_office.refunds()) == 1


@also_replaying()
async def test_what_the_desk_cannot_do_is_escalated_without_asking_a_specialist(desk: Desk) -> None:
    """An ask that no entry of the playbook fits goes to a person at once."""
    case = await beyond_the_desk(desk)
    receivers = {entry.receiver for entry in await case.trail()}
    assert not {name for name in receivers if name.startswith("specialist.")}


@pytest.mark.parametrize("arguments", [[{}], [], ["junk"], [{"trigger": 1}, {}]], ids=str)
async def test_a_start_without_a_submission_fails_visibly(desk: Desk, arguments: list[object]) -> None:
    """Anyone may start the workflow type from Temporal's own UI; junk ends as failed, and is not retried forever."""
    handle = await desk.client.start_workflow(
        "Coordinator",
        args=arguments,
        id=f"junk-{desk.settings.task_queue}",
        task_queue=desk.settings.task_queue,
    )

    async def ended() -> bool:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING

    try:
        await until(ended)
        assert (await handle.describe()).status is WorkflowExecutionStatus.FAILED
    finally:
        # Leaves no run behind that a worker would retry until the test's end.
        with suppress(RPCError):
            await handle.terminate("the test is over")
