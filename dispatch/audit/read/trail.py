"""The trail: a request's history, read from its events alone; no I/O, no clock, no contract but its own.

    trail_of_events(events: Iterable[HistoryEvent]) -> Trail       (or TrailReader, for events that come one by one)
    as_json(trail: Trail) -> str                       (Trail.model_validate_json reads it back)
    unaccounted(events, entries) -> tuple[int, ...]    empty: every event is in an entry or is a stated internal event
    chain_of(trail, entry) -> Chain                    in dispatch/audit/read/chain.py

`events` are temporalio.api.history.v1.HistoryEvent, of one history or of several of the same request one after
the other (it went on in a new one); each WorkflowExecutionStarted event begins a run. They are read once and not kept.
Payloads that are encrypted are shown as unreadable; decrypt them before, where the key is at hand.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditEntry, AuditKind, InternalEvents, MessageAccount, Run, Trail
from dispatch.audit.read.entry_builder import EntryBuilder, parsed
from dispatch.audit.read.internal_events import internal_class
from dispatch.audit.read.links import link
from dispatch.audit.read.payload import field, words
from dispatch.audit.read.reading import Reading
from dispatch.audit.read.walk import take_in
from dispatch.models.request.status import ANSWER_BY, READ_BACK_LATER

FORMAT: Final = 1
_A_MOMENT: Final = timedelta(microseconds=2)
"""The desk writes times to the microsecond, history to the nanosecond."""


def trail_of_events(events: Iterable[HistoryEvent]) -> Trail:
    """Read the trail of a request in any state; never raises on any content of a history.

    The entries stand in the order of their first events. An empty history gives a trail without entries.
    """
    reader = TrailReader()
    for event in events:
        reader.take(event)
    return reader.trail()


class TrailReader:
    """For events that arrive one by one, as from a server: `take` each in order, then read `trail` once."""

    def __init__(self) -> None:
        self._reading = Reading()

    def take(self, event: HistoryEvent) -> None:
        take_in(self._reading, event)

    def trail(self) -> Trail:
        return _trail(self._reading)


def _trail(reading: Reading) -> Trail:
    reading.messages.recorded(reading.ledger)
    _explain_timers(reading)
    link(reading.notes)
    for seq, note in enumerate(reading.notes, start=1):
        note.seq = seq
    return Trail(
        format=FORMAT,
        request_id=reading.request_id,
        workflow=reading.workflow,
        ending=reading.ending,
        started_at=reading.started_at,
        ended_at=reading.ended_at,
        runs=tuple(Run.model_validate(run) for run in reading.runs),
        builds=tuple(reading.builds),
        entries=tuple(_entry(note) for note in reading.notes),
        messages=tuple(
            MessageAccount(
                entry=m.note.seq, name=m.name, sender=m.note.sender, judgement=m.judgement, why=m.why
            )
            for m in reading.messages.all
        ),
        internal_events=tuple(
            InternalEvents(run=run, reason=reason, event_ids=tuple(ids))
            for (run, reason), ids in reading.internal_events.items()
        ),
        discrepancies=_discrepancies(reading),
    )


def as_json(trail: Trail) -> str:
    """Return the one text of a trail, byte for byte the same for the same history; empty fields are left out."""
    return trail.model_dump_json(indent=1, exclude_defaults=True) + "\n"


def unaccounted(events: Iterable[HistoryEvent], entries: Iterable[AuditEntry]) -> tuple[int, ...]:
    """Return the ids of events that are neither in an entry nor of a stated class of internal events; due to be empty."""
    in_entries = {(entry.run, event_id) for entry in entries for event_id in entry.event_ids}
    left = []
    for run, event in _by_run(events):
        if internal_class(event) is None and (run, event.event_id) not in in_entries:
            left.append(event.event_id)
    return tuple(left)


def invented(events: Iterable[HistoryEvent], entries: Iterable[AuditEntry]) -> tuple[int, ...]:
    """Return the entries (seq) that name an event which the history does not hold; due to be empty."""
    there = {(run, event.event_id) for run, event in _by_run(events)}
    return tuple(
        entry.seq
        for entry in entries
        if any((entry.run, event_id) not in there for event_id in entry.event_ids)
    )


def _by_run(events: Iterable[HistoryEvent]) -> Iterable[tuple[int, HistoryEvent]]:
    run = 0
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED or not run:
            run += 1
        yield run, event


def _entry(note: EntryBuilder) -> AuditEntry:
    because = sorted({other.seq for other in note.because if other.seq and other is not note})
    return AuditEntry(
        seq=note.seq,
        kind=note.kind,
        run=note.run,
        event_ids=tuple(dict.fromkeys(note.ids)),
        at=note.at,
        sender=note.sender,
        receiver=note.receiver,
        what=note.what,
        why=note.why,
        decided_by=note.decided_by,
        digest=note.digest,
        because=tuple(because),
        facts=note.facts,
    )


def _explain_timers(reading: Reading) -> None:
    """Name what each expired timer was: a reminder, an escalation, a deadline, the time of a follow-up.

    The desk's own record names reminders, with the time of the turn that came after the timer. Without one, a wait
    that goes on after its timer was reminded, and one that does not had its deadline.
    """
    reminders = [entry for entry in reading.ledger if words(entry, "kind") == "reminder"]
    for note, wait in reading.fired:
        turn = _turn_after(reading.turns.get(note.run, []), note.ids[0])
        recorded = next((entry for entry in reminders if _same(parsed(field(entry, "at")), turn)), None)
        if recorded is not None:
            note.kind, note.what = AuditKind.REMINDER, words(recorded, "what")
            note.receiver, note.decided_by = words(recorded, "receiver"), words(recorded, "decided_by")
            note.why = words(recorded, "why")
        elif wait is not None and wait.why == READ_BACK_LATER:
            note.kind, note.what = AuditKind.FOLLOW_UP, "the time to read the effects back has come"
        elif wait is not None and wait.why == ANSWER_BY:
            note.what, note.decided_by = "the time to answer with what there is has come", "playbook"
        elif wait is not None and any(event_id > note.ids[0] for event_id in wait.ids):
            note.kind, note.what = AuditKind.REMINDER, "reminder"
            note.decided_by = "playbook"
        elif turn is None:
            note.kind, note.what = AuditKind.WAIT, "the time ran out; the desk has not gone on yet"
        else:
            note.what = "the deadline passed"
            note.decided_by = "playbook"


def _turn_after(turns: list[tuple[int, datetime]], event_id: int) -> datetime | None:
    place = bisect_left(turns, event_id, key=lambda turn: turn[0])
    return turns[place][1] if place < len(turns) else None


def _same(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _A_MOMENT


def _discrepancies(reading: Reading) -> tuple[str, ...]:
    """Compare the desk's own record with the events: each handoff that it names must have happened so."""
    shown: dict[JsonValue, str] = {}
    failed = set()
    for note in reading.notes:
        if note.kind is AuditKind.HANDOFF:
            if "record" in note.facts:
                shown[note.facts["record"]] = words(note.facts, "handed_over")
            else:
                failed.add(note.why)
    found = []
    for entry in reading.ledger:
        if words(entry, "kind") != "handoff" or words(entry, "receiver") == "coordinator":
            continue
        seq, named = field(entry, "seq"), f"handoff {field(entry, 'seq')} to {words(entry, 'receiver')}"
        if isinstance(seq, int) and seq in shown:
            if shown[seq] != words(entry, "digest"):
                found.append(f"{named}: the record's digest is not the one in its event")
        elif words(entry, "why")[:200] not in failed and not _before(reading):
            found.append(f"{named}: the record names it, and no event shows it")
    return tuple(found[:100])


def _before(reading: Reading) -> bool:
    """Return whether histories before the first one given are missing."""
    return bool(reading.runs and reading.runs[0].get("continues"))
