"""What holds for any history at all: events in any order, of any type, with any payload or none."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind, Trail
from dispatch.audit.read.chain import chain_of, unfounded
from dispatch.audit.read.trail import as_json, invented, trail_of_events, unaccounted
from dispatch.audit.report.explain import explain
from dispatch.audit.report.report import as_html, as_markdown
from tests.audit.made import DIGEST
from tests.sizes import rounds

NAMES = (
    *("decide", "answer", "extend", "withdraw", "verify_decision", "read_answer", "intake", "triage", "plan"),
    *("assemble", "guardian.inspect", "verifier.read_back", "specialist.x", "reviewer.x", "other"),
    *("action.send_reply", "action.send_reply.compensate", "core_local_activity", "core_patch", "u1", "u2"),
)
KEYS = (
    *(
        "handoff",
        "seq",
        "bound",
        "action",
        "name",
        "subject",
        "digest",
        "action_digest",
        "guard_result",
        "decision_type",
    ),
    *(
        "decision",
        "decision_id",
        "accepted",
        "kept",
        "reason",
        "reasons",
        "evidence",
        "evidence_id",
        "authorization",
    ),
    *("decisions", "exceptions", "questions", "groups", "items", "actions", "draft", "text", "trail", "kind"),
    *("what", "why", "at", "deadline", "approver", "fields", "playbook", "ref", "activity_type", "attempt"),
    *(
        "ending",
        "receipt",
        "effect_id",
        "parameters",
        "amount_minor",
        "currency",
        "status",
        "proposal_id",
        "body",
    ),
)
TIMES = ("2026-11-05T12:00:00+00:00", "2026-11-05T12:00", "never")
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=20),
    st.sampled_from(
        (DIGEST, *NAMES, *TIMES, "refused", "decision", "reminder", "handoff", "extend", "approve")
    ),
)
values = st.recursive(
    leaves,
    lambda part: st.one_of(
        st.lists(part, max_size=4), st.dictionaries(st.sampled_from(KEYS), part, max_size=6)
    ),
    max_leaves=25,
)


def _shaped(*names: str) -> st.SearchStrategy[Any]:
    """Return what looks like a brief or an answer, with anything at all where something else is due."""
    optional: dict[Any, st.SearchStrategy[Any]] = dict.fromkeys(names, values)
    handoff = st.dictionaries(
        st.sampled_from(("seq", "digest", "receiver", "why", "sender")), values, max_size=4
    )
    bound = st.fixed_dictionaries({"digest": leaves, "action": values})
    ledger = st.lists(st.dictionaries(st.sampled_from(KEYS), leaves, max_size=6), max_size=4)
    return st.fixed_dictionaries(
        {}, optional=optional | {"handoff": handoff, "bound": bound, "trail": ledger}
    )


shaped = _shaped(
    "evidence", "actions", "decision", "authorization", "questions", "exceptions", "reasons", "draft", "items"
)
data = st.one_of(
    st.binary(max_size=30),
    values.map(lambda value: json.dumps(value).encode()),
    shaped.map(lambda value: json.dumps(value).encode()),
    shaped.map(lambda value: json.dumps(value).encode()),
    st.just(b'"\\ud800"'),
    st.just(b"[" * 20_000),
    st.just(b"1" * 5_000),
)
encodings = st.sampled_from(
    (b"json/plain", b"json/plain", b"json/plain", b"binary/null", b"binary/encrypted", b"\xff")
)
one_payload = st.builds(
    lambda encoding, content: Payload(metadata={"encoding": encoding} if encoding else {}, data=content),
    st.one_of(st.none(), encodings),
    data,
)
some_payloads = st.lists(one_payload, max_size=3).map(lambda parts: Payloads(payloads=parts))


@st.composite
def events(draw: st.DrawFn) -> HistoryEvent:
    """Return an event of any type, known or not, with the fields of its attributes filled at random or left out."""
    kind = draw(st.one_of(st.sampled_from(list(EventType.values())), st.integers(min_value=61, max_value=99)))
    event = HistoryEvent()
    event.event_type = kind  # type: ignore[assignment]  # a newer server's types are numbers that we do not know
    if draw(st.booleans()):
        event.event_time.seconds = draw(st.integers(min_value=-(2**40), max_value=2**40))
    if draw(st.booleans()):
        event.user_metadata.summary.CopyFrom(draw(one_payload))
    names = {int(number): name for name, number in EventType.items()}
    known = names.get(kind, "").removeprefix("EVENT_TYPE_").lower()
    name = f"{known}_event_attributes"
    if name in event.DESCRIPTOR.fields_by_name and draw(st.integers(0, 5)):
        _fill(draw, getattr(event, name))
    return event


def _fill(draw: st.DrawFn, message: Any, depth: int = 3) -> None:
    message.SetInParent()
    for field in message.DESCRIPTOR.fields:
        if not draw(st.booleans()) or field.is_repeated:
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                _fill_map(draw, getattr(message, field.name), field.name)
            continue
        part = getattr(message, field.name)
        if isinstance(part, Payloads):
            part.CopyFrom(draw(some_payloads))
        elif isinstance(part, Payload):
            part.CopyFrom(draw(one_payload))
        elif field.message_type is not None and depth:
            _fill(draw, part, depth - 1)
        elif field.type == field.TYPE_STRING:
            setattr(message, field.name, draw(st.sampled_from(NAMES)))
        elif field.type == field.TYPE_INT64:
            setattr(message, field.name, draw(st.integers(min_value=0, max_value=60)))


def _fill_map(draw: st.DrawFn, where: Any, name: str) -> None:
    if name == "details":
        for key in ("data", "result"):
            where[key].CopyFrom(draw(some_payloads))
    elif name == "indexed_fields":
        for key in ("RequestState", "NextOwner", "ReviewPoint"):
            where[key].CopyFrom(draw(one_payload))


def _numbered_from_one(history: list[HistoryEvent]) -> list[HistoryEvent]:
    for number, event in enumerate(history, start=1):
        event.event_id = number
    return history


histories = st.lists(events(), max_size=20).map(_numbered_from_one)


@given(histories)
@settings(max_examples=rounds(25, 200))
def test_any_history_has_a_trail(history: list[HistoryEvent]) -> None:
    """It never raises, nothing is left over, nothing is added, and the order is that of the events."""
    trail = trail_of_events(history)
    assert unaccounted(history, trail.entries) == ()
    assert invented(history, trail.entries) == ()
    assert [entry.seq for entry in trail.entries] == list(range(1, len(trail.entries) + 1))
    assert all(cause < entry.seq for entry in trail.entries for cause in entry.because)
    places = iter((run, event.event_id) for run, event in _numbered(history))
    firsts = [(entry.run, entry.event_ids[0]) for entry in trail.entries]
    last = None
    for first in firsts:
        # Entries of one event stand beside one another; all others follow in the order of their events.
        if first != last:
            assert first in places
        last = first


def _numbered(history: list[HistoryEvent]) -> list[tuple[int, HistoryEvent]]:
    run, numbered = 0, []
    for event in history:
        run += event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED or not run
        numbered.append((run, event))
    return numbered


@given(histories)
@settings(max_examples=rounds(8, 60))
def test_any_trail_can_be_shown(history: list[HistoryEvent]) -> None:
    """As JSON that reads back, as a page, as Markdown, in sentences; each entry has a chain."""
    trail = trail_of_events(history)
    assert as_json(Trail.model_validate_json(as_json(trail))) == as_json(trail)
    assert as_html(trail).startswith("<!doctype html>")
    assert as_markdown(trail)
    assert explain(trail) is not None
    for entry in trail.entries:
        assert chain_of(trail, entry).entries[-1] == entry.seq
    unfounded(trail)


@given(histories)
@settings(max_examples=rounds(8, 60))
def test_every_message_is_accounted_for(history: list[HistoryEvent]) -> None:
    """As many accounts as there are signals and updates, each with its own entry of a fitting kind."""
    trail = trail_of_events(history)
    received = {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    }
    assert len(trail.messages) == sum(event.event_type in received for event in history)
    by_seq = {entry.seq: entry.kind for entry in trail.entries}
    assert len({message.entry for message in trail.messages}) == len(trail.messages)
    fitting = {
        "accepted": {AuditKind.DECISION, AuditKind.ANSWER, AuditKind.DEADLINE},
        "refused": {AuditKind.REFUSAL},
        "received, not judged": {AuditKind.MESSAGE},
    }
    assert all(by_seq[message.entry] in fitting[message.judgement] for message in trail.messages)
