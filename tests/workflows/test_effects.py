"""Effects on the outside world: each once, reconciled, undone in reverse, and never doubled by a reset."""

from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import CancelledError

from dispatch.models.request.status import Ending
from dispatch.models.trail import EntryKind, Outcome
from dispatch.models.work.execution import ActionCommand
from tests.desk import Case, Desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    answered_late,
    answers_once,
    entries,
    held_refund,
    small_refund,
    status_question,
    two_held_refunds,
    until,
    until_mailed,
    until_refunded,
)

SEAN = "sean.obrien@mail.example"
ZOE = "zoe.dangelo@mail.example"


async def cancel(case: Case) -> None:
    """Cancel, and wait until the request has taken notice."""

    async def noticed() -> bool:
        asked = False
        async for event in case.handle.fetch_history_events():
            if asked and event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                return True
            asked |= event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
        return False

    await case.handle.cancel()
    await until(noticed)


async def cancelled(case: Case) -> None:
    """Wait until the request has ended as cancelled."""
    with pytest.raises(WorkflowFailureError) as failed:
        await case.outcome()
    assert isinstance(failed.value.cause, CancelledError)
    assert (await case.handle.describe()).status is WorkflowExecutionStatus.CANCELED


def statuses(desk: Desk) -> list[str]:
    return [refund["status"] for refund in desk.back_office.refunds()]


@also_replaying(in_each_run=True)
async def test_a_refund_and_its_mail_are_done_once(desk: Desk) -> None:
    """One row, one mail; the reply goes out after the refund that it announces."""
    outcome = await (await small_refund(desk)).outcome()
    (refund,) = desk.back_office.refunds()
    (mail,) = desk.mail_sink.messages()
    assert outcome.effects == (refund["refund_id"], mail["message_id"])
    done = [entry.sender for entry in outcome.trail if entry.kind is EntryKind.EFFECT]
    assert done == ["action.issue_refund", "action.send_reply"]


async def test_a_refund_whose_answer_is_lost_is_found_by_its_key(desk: Desk) -> None:
    """The second attempt finds what the first has done; there is one refund, and the trail says how it was found."""
    await desk.back_office.arm("POST /refunds", "drop_after_commit")
    outcome = await (await small_refund(desk)).outcome()
    assert outcome.ending is Ending.DONE
    assert statuses(desk) == ["succeeded"]
    assert any("found by its key" in entry.why for entry in outcome.trail)


async def test_a_refund_that_never_arrived_is_made_by_the_next_attempt(desk: Desk) -> None:
    """A connection lost before the effect costs a retry and nothing else."""
    await desk.back_office.arm("POST /refunds", "drop_before_commit")
    outcome = await (await small_refund(desk)).outcome()
    assert outcome.ending is Ending.DONE
    assert statuses(desk) == ["succeeded"]


async def test_a_system_that_asks_to_wait_is_waited_for(desk: Desk) -> None:
    """503 with Retry-After is no failure: the refund is made a second later, once."""
    await desk.back_office.arm("POST /refunds", "status", status=503, retry_after=1)
    outcome = await (await small_refund(desk)).outcome()
    assert outcome.ending is Ending.DONE
    assert statuses(desk) == ["succeeded"]
    (rule,) = await desk.back_office.armed()
    assert rule["fired"] == 1


async def test_a_mail_whose_answer_is_lost_is_found_in_the_archive(desk: Desk) -> None:
    """SMTP has no key, so the archive is asked: one delivery."""
    await desk.mail_sink.arm("SMTP DATA", "drop_after_commit")
    outcome = await (await status_question(desk)).outcome()
    assert outcome.ending is Ending.DONE
    assert len(desk.mail_sink.messages()) == 1


@also_replaying()
async def test_an_outcome_that_nobody_can_tell_goes_to_a_person(desk: Desk) -> None:
    """It is neither repeated blindly nor undone, and no reply announces it."""
    case = await held_refund(desk)
    await answers_once(desk.back_office, "find")
    await desk.back_office.arm("POST /refunds", "drop_after_commit")
    await desk.back_office.arm("find", "status", status=503, times=-1)
    await case.decide("approve")
    status = await case.until("escalated")
    assert status.review_point.awaiting.startswith("a decision: unknown: whether it took effect is unknown")
    await case.decide("settle", by="support-lead", reason="the bank says it was paid")
    outcome = await case.outcome()
    assert (outcome.ending, outcome.owner) == (Ending.UNKNOWN, "nobody")
    assert statuses(desk) == ["succeeded"]
    assert all("refund" not in mail["text"].lower() for mail in desk.mail_sink.messages())


@also_replaying(in_each_run=True)
async def test_what_was_done_is_undone_in_reverse(desk: Desk) -> None:
    """Two refunds are made and the reply is refused for good: the second is undone first."""
    await desk.mail_sink.arm("SMTP DATA", "status", status=550)
    case = await two_held_refunds(desk)
    await case.decide("approve")
    await case.until("waiting_for_approval")
    await case.decide("approve")
    await case.until("escalated")
    undone = [entry.what for entry in await entries(case, EntryKind.COMPENSATION)]
    assert undone == ["issue_refund payment PAY-10030-2", "issue_refund payment PAY-10030-1"]
    assert statuses(desk) == ["cancelled", "cancelled"]
    await case.decide("settle", by="support-lead", reason="called them")
    outcome = await case.outcome()
    assert (outcome.ending, outcome.effects) == (Ending.COMPENSATED, ())


async def test_a_reply_that_is_refused_undoes_the_refund(desk: Desk) -> None:
    """A customer whose mailbox says 550 is not refunded in silence; a person takes over."""
    case = await desk.submit(
        "Please refund order DD-10031, it does not fit.", sender="remi.fournier@bounces.example"
    )
    await case.until("waiting_for_approval")
    await case.decide("approve")
    await case.until("escalated")
    assert statuses(desk) == ["cancelled"]
    await case.decide("settle", by="support-lead", reason="wrote a letter")
    assert (await case.outcome()).ending is Ending.COMPENSATED


@also_replaying()
async def test_a_refund_that_cannot_be_undone_is_said_to_stand(desk: Desk) -> None:
    """A compensation that fails never reads as compensated: it is escalated and the effect is listed."""
    await desk.back_office.arm("POST /refunds/*/cancel", "status", status=403, times=-1)
    await desk.mail_sink.arm("SMTP DATA", "status", status=550)
    case = await small_refund(desk)
    status = await case.until("escalated")
    assert "could not be undone" in status.review_point.awaiting
    await case.decide("settle", by="support-lead", reason="undid it by hand")
    outcome = await case.outcome()
    assert outcome.ending is Ending.ESCALATED
    assert outcome.effects == (desk.back_office.refunds()[0]["refund_id"],)


@also_replaying()
async def test_cancelling_what_waits_for_approval_does_nothing(desk: Desk) -> None:
    """The run ends as cancelled; no refund, no mail."""
    case = await held_refund(desk)
    await case.handle.cancel()
    await cancelled(case)
    assert desk.back_office.refunds() == []
    assert desk.mail_sink.messages() == []
    assert (await case.status()).state == "cancelled"


@also_replaying(in_each_run=True)
async def test_cancelling_in_the_middle_of_a_refund_undoes_it(desk: Desk) -> None:
    """The refund under way is waited for, then undone; the reply is never sent."""
    await answered_late(desk.back_office, "POST /refunds")
    case = await small_refund(desk)
    await until_refunded(desk)
    await cancel(case)
    await desk.back_office.disarm()
    await cancelled(case)
    assert statuses(desk) == ["cancelled"]
    assert desk.mail_sink.messages() == []
    assert [entry.kind for entry in await case.trail()][-2:] == [EntryKind.COMPENSATION, EntryKind.ENDING]


@also_replaying()
async def test_cancelling_after_the_mail_undoes_what_can_be_and_names_the_rest(desk: Desk) -> None:
    """A mail cannot be called back: the refund is undone, and the trail says that the mail stands and whose it is."""
    await answered_late(desk.mail_sink, "SMTP DATA")
    case = await small_refund(desk)
    await until_mailed(desk)
    await cancel(case)
    await desk.mail_sink.disarm()
    await cancelled(case)
    assert statuses(desk) == ["cancelled"]
    ending = (await case.trail())[-1]
    assert "send_reply on reply stands and cannot be undone" in ending.why
    assert ending.receiver == "support-lead"


@also_replaying()
async def test_cancelling_what_a_person_has_in_hand_undoes_what_stands(desk: Desk) -> None:
    """A refund that stands while the request is escalated is undone by a cancellation like any other."""
    await answers_once(desk.mail_sink, "GET /messages")
    await desk.mail_sink.arm("GET /messages", "status", status=403, times=-1)
    case = await small_refund(desk)
    await case.until("escalated")
    await case.handle.cancel()
    await cancelled(case)
    assert statuses(desk) == ["cancelled"]
    assert (await case.trail())[-1].kind is EntryKind.ENDING


@also_replaying()
async def test_cancelling_what_waits_for_an_answer_ends_it(desk: Desk) -> None:
    """The trail ends with an ending also here."""
    case = await desk.submit(
        "My item arrived damaged. Please refund me.", sender="juergen.gross@post.example"
    )
    await case.until("waiting_for_information")
    await case.handle.cancel()
    await cancelled(case)
    assert (await case.trail())[-1].kind is EntryKind.ENDING


@also_replaying()
async def test_withdrawing_when_the_actions_have_begun_is_too_late(desk: Desk) -> None:
    """It is refused and recorded, and the request runs to its end."""
    await answered_late(desk.back_office, "POST /refunds")
    case = await small_refund(desk)
    await until_refunded(desk)
    await case.signal("withdraw", {"reason": "wait!"})
    await case.refused()
    await desk.back_office.disarm()
    outcome = await case.outcome()
    assert outcome.ending is Ending.DONE
    assert [entry.why for entry in outcome.trail if entry.kind is EntryKind.REFUSED] == [
        "the actions have begun"
    ]


async def test_the_key_of_an_effect_holds_neither_run_nor_attempt(desk: Desk) -> None:
    """After two attempts it is request, action and subject, as it was ordered, and nothing else."""
    await desk.back_office.arm("POST /refunds", "drop_before_commit")
    case = await small_refund(desk)
    await case.outcome()
    (refund,) = desk.back_office.refunds()
    assert refund["idempotency_key"] == f"{case.id}/issue_refund/payment PAY-10003"
    (order,) = await _orders(case, "action.issue_refund")
    assert order.bound.idempotency_key == refund["idempotency_key"]


@pytest.mark.parametrize("held", [False, True], ids=["without-a-person", "approved"])
async def test_a_reset_of_an_executed_request_has_no_second_effect(desk: Desk, *, held: bool) -> None:
    """Run again from its first task it finds its own effects in place and ends as it did; nobody is written to again."""
    case = await _executed(desk, held=held)
    refunds, mails = desk.back_office.refunds(), desk.mail_sink.messages()
    again = await _reset(case)
    assert (await again.outcome()).ending is Ending.DONE
    assert desk.back_office.refunds() == refunds
    assert desk.mail_sink.messages() == mails


async def _executed(desk: Desk, *, held: bool) -> Case:
    case = await (held_refund(desk) if held else small_refund(desk))
    if held:
        await case.signal("decide", await case.decision("approve"))
    assert (await case.outcome()).ending is Ending.DONE
    return case


async def _orders(case: Case, activity: str) -> list[ActionCommand]:
    orders = []
    async for event in case.handle.fetch_history_events():
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == activity:
            (order,) = await case.desk.client.data_converter.decode(scheduled.input.payloads, [ActionCommand])
            orders.append(order)
    return orders


async def _reset(case: Case) -> Case:
    """Reset as `temporal workflow reset --type FirstWorkflowTask` does; gives the new run."""
    client = case.desk.client
    first_task = 0
    async for event in case.handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            first_task = event.event_id
            break
    described = await case.handle.describe()
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case.id, run_id=described.run_id or ""),
            reason="test",
            workflow_task_finish_event_id=first_task,
            request_id=f"reset-{case.id}",
        )
    )
    handle: Any = client.get_workflow_handle(case.id, run_id=answer.run_id, result_type=Outcome)
    return Case(case.desk, handle)
