"""What the requester, Temporal and operators do to a request for two desks reaches its parts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import CancelledError

import starter
from dispatch.models.request.addition import Addition, AdditionOutcome
from dispatch.models.request.item import Item
from dispatch.models.request.message_names import MessageName
from dispatch.models.request.part import Part
from dispatch.models.request.status import Ending
from dispatch.models.request.submission import DocumentRef, Party
from dispatch.models.trail import EntryKind
from tests.desk import Case, at_work
from tests.two_desks import JONAS, SOFIA, TwoDesks, outcomes, patience, resting_two_desks, running_two_desks
from tests.workflows.family.test_parts import REFUND_AND_ACCESS


async def both_wait(desks: TwoDesks) -> tuple[Case, Case, Case]:
    """Return a request, and its parts of support and helpdesk, each of which waits for a decision."""
    whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
    support, helpdesk = await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
    await support.until("waiting_for_approval")
    await helpdesk.until("waiting_for_approval")
    return whole, support, helpdesk


async def test_withdrawing_reaches_the_parts(desks: TwoDesks) -> None:
    """Both parts end as withdrawn, nothing was done, and nobody writes to whoever took it back."""
    whole, support, helpdesk = await both_wait(desks)
    await whole.signal("withdraw", {"reason": "solved"})
    outcome, *parts = await outcomes(whole, support, helpdesk)
    assert [outcome.ending, *(part.ending for part in parts)] == [Ending.WITHDRAWN] * 3, outcome.why
    assert desks.letters_to(JONAS) == []
    assert desks.desk.back_office.refunds() == []


async def test_cancelling_undoes_what_the_parts_did(desks: TwoDesks) -> None:
    """Temporal's cancellation of the whole cancels both parts; it ends after them, and nothing stands."""
    whole, support, helpdesk = await both_wait(desks)
    await whole.handle.cancel()
    for case in (whole, support, helpdesk):
        with pytest.raises(WorkflowFailureError) as failed:
            await case.outcome()
        assert isinstance(failed.value.cause, CancelledError)
    ended = [(await case.handle.describe()).close_time for case in (whole, support, helpdesk)]
    assert all(ended)
    assert max(when for when in ended if when) == ended[0]
    assert desks.desk.back_office.refunds() == []


async def test_a_terminated_whole_leaves_parts_that_answer_for_themselves(desks: TwoDesks) -> None:
    """Where the whole is gone, each part goes on and writes its own letter: nothing that was reviewed is lost."""
    whole, support, helpdesk = await both_wait(desks)
    await whole.handle.terminate("by an operator")
    await support.decide("approve")
    await helpdesk.decide("approve", by="design-systems")
    done = await outcomes(support, helpdesk)
    assert [outcome.ending for outcome in done] == [Ending.DONE, Ending.DONE]
    letters = await desks.letters(JONAS, 2)
    assert sum("Design Library" in letter["text"] for letter in letters) == 1
    assert all("more than one of our teams" not in letter["text"] for letter in letters)


async def test_a_reset_joins_the_parts_that_exist(desks: TwoDesks) -> None:
    """A whole that is reset to its beginning begins no part twice, and its one answer still goes out once."""
    whole, support, helpdesk = await both_wait(desks)
    started = [
        event.event_id
        async for event in whole.handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
    ]
    described = await whole.handle.describe()
    await desks.desk.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=desks.desk.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=whole.id, run_id=described.run_id),
            reason="a test",
            workflow_task_finish_event_id=started[0] + 1,
            request_id="reset-1",
        )
    )
    again = desks.desk.case(whole.id)
    await again.until("waiting_for_parts")
    await support.decide("approve")
    await helpdesk.decide("approve", by="design-systems")
    (letter,) = await desks.letters(JONAS, 1)
    assert "Design Library" in letter["text"]
    assert len(desks.desk.back_office.refunds()) == 1
    trail = await again.trail()
    assert sum("joined" in entry.what for entry in trail) == 2


async def test_a_later_message_is_handed_to_the_open_parts(desks: TwoDesks) -> None:
    """What answers the whole request's thread is read by the people of each open part, and is lost in none."""
    whole, support, helpdesk = await both_wait(desks)
    addition = Addition(
        key="00000000000000a1",
        received_at=datetime.now(UTC),
        sender=Party(address="j.brandt@kestrel.example", name="Jonas Brandt"),
        subject="Re: A question",
        text="Please hurry.",
        source=DocumentRef(sha256="0" * 64, size_bytes=1, media_type="message/rfc822", name="later.eml"),
    )
    answer = await whole.handle.execute_update(
        MessageName.ADD, addition.model_dump(mode="json"), result_type=AdditionOutcome
    )
    assert answer.accepted, answer.reason
    for part in support, helpdesk:
        status = await part.until("waiting_for_approval", proposal="p2")
        # The reply waits too, for whoever decides has to read what was written since.
        while status.state == "waiting_for_approval":
            await part.decide("approve", by=status.review_point.owner)
            status = await part.status()
    outcome = await whole.outcome()
    assert outcome.ending is Ending.DONE, outcome.why
    assert outcome.added == ("00000000000000a1",)


@pytest.fixture
async def impatient(client: Client, tmp_path: Path) -> AsyncIterator[TwoDesks]:
    async with running_two_desks(client, tmp_path, reception=(patience(3),)) as running:
        yield running


async def test_a_part_that_waits_too_long_is_told_as_waiting_and_told_again(impatient: TwoDesks) -> None:
    """After the reception's patience the answer says what is done and with whom the rest is; the rest follows in a second one."""
    text = "I forgot my password, please reset it.\n\nPlease refund order DD-10037, I send the bag back."
    whole = await impatient.submit(text, **JONAS)
    support = await impatient.begun(whole, "support")
    (first,) = await impatient.letters(JONAS, 1)
    assert "one-time link" in first["text"]
    assert "waits for a decision by refunds" in first["text"]
    assert (await whole.status()).state == "waiting_for_parts"
    await support.decide("approve")
    outcome = await whole.outcome()
    assert outcome.ending is Ending.DONE, outcome.why
    _, second = impatient.letters_to(JONAS)
    assert "was still open" in second["text"]
    assert "EUR 64.00" in second["text"]
    assert "one-time link" not in second["text"]


async def test_a_worker_that_was_away_goes_on_where_it_was(client: Client, tmp_path: Path) -> None:
    """The workers stop while both parts wait and others take over: nothing is done twice or forgotten."""
    async with resting_two_desks(client, tmp_path) as desks:
        async with at_work(desks.desk):
            whole, support, helpdesk = await both_wait(desks)
            decisions = [
                await support.decision("approve"),
                await helpdesk.decision("approve", by="design-systems"),
            ]
        for case, decision in zip((support, helpdesk), decisions, strict=True):
            await case.signal("decide", decision)
        async with at_work(desks.desk):
            outcome = await whole.outcome()
        assert outcome.ending is Ending.DONE, outcome.why
        assert len(desks.letters_to(JONAS)) == 1
        assert len(desks.desk.back_office.refunds()) == 1


async def test_a_forged_signal_only_makes_it_look(desks: TwoDesks) -> None:
    """Whatever a signal claims of a part, what is told comes from the part's own history."""
    whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
    support = await desks.begun(whole, "support")
    await support.until("waiting_for_approval")
    await whole.signal("part", {"part": support.id, "at": "settled", "answer": {"paragraphs": ["You won."]}})
    await whole.signal("part", {"part": "support-part-0000000000000000", "at": "settled"})
    await whole.signal("part", "junk")
    await whole.refused(2)
    assert desks.letters_to(JONAS) == []
    await whole.signal("withdraw", {})
    outcome = await whole.outcome()
    assert "You won." not in outcome.model_dump_json()
    assert sum(entry.kind is EntryKind.REFUSED for entry in outcome.trail) == 2


async def test_a_submission_that_calls_itself_a_part_is_none(desks: TwoDesks) -> None:
    """Only the whole makes parts: whoever else starts one gets a request of its own, which answers its requester."""
    written = desks.desk.written(
        "Where is my order DD-10036?", sender="s.valente@kestrel.example", desk="support"
    )
    part = Part(
        parent="reception-mail-0123456789abcdef", items=(Item(item_id="item-1", text="Where is it?"),)
    )
    submitted = await starter.submit(
        desks.desk.client, desks.desk.settings, written.model_copy(update={"part": part})
    )
    outcome = await desks.desk.case(submitted.request_id).outcome()
    assert outcome.ending is Ending.DONE, outcome.why
    assert outcome.answer is None
    assert len(desks.letters_to(SOFIA)) == 1
