"""The stated classes of events that carry the process and say nothing about the request."""

from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

_TASKS: Final = "workflow tasks: the coordinator's own turns, whose commands are the events after them"
_MARKERS: Final = "version markers: which branch of the code a desk took"
_PROPERTIES: Final = "properties: what Temporal's own pages show"

_CLASSES: Final = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: _PROPERTIES,
}
_VERSION_MARKERS: Final = frozenset({"core_patch", "Version"})
_VERSIONS: Final = "TemporalChangeVersion"
"""Beside each marker the SDK makes the branch searchable; that says nothing of where the request stands."""


def bookkeeping(event: HistoryEvent) -> str | None:
    """Name the class of an event that is bookkeeping; None for one that must have an entry."""
    if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
        return _MARKERS if event.marker_recorded_event_attributes.marker_name in _VERSION_MARKERS else None
    if event.event_type == EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
        written = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
        return _MARKERS if set(written) == {_VERSIONS} else None
    return _CLASSES.get(event.event_type)
