"""Reads of outside systems: tried once inside the workflow's task, and queued where the system does not answer."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.exceptions import FailureError

from activities.planner import plan
from dispatch.audit.models import AuditKind, Trail
from dispatch.audit.query.what_if import what_if
from dispatch.audit.read.payload import first, words
from dispatch.audit.read.trail import invented, trail_of_events, unaccounted
from dispatch.audit.store.document import document_of
from dispatch.guard.guardian import inspect
from dispatch.models.trail import EntryKind
from dispatch.models.work.plan import Plan, PlanBrief
from runtime import workers
from tests.desk import Case, Desk, quick, running_desk
from tests.workflows.replaying import also_replaying
from tests.workflows.requests_made import events_of, small_refund, status_question
from workflows.parts import options

CUSTOMERS = "GET /customers*"


@pytest.fixture
def short_budget() -> Iterator[None]:
    """Wait a moment alone for a local read."""
    with patch.object(options, "LOCAL_READ_TIMEOUT", timedelta(seconds=0.4)):
        yield


def queued(events: Sequence[HistoryEvent]) -> list[str]:
    """Return the regular activities, in the order in which they were scheduled."""
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


def local(events: Sequence[HistoryEvent]) -> Counter[tuple[str, bool]]:
    """Count the local activities by name, and by whether they failed."""
    markers = (
        event.marker_recorded_event_attributes
        for event in events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    )
    return Counter(
        (words(first(marker.details["data"]), "activity_type"), marker.HasField("failure"))
        for marker in markers
    )


def whole_trail(events: Sequence[HistoryEvent]) -> Trail:
    """Return the trail, which accounts for every event and agrees with the desk's own record."""
    trail = trail_of_events(events)
    assert unaccounted(events, trail.entries) == ()
    assert invented(events, trail.entries) == ()
    assert trail.discrepancies == ()
    return trail


async def ended(case: Case, ending: str = "done") -> Sequence[HistoryEvent]:
    assert (await case.outcome()).ending == ending
    return await events_of(case)


@also_replaying()
async def test_a_read_that_is_answered_is_never_queued(desk: Desk) -> None:
    """The specialists, the guardian of the mail and the verifier leave a marker each; the mail alone is queued."""
    events = await ended(await status_question(desk))
    assert queued(events) == ["action.send_reply"]
    read = ("specialist.order_history", "guardian.inspect", "verifier.read_back")
    assert all(local(events)[name, False] == 1 and not local(events)[name, True] for name in read)


async def test_the_trail_tells_what_a_local_guardian_ruled_on(desk: Desk) -> None:
    """Its guard result names action, parameters and proposal, taken from its answer, and the digest is recomputed."""
    trail = whole_trail(await ended(await status_question(desk)))
    guard_result = next(entry for entry in trail.entries if entry.kind is AuditKind.GUARD_RESULT)
    assert guard_result.facts["name"] == "send_reply"
    assert guard_result.facts["digest_holds"] is True
    assert guard_result.facts["proposal_id"] == "p1"
    assert "recipient" in str(guard_result.facts["parameters"])


async def test_a_changed_playbook_is_held_against_what_a_local_guardian_ruled(desk: Desk) -> None:
    """The answer holds all that it takes: under a playbook without an entry for mails, this one would be blocked."""
    case = await status_question(desk)
    await case.outcome()
    history = (await case.handle.fetch_history()).to_json_dict()
    in_force = desk.playbooks.by_desk["support"]
    guardian = in_force.playbook.guardian.model_copy(update={"actions": {}})
    playbook = in_force.playbook.model_copy(update={"guardian": guardian})
    answer = what_if(
        [document_of(case.id, {"run": history["events"]})],
        in_force.model_copy(update={"playbook": playbook}),
        partial(inspect, actions=desk.catalogue.action_classes),
    )
    assert (answer.actions, answer.not_judged) == (1, [])
    assert [(flip.action, flip.before.decision, flip.after.decision) for flip in answer.flips] == [
        ("send_reply", "allow", "block")
    ]


async def test_the_guardian_of_what_pays_is_queued(desk: Desk) -> None:
    """A refund's inspection reserves in the customer's quota, so the server knows of it before it begins."""
    events = await ended(await small_refund(desk))
    assert queued(events).count("guardian.inspect") == 1
    assert local(events)["guardian.inspect", False] == 1


@also_replaying(in_each_run=True)
async def test_a_system_that_is_down_is_asked_on_from_the_queue(desk: Desk) -> None:
    """The failed attempt and the regular activity are one handoff; once it is up again, reads are local again."""
    await desk.back_office.arm(CUSTOMERS, "status", status=503, times=2)
    case = await status_question(desk)
    events = await ended(case)
    assert queued(events) == ["specialist.order_history", "action.send_reply"]
    assert local(events)["specialist.order_history", True] == 1
    assert local(events)["guardian.inspect", False] == 1
    given = [e for e in await case.trail() if e.receiver == "specialist.order_history"]
    assert [entry.kind for entry in given] == [EntryKind.HANDOFF]
    entries = whole_trail(events).entries
    told = [e for e in entries if "specialist.order_history" in {e.sender, e.receiver}]
    assert [entry.kind for entry in told] == [
        AuditKind.HANDOFF,
        AuditKind.RETRY,  # within the task
        AuditKind.RETRY,  # the queued one's second
        AuditKind.FINDING,
    ]
    assert told[0].facts["handed_over"] == given[0].digest


async def test_a_refusal_is_final(desk: Desk) -> None:
    """Asking again would bring the same answer: the read is not queued, and a person takes over."""
    await desk.back_office.arm(CUSTOMERS, "status", status=403, times=1)
    case = await status_question(desk)
    await case.until("escalated")
    events = await events_of(case)
    assert "specialist.order_history" not in queued(events)
    assert local(events)["specialist.order_history", True] == 1
    trail = trail_of_events(events)
    assert [e.kind for e in trail.entries if e.sender == "specialist.order_history"] == [AuditKind.FAILURE]


@also_replaying()
@pytest.mark.usefixtures("short_budget")
async def test_a_system_that_hangs_holds_up_a_task_for_the_budget_alone(desk: Desk) -> None:
    """Its answer comes after the budget: the read is queued, and later reads of the request skip the local attempt."""
    await desk.back_office.arm(CUSTOMERS, "slow", delay_seconds=1.2, times=2)
    events = await ended(await status_question(desk))
    assert queued(events) == ["specialist.order_history", "action.send_reply"]
    assert local(events)["specialist.order_history", True] == 1
    whole_trail(events)


async def test_what_a_system_asks_for_is_waited_for(desk: Desk) -> None:
    """A Retry-After of two seconds passes before the queued attempt, as a timer that nobody takes for a deadline."""
    await desk.back_office.arm(CUSTOMERS, "status", status=503, retry_after=2, times=1)
    begin = time.monotonic()
    events = await ended(await status_question(desk))
    assert time.monotonic() - begin >= 2
    kinds = {entry.kind for entry in whole_trail(events).entries}
    assert not kinds & {AuditKind.DEADLINE, AuditKind.REMINDER}


async def test_what_an_ending_worker_leaves_undone_is_queued(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that only computes fails without a type of its own: it is done by the queue, under the same handoff."""

    @activity.defn(name="plan")
    async def left_undone(brief: PlanBrief) -> Plan:
        if activity.info().is_local:
            raise FailureError("ending")
        return await plan(brief)

    monkeypatch.setattr(workers, "plan", left_undone)
    async with running_desk(client, tmp_path, quick) as desk:
        case = await status_question(desk)
        events = await ended(case)
        assert [name for name in queued(events) if name != "action.send_reply"] == ["plan"]
        assert [e.kind for e in await case.trail() if e.receiver == "planner"] == [EntryKind.HANDOFF]
        whole_trail(events)
