"""What an effect rests on, and that a link that is missing or forged is named."""

import copy
import json
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditEntry, AuditKind, Rest, Trail
from dispatch.audit.read.chain import chain_of, effects, unfounded
from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import trail_of_events
from tests.replay.recorded import all_recorded, version

RECORDED = {r.name: r.path for r in all_recorded() if r.version == version()}


@pytest.fixture
def events() -> list[HistoryEvent]:
    """One refund that a person approved."""
    return [copy.deepcopy(event) for event in events_in(RECORDED["05-refund-approved"])]


def refund(trail: Trail) -> AuditEntry:
    return next(entry for entry in effects(trail) if entry.facts["name"] == "issue_refund")


def scheduled(events: list[HistoryEvent], activity: str) -> HistoryEvent:
    return next(
        e for e in events if e.activity_task_scheduled_event_attributes.activity_type.name == activity
    )


def changed(event: HistoryEvent, change: dict[str, Any], *path: str) -> None:
    """Change the input of an activity."""
    given = event.activity_task_scheduled_event_attributes.input.payloads[0]
    content = json.loads(given.data)
    part = content
    for name in path:
        part = part[name]
    part |= change
    given.data = json.dumps(content).encode()


def test_a_refund_rests_on_the_person_who_approved_it(events: list[HistoryEvent]) -> None:
    """And on the guard result, the draft, the findings that hold its evidence, and the trigger."""
    trail = trail_of_events(events)
    chain = chain_of(trail, refund(trail))
    kinds = {trail.entries[seq - 1].kind for seq in chain.entries}
    assert (chain.rests_on, chain.decided_by, chain.tier) == (Rest.DECISION, ("ana",), "medium")
    assert kinds >= {
        AuditKind.TRIGGER,
        AuditKind.FINDING,
        AuditKind.PROPOSAL,
        AuditKind.GUARD_RESULT,
        AuditKind.DECISION,
    }
    assert set(chain.evidence) == set(refund(trail).facts["evidence"])  # type: ignore[arg-type]  # a list of texts
    assert chain.gaps == ()


def test_a_reply_of_a_low_tier_rests_on_the_guardian(events: list[HistoryEvent]) -> None:
    """No person is named for what needed none."""
    trail = trail_of_events(events)
    reply = next(entry for entry in effects(trail) if entry.facts["name"] == "send_reply")
    chain = chain_of(trail, reply)
    assert (chain.rests_on, chain.decided_by, chain.tier) == (Rest.TIER, ("guardian",), "low")


@pytest.mark.parametrize(
    ("removed", "gap"),
    [
        ("decision", "it was held, and no decision in the history let it pass"),
        ("guard_result", "the guard result for it is not in the history"),
        ("finding", "no finding holds its evidence refund_policy."),
    ],
)
def test_a_link_that_is_missing_is_named(events: list[HistoryEvent], removed: str, gap: str) -> None:
    """An auditor sees which, at the effect that lacks it."""

    def is_it(event: HistoryEvent) -> bool:
        match removed:
            case "decision":
                return event.HasField("workflow_execution_update_accepted_event_attributes")
            case "guard_result":
                given = event.activity_task_completed_event_attributes.result.payloads
                return bool(given) and b'"decision":"hold"' in given[0].data
            case _:
                marker = event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
                return marker and b'"specialist":"refund_policy"' in event.SerializeToString()

    trail = trail_of_events([event for event in events if not is_it(event)])
    assert any(gap in found for found in unfounded(trail)), unfounded(trail)


def test_an_order_that_was_changed_is_found_out(events: list[HistoryEvent]) -> None:
    """Another amount under the digest that was approved: the recomputed digest differs."""
    order = scheduled(events, "action.issue_refund")
    changed(order, {"amount_minor": 999_999}, "bound", "action", "parameters")
    trail = trail_of_events(events)
    assert "its content does not give the digest that it names" in chain_of(trail, refund(trail)).gaps


def test_an_order_under_another_digest_has_no_approval(events: list[HistoryEvent]) -> None:
    """A decision counts for exactly the digest that the person saw."""
    changed(scheduled(events, "action.issue_refund"), {"digest": "e" * 64}, "bound")
    trail = trail_of_events(events)
    chain = chain_of(trail, refund(trail))
    assert chain.rests_on is Rest.NOTHING
    assert "the guard result for it is not in the history" in chain.gaps


@pytest.mark.parametrize(
    ("approval", "gap"),
    [
        (
            {"signatures": 1, "signed": True},
            "it needed signed decisions, and not every signature was verified at receipt",
        ),
        ({"signatures": 2, "signed": False}, "it needed 2 different people, and 1 decided"),
    ],
)
def test_an_approval_weaker_than_what_was_asked_is_found_out(
    events: list[HistoryEvent], approval: dict[str, JsonValue], gap: str
) -> None:
    """What the playbook asked for is in the order, beside the decisions."""
    order = scheduled(events, "action.issue_refund")
    given = json.loads(order.activity_task_scheduled_event_attributes.input.payloads[0].data)
    decisions = given["authorization"]["decisions"]
    changed(order, {"authorization": {"approval": approval, "decisions": decisions}})
    trail = trail_of_events(events)
    assert gap in chain_of(trail, refund(trail)).gaps


def test_a_receipt_for_another_key_is_found_out(events: list[HistoryEvent]) -> None:
    """The effect that came back is not the one that was ordered."""
    for event in events:
        for part in event.activity_task_completed_event_attributes.result.payloads:
            if b'"effect_id":"RF-' in part.data:
                part.data = part.data.replace(b"/issue_refund/", b"/issue_refund/other-")
    trail = trail_of_events(events)
    assert "the receipt is for another key" in chain_of(trail, refund(trail)).gaps


def test_what_was_undone_rests_on_what_was_done() -> None:
    """A compensation names the effect, and the failure that made it due."""
    trail = trail_of_events(events_in(RECORDED["14-compensated"]))
    undone = next(entry for entry in effects(trail) if entry.kind is AuditKind.COMPENSATION)
    kinds = {trail.entries[seq - 1].kind for seq in undone.because}
    assert kinds >= {AuditKind.ACTION, AuditKind.FAILURE}
    assert chain_of(trail, undone).rests_on is Rest.PROCESS


def test_an_action_of_unknown_outcome_counts_as_an_effect() -> None:
    """It may have happened: it needs its chain like one that did, and says what it was to be."""
    trail = trail_of_events(events_in(RECORDED["13-outcome-unknown"]))
    unknown = next(entry for entry in effects(trail) if entry.kind is AuditKind.FAILURE)
    chain = chain_of(trail, unknown)
    assert (unknown.facts["effect"], unknown.facts["name"]) == ("unknown", "issue_refund")
    assert (chain.rests_on, chain.decided_by, chain.gaps) == (Rest.DECISION, ("ana",), ())


def test_a_refusal_by_the_outside_system_is_no_effect() -> None:
    """The failure itself says that nothing happened."""
    trail = trail_of_events(events_in(RECORDED["14-compensated"]))
    refused = next(entry for entry in trail.entries if entry.kind is AuditKind.FAILURE)
    assert refused.facts["effect"] == "none"
    assert refused not in effects(trail)
