"""What one history cost: events, bytes, tasks and actions; and the shape that the floor must copy."""

from collections.abc import Iterable
from typing import Literal

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from bench.floor import FloorOrder, Step

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


def shape_of(events: list[HistoryEvent], actions_queue: str) -> FloorOrder:
    """Give the floor's order: the same steps in the same order, with payloads of the same sizes.

    Activities that one workflow task scheduled together run together there too. A local activity's input is not in
    history; it is taken to be as large as its result.
    """
    results = {
        event.activity_task_completed_event_attributes.scheduled_event_id: _size(
            event.activity_task_completed_event_attributes.result.payloads
        )
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
    }
    groups: list[list[Step]] = []
    task_of_last = 0
    for event in events:
        if _is_local(event):
            size = _size(event.marker_recorded_event_attributes.details["result"].payloads)
            groups.append([Step("local", size, size, "")])
            task_of_last = 0
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            queue: Literal["actions", "desk"] = (
                "actions" if scheduled.task_queue.name == actions_queue else "desk"
            )
            step = Step(
                queue,
                _size(scheduled.input.payloads),
                results.get(event.event_id, 0),
                scheduled.activity_type.name,
            )
            if task_of_last == scheduled.workflow_task_completed_event_id:
                groups[-1].append(step)
            else:
                groups.append([step])
            task_of_last = scheduled.workflow_task_completed_event_id
    started = events[0].workflow_execution_started_event_attributes
    ended = events[-1].workflow_execution_completed_event_attributes
    return FloorOrder("x" * _size(started.input.payloads), groups, _size(ended.result.payloads))


def _is_local(event: HistoryEvent) -> bool:
    return (
        event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
        and event.marker_recorded_event_attributes.marker_name == _LOCAL_MARKER
    )


def _count(events: list[HistoryEvent], kind: "EventType.ValueType") -> int:
    return sum(event.event_type == kind for event in events)


def _size(payloads: Iterable[Payload]) -> int:
    return sum(len(payload.data) for payload in payloads)
