"""Reads the request's status and waits from search attributes and timers."""

from typing import Final

from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.entry_builder import parsed
from dispatch.audit.read.payload import content, text
from dispatch.audit.read.reading import Reading, summary_of, told
from dispatch.models.request.status import BEFORE_THE_NEXT_ATTEMPT, LOOK_AT_PARTS, UNLESS_IT_PASSES

_SHOWN: Final = {"RequestState": "state", "NextOwner": "owner", "ReviewPoint": "by", "Desk": "desk"}
_NO_DEADLINES: Final = frozenset({UNLESS_IT_PASSES, BEFORE_THE_NEXT_ATTEMPT, LOOK_AT_PARTS})
"""Timers of the desk's own work: neither their beginning nor their end says anything of what is waited for."""


def upserted(reading: Reading, event: HistoryEvent) -> bool:
    """Record the new status, and a moved deadline."""
    fields = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    shown = {ours: content(fields[name]) for name, ours in _SHOWN.items() if name in fields}
    by = parsed(shown.get("by"))
    if by is not None:
        reading.messages.deadline_moved(by, reading.run, event.event_id)
    reading.note(
        AuditKind.STATUS,
        event,
        sender="coordinator",
        receiver=text(shown.get("owner"), 200),
        what=text(shown.get("state"), 200) or "search attributes",
        decided_by="process",
        facts=told(shown),
    )
    return True


def timer_started(reading: Reading, event: HistoryEvent) -> bool:
    """Begin a wait, or continue the open one."""
    a = event.timer_started_event_attributes
    why, last = summary_of(event), reading.waiting
    if why in _NO_DEADLINES:
        reading.timers[reading.run, event.event_id] = reading.note(
            AuditKind.WAIT, event, sender="coordinator", receiver="clock", what="waits", why=why
        )
        return True
    if last is not None and (last.run, last.why) == (reading.run, why):
        last.ids.append(event.event_id)
        note = last
    else:
        note = reading.note(
            AuditKind.WAIT, event, sender="coordinator", receiver="clock", what="waits", why=why
        )
    note.facts["seconds"] = a.start_to_fire_timeout.seconds
    reading.timers[reading.run, event.event_id] = reading.waiting = note
    return True


def timer_ended(reading: Reading, event: HistoryEvent) -> bool:
    """Add the end of its timer to a wait."""
    a = event.timer_canceled_event_attributes
    note = reading.timers.pop((reading.run, a.started_event_id), None)
    if note is not None:
        note.ids.append(event.event_id)
    return note is not None


def timer_fired(reading: Reading, event: HistoryEvent) -> bool:
    """Record that the timer fired; its meaning is set once everything is read."""
    wait = reading.timers.pop((reading.run, event.timer_fired_event_attributes.started_event_id), None)
    if wait is not None and wait.why in _NO_DEADLINES:
        wait.ids.append(event.event_id)
        return True
    note = reading.note(
        AuditKind.DEADLINE,
        event,
        sender="clock",
        receiver="coordinator",
        what="the time ran out",
        why=wait.why if wait else "",
        because=[wait] if wait else [],
    )
    reading.fired.append((note, wait))
    return True
