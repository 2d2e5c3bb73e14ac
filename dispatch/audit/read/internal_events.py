"""The classes of internal events, which drive the process and have no information about the request."""

from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from dispatch.models.request.message_names import MessageName
from dispatch.models.work.spend_quota import QUOTA_PREFIX

_TASKS: Final = "workflow tasks: the coordinator's own turns, whose commands are the events after them"
_MARKERS: Final = "version markers: which branch of the code a desk took"
_PROPERTIES: Final = "properties: what Temporal's own pages show"
_RESERVATIONS: Final = "reservations: a customer's quota is told that the request has ended"
_PARTS: Final = "parts: a request for several desks and its parts tell each other that something has changed"
_CANCELLATIONS: Final = "parts: the whole request asks its parts to end, as each of them records itself"
_SIGNALS: Final = {
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: "signal_external_workflow_execution_initiated",
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: "signal_external_workflow_execution_failed",
    EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED: "external_workflow_execution_signaled",
}
_CLASSES: Final = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: _TASKS,
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: _PROPERTIES,
    EventType.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: _CANCELLATIONS,
    EventType.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: _CANCELLATIONS,
    EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED: _CANCELLATIONS,
}
_VERSION_MARKERS: Final = frozenset({"core_patch", "Version"})
_VERSIONS: Final = "TemporalChangeVersion"
"""Beside each marker the SDK makes the branch searchable; that says nothing of where the request stands."""


def internal_class(event: HistoryEvent) -> str | None:
    """Return the class of an internal event; None for one that must have an entry."""
    if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
        return _MARKERS if event.marker_recorded_event_attributes.marker_name in _VERSION_MARKERS else None
    if event.event_type == EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
        written = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
        return _MARKERS if set(written) == {_VERSIONS} else None
    if (name := _SIGNALS.get(event.event_type)) is not None:
        to = getattr(event, f"{name}_event_attributes").workflow_execution.workflow_id
        return _RESERVATIONS if to.startswith(QUOTA_PREFIX) else _PARTS
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
        a = event.workflow_execution_signaled_event_attributes
        # Only a workflow's own signal names one; anybody else's is a message, whatever it claims.
        is_from_a_part = a.signal_name == MessageName.PART and a.external_workflow_execution.workflow_id
        return _PARTS if is_from_a_part else None
    return _CLASSES.get(event.event_type)
