"""What one history cost: events, bytes, tasks and actions."""

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

BILLABLE_RULE = (
    "one each for the start, a search attribute update, a timer, a signal, an accepted update, and every regular "
    "activity; local activities one for each workflow task that ran some. Queries, retries of activities and what "
    "Temporal Cloud adds for fairness keys are not in a history and not counted"
)

_LOCAL_MARKER = "core_local_activity"
_ONE_ACTION = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    }
)


async def events_of(client: Client, request_id: str) -> list[HistoryEvent]:
    """Read the whole history of a request."""
    history = await client.get_workflow_handle(request_id).fetch_history()
    return list(history.events)


def cost_of(events: list[HistoryEvent]) -> dict[str, int | str]:
    """Count what a history holds; the bytes are those of its events as the server sends them."""
    local = [event for event in events if _is_local(event)]
    regular = _count(events, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    tasks_with_local = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id for event in local
    }
    return {
        "history_events": len(events),
        "history_bytes": sum(event.ByteSize() for event in events),
        "workflow_tasks": _count(events, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
        "activities": regular + len(local),
        "activities_local": len(local),
        "activities_regular": regular,
        "billable_actions": sum(event.event_type in _ONE_ACTION for event in events) + len(tasks_with_local),
        "billable_actions_counted_as": BILLABLE_RULE,
    }


def _is_local(event: HistoryEvent) -> bool:
    return (
        event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
        and event.marker_recorded_event_attributes.marker_name == _LOCAL_MARKER
    )


def _count(events: list[HistoryEvent], kind: "EventType.ValueType") -> int:
    return sum(event.event_type == kind for event in events)
