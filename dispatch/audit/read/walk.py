"""Goes through a history event by event; the table says for every type of event who reads it."""

from collections.abc import Callable
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read import read_activities, read_lifecycle, read_messages, read_waits
from dispatch.audit.read.entry_builder import time_of
from dispatch.audit.read.internal_events import internal_class
from dispatch.audit.read.payload import text
from dispatch.audit.read.reading import Reading, summary_of


def take_in(reading: Reading, event: HistoryEvent) -> None:
    """Read one event; never raises on any content of a history."""
    kind = event.event_type
    if kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED or not reading.runs:
        reading.runs.append({"run_id": "", "events": 0, "continues": ""})
    reading.runs[-1]["events"] = int(str(reading.runs[-1]["events"])) + 1
    _turn(reading, event)
    if (reason := internal_class(event)) is not None:
        reading.internal_events.setdefault((reading.run, reason), []).append(event.event_id)
        return
    reader = _READERS.get(kind)
    if reader is None or not reader(reading, event):
        _other(reading, event)


def _turn(reading: Reading, event: HistoryEvent) -> None:
    """Record the times of workflow tasks, and the build that ran them."""
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED and (at := time_of(event)) is not None:
        reading.turns.setdefault(reading.run, []).append((event.event_id, at))
    elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
        a = event.workflow_task_completed_event_attributes
        build = a.deployment_version.build_id or a.worker_version.build_id or a.binary_checksum
        if build and build not in reading.builds:
            reading.builds.append(text(build, 200))


def _other(reading: Reading, event: HistoryEvent) -> None:
    """Add an entry of kind `other` for an event without a handler."""
    named = EventType.Name(event.event_type) if event.event_type in EventType.values() else ""
    what = named.removeprefix("EVENT_TYPE_").replace("_", " ").lower() or f"event type {event.event_type}"
    reading.note(AuditKind.OTHER, event, what=what, why=summary_of(event))


_READERS: Final[dict[int, Callable[[Reading, HistoryEvent], bool]]] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: read_lifecycle.started,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: read_messages.signalled,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: read_messages.update_accepted,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: read_messages.update_completed,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: read_lifecycle.cancel_requested,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: read_lifecycle.ended,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: read_lifecycle.ended,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: read_lifecycle.ended,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: read_lifecycle.ended,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: read_lifecycle.ended,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: read_lifecycle.continued,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: read_lifecycle.task_failed,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: read_activities.scheduled,
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: read_activities.activity_started,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: read_activities.completed,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: read_activities.failed,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: read_activities.timed_out,
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: read_activities.activity_cancelled,
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: read_activities.cancel_asked,
    EventType.EVENT_TYPE_MARKER_RECORDED: read_activities.marker,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: read_waits.upserted,
    EventType.EVENT_TYPE_TIMER_STARTED: read_waits.timer_started,
    EventType.EVENT_TYPE_TIMER_CANCELED: read_waits.timer_ended,
    EventType.EVENT_TYPE_TIMER_FIRED: read_waits.timer_fired,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: read_lifecycle.child_asked,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED: read_lifecycle.child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED: read_lifecycle.child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: read_lifecycle.child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: read_lifecycle.child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED: read_lifecycle.child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: read_lifecycle.child,
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: read_lifecycle.child,
}
"""The handlers by event type. Each returns whether it consumed the event; any other event becomes an entry of kind `other`."""
