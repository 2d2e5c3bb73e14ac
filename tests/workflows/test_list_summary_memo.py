"""The memo that a waiting request writes for lists of requests: one row, no query, and not an event more than it needs."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from dispatch.audit.read.trail import invented, trail_of_events, unaccounted
from dispatch.audit.store.crypto_shredding import opened, sealed
from dispatch.audit.store.document import Document, Run
from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
from dispatch.models.work.playbook import Tier
from dispatch.process.list_summary import read_summary
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import Case, Desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    ANNA,
    JUERGEN,
    beyond_the_desk,
    damage_without_details,
    events_of,
    extension,
    held_refund,
    held_refund_without_memo,
    small_refund,
    status_question,
    two_held_refunds,
    until,
)

SEALED = base64.b64encode(b"binary/sealed").decode()


async def summary_of(case: Case) -> ListSummary | None:
    """Read it as a list does: what lies in Temporal, without asking a worker."""
    memo = (await case.handle.describe()).raw_info.memo.fields
    return (
        read_summary(memo[LIST_SUMMARY].metadata["encoding"], memo[LIST_SUMMARY].data)
        if LIST_SUMMARY in memo
        else None
    )


def memos(events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    modified = EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED
    return [
        event
        for event in events
        if event.event_type == modified
        and LIST_SUMMARY in event.workflow_properties_modified_event_attributes.upserted_memo.fields
    ]


async def test_what_waits_for_approval_says_so_in_its_memo(desk: Desk) -> None:
    """Subject, requester, tier, amount, reason, and what one plain decision names; and nothing that is not asked."""
    case = await held_refund(desk, subject="The lamp", name="Anna Müller")
    status = await case.status()
    list_summary = await summary_of(case)
    assert list_summary is not None
    assert (list_summary.subject, list_summary.requester, list_summary.tier, list_summary.amount) == (
        "The lamp",
        "Anna Müller",
        Tier.MEDIUM,
        "EUR 49.90",
    )
    assert list_summary.why
    assert (list_summary.proposal_id, list_summary.digests) == ("p1", (status.action_digest,))
    assert list_summary.approved_by == ()


@also_replaying()
async def test_a_new_proposal_is_another_row(desk: Desk) -> None:
    """After an edit the memo names the new proposal, amount and digest."""
    case = await held_refund(desk)
    await case.decide("edit", edits={"amount_minor": 2000})
    status = await case.until("waiting_for_approval", proposal="p2")
    list_summary = await summary_of(case)
    assert list_summary is not None
    assert (list_summary.proposal_id, list_summary.amount, list_summary.digests) == (
        "p2",
        "EUR 20.00",
        (status.action_digest,),
    )


@also_replaying()
async def test_it_is_written_when_it_changes_and_only_then(desk: Desk) -> None:
    """A moved deadline leaves it as it is; an approval that is not yet enough is in it; two events in all."""
    case = await two_held_refunds(desk)
    before = await case.status()
    await case.signal("extend", extension("refunds", 80 * 86_400))

    async def moved() -> bool:
        return (await case.status()).review_point.by != before.review_point.by

    assert await until(moved)
    assert len(memos(await events_of(case))) == 1
    assert (await case.decide("approve"))[0]
    list_summary = await summary_of(case)
    assert list_summary is not None
    assert (list_summary.approved_by, len(list_summary.digests)) == (("refunds",), 1)
    assert len(memos(await events_of(case))) == 2


@also_replaying()
async def test_a_question_and_a_settlement_have_a_row_too(desk: Desk) -> None:
    """What the requester was asked for, without a tier; what a person must settle, with the reason."""
    asked, settled = await damage_without_details(desk), await beyond_the_desk(desk)
    question, settlement = await summary_of(asked), await summary_of(settled)
    assert question is not None
    assert (question.requester, question.tier, question.digests) == (JUERGEN, None, ())
    assert question.why.startswith("an answer: ")
    assert settlement is not None
    assert (settlement.requester, settlement.proposal_id, settlement.digests) == (ANNA, "settle-1", ())
    assert settlement.why


@pytest.mark.parametrize("make", [status_question, small_refund], ids=["answer", "refund"])
async def test_what_needs_no_person_has_no_event_for_it(desk: Desk, make: Any) -> None:
    """What it was started with stays; no marker, and nothing is written."""
    case: Case = await make(desk)
    await case.outcome()
    events = await events_of(case)
    assert memos(events) == []
    assert not [e for e in events if e.marker_recorded_event_attributes.marker_name == "core_patch"]


@also_replaying(in_each_run=True)
async def test_a_request_that_began_without_a_memo_writes_one_where_it_waits(desk: Desk) -> None:
    """As one that another client starts: a list shows it as any other once it waits for somebody."""
    case = await held_refund_without_memo(desk)
    list_summary = await summary_of(case)
    assert list_summary is not None
    assert list_summary.requester == ANNA
    assert (await case.decide("approve"))[0]
    assert (await case.outcome()).ending == "done"
    assert len(memos(await events_of(case))) == 1


async def test_its_event_is_accounted_for(desk: Desk) -> None:
    """A memo is a property for lists and no entry of the trail; the history replays."""
    case = await held_refund(desk)
    await case.decide("approve")
    await case.outcome()
    history = await case.handle.fetch_history()
    trail = trail_of_events(history.events)
    assert unaccounted(history.events, trail.entries) == ()
    assert invented(history.events, trail.entries) == ()
    (written,) = memos(history.events)
    assert any(written.event_id in kept.event_ids for kept in trail.internal_events)
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


async def test_a_memo_is_sealed_as_any_payload(desk: Desk) -> None:
    """What a customer wrote is nowhere to be read in a sealed history, and comes back with the key."""
    case = await held_refund(desk, subject="A very private subject")
    await case.decide("approve")
    await case.outcome()
    history = (await case.handle.fetch_history()).to_json_dict()
    document = Document(
        request_id=case.id,
        workflow_type="Coordinator",
        runs=(Run("r1", history["events"]),),
    )
    key = bytes(range(64))
    hidden = sealed(document, key)
    started, *_ = hidden.runs[0].events
    memos_hidden = [
        started["workflowExecutionStartedEventAttributes"]["memo"]["fields"][LIST_SUMMARY],
        *(
            event["workflowPropertiesModifiedEventAttributes"]["upsertedMemo"]["fields"][LIST_SUMMARY]
            for event in hidden.runs[0].events
            if "workflowPropertiesModifiedEventAttributes" in event
        ),
    ]
    assert [memo["metadata"]["encoding"] for memo in memos_hidden] == [SEALED, SEALED]
    assert opened(hidden, lambda _: key) == document
