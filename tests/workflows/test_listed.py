"""Which of its states a request writes for lists: whose turn it is at once, the desk's own only where it lasts."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from unittest.mock import patch

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.trail import invented, trail_of_events, unaccounted
from tests.desk import Case, Desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import (
    events_of,
    held_refund,
    held_refund_without_memo,
    listed,
    small_refund,
    status_question,
)
from workflows.parts import options

RECORDS = "GET /customers*"


@pytest.fixture
def impatient() -> Iterator[None]:
    """Take for lasting what is still there after a moment."""
    with patch.object(options, "LASTING", timedelta(seconds=0.3)):
        yield


async def states(case: Case) -> list[str]:
    """Return the states that the request was listed in after its start, in order."""
    written = (
        event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
        for event in await events_of(case)
    )
    return [json.loads(fields["RequestState"].data) for fields in written if "RequestState" in fields]


def of_type(events: Sequence[HistoryEvent], kind: str) -> list[HistoryEvent]:
    return [event for event in events if event.event_type == EventType.Value(f"EVENT_TYPE_{kind}")]


async def test_what_passes_is_listed_at_its_end_alone(desk: Desk) -> None:
    """A request that needs nobody writes one thing: how it ended, and on which desk."""
    case = await status_question(desk)
    await case.outcome()
    assert await states(case) == ["done"]
    assert await listed(case, "RequestState = 'done' AND NextOwner = 'nobody' AND Desk = 'support'")


async def test_whose_turn_it_is_never_waits(desk: Desk) -> None:
    """The person's turn is listed at once and ends at once: the desk has it again before it has done anything."""
    case = await held_refund(desk)
    await case.decide("approve")
    await case.outcome()
    assert await states(case) == ["waiting_for_approval", "execute", "done"]


@also_replaying()
@pytest.mark.usefixtures("impatient")
async def test_where_the_desk_is_held_up_is_listed(desk: Desk) -> None:
    """While the records do not answer, the list says that specialists are at work, and for which desk."""
    await desk.back_office.arm(RECORDS, "status", status=503, times=-1)
    case = await small_refund(desk)
    assert await listed(
        case, "RequestState = 'specialists' AND NextOwner = 'coordinator' AND Desk = 'support'"
    )
    await desk.back_office.disarm()
    assert (await case.outcome()).ending == "done"
    written = await states(case)
    assert (written[0], written[-1]) == ("specialists", "done")


@also_replaying()
@pytest.mark.usefixtures("impatient")
async def test_a_later_stage_that_lasts_is_listed_too(desk: Desk) -> None:
    """What was listed once is listed again where the desk is held up further on."""
    await desk.back_office.arm(RECORDS, "status", status=503, times=2)
    await desk.mail_sink.arm("GET /messages", "status", status=503, times=2)
    case = await status_question(desk)
    assert (await case.outcome()).ending == "done"
    written = await states(case)
    assert written[0] == "specialists"
    assert {"execute", "verify"} & set(written)
    assert written[-1] == "done"


@pytest.mark.usefixtures("impatient")
async def test_the_trail_takes_the_timer_for_no_deadline(desk: Desk) -> None:
    """It runs beside the process: each of its events is told, and none says that somebody was too late."""
    await desk.back_office.arm(RECORDS, "status", status=503, times=2)
    case = await status_question(desk)
    await case.outcome()
    events = await events_of(case)
    assert of_type(events, "TIMER_FIRED")
    trail = trail_of_events(events)
    assert unaccounted(events, trail.entries) == ()
    assert invented(events, trail.entries) == ()
    assert not [entry for entry in trail.entries if entry.kind in {AuditKind.DEADLINE, AuditKind.REMINDER}]
    timers = [entry for entry in trail.entries if entry.kind is AuditKind.WAIT]
    assert {event.event_id for event in of_type(events, "TIMER_FIRED")} <= {
        event_id for entry in timers for event_id in entry.event_ids
    }


async def test_a_request_that_another_client_starts_is_listed_as_any_other(desk: Desk) -> None:
    """What is written does not depend on who started it."""
    ours, theirs = await held_refund(desk), await held_refund_without_memo(desk)
    assert await states(theirs) == await states(ours)
