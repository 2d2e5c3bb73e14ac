"""Histories written by hand, event by event, for what no recorded one shows."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import JsonValue
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

START: Final = datetime(2026, 11, 5, 12, tzinfo=UTC)
DIGEST: Final = "d" * 64


def payload(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def payloads(*values: Any) -> Payloads:
    return Payloads(payloads=[payload(value) for value in values])


class Made:
    """A history under construction; events count from 1, a second apart. `add` gives the id of the new event."""

    def __init__(self, *, second: int = 0) -> None:
        self.events: list[HistoryEvent] = []
        self._second = second

    def add(self, kind: str, **attributes: Any) -> int:
        """Add an event: 'TIMER_FIRED' with the fields of its attributes."""
        self._second += 1
        event = HistoryEvent(event_id=len(self.events) + 1, event_type=EventType.Value(f"EVENT_TYPE_{kind}"))
        event.event_time.FromDatetime(START + timedelta(seconds=self._second))
        summary = attributes.pop("summary", None)
        if summary is not None:
            event.user_metadata.summary.CopyFrom(payload(summary))
        name = f"{kind.lower()}_event_attributes"
        message = getattr(event, name)
        message.SetInParent()
        for field, value in attributes.items():
            part = getattr(message, field)
            if hasattr(part, "CopyFrom"):
                part.CopyFrom(value)
            else:
                setattr(message, field, value)
        self.events.append(event)
        return event.event_id

    def started(self, *given: Any, continues: str = "") -> int:
        return self.add(
            "WORKFLOW_EXECUTION_STARTED",
            workflow_id="support-mail-1",
            original_execution_run_id=f"run-{self._second}",
            continued_execution_run_id=continues,
            input=payloads(*(given or (SUBMISSION,))),
        )

    def task(self) -> None:
        """Let the coordinator have a turn."""
        scheduled = self.add("WORKFLOW_TASK_SCHEDULED")
        started = self.add("WORKFLOW_TASK_STARTED", scheduled_event_id=scheduled)
        self.add("WORKFLOW_TASK_COMPLETED", scheduled_event_id=scheduled, started_event_id=started)

    def activity(self, name: str, given: Any, result: Any, *, attempt: int = 1, summary: str = "") -> int:
        """Run an activity to its end; gives the id of its completion."""
        scheduled = self.scheduled(name, given, summary)
        started = self.add("ACTIVITY_TASK_STARTED", scheduled_event_id=scheduled, attempt=attempt)
        return self.add(
            "ACTIVITY_TASK_COMPLETED",
            scheduled_event_id=scheduled,
            started_event_id=started,
            result=payloads(result),
        )

    def scheduled(self, name: str, given: Any, summary: str = "") -> int:
        event = self.add("ACTIVITY_TASK_SCHEDULED", input=payloads(given), summary=summary)
        self.events[-1].activity_task_scheduled_event_attributes.activity_type.name = name
        return event

    def local(self, name: str, result: Any = None, *, failure: str = "", why: str = "") -> int:
        """Run a local activity, as the core writes it."""
        event = self.add("MARKER_RECORDED", marker_name="core_local_activity", summary=why)
        marker = self.events[-1].marker_recorded_event_attributes
        marker.details["data"].CopyFrom(payloads({"seq": 1, "attempt": 1, "activity_type": name}))
        if failure:
            marker.failure.message = failure
            marker.failure.application_failure_info.type = "Broken"
        else:
            marker.details["result"].CopyFrom(payloads(result))
        return event

    def signal(self, name: str, *arguments: Any) -> int:
        return self.add("WORKFLOW_EXECUTION_SIGNALED", signal_name=name, input=payloads(*arguments))

    def update(self, update_id: str, *arguments: Any, name: str = "decide") -> int:
        event = self.add("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
        request = self.events[-1].workflow_execution_update_accepted_event_attributes.accepted_request
        request.meta.update_id, request.input.name = update_id, name
        request.input.args.CopyFrom(payloads(*arguments))
        return event

    def told(self, update_id: str, answer: Any) -> int:
        event = self.add("WORKFLOW_EXECUTION_UPDATE_COMPLETED")
        completed = self.events[-1].workflow_execution_update_completed_event_attributes
        completed.meta.update_id = update_id
        completed.outcome.success.CopyFrom(payloads(answer))
        return event

    def completed(self, ending: str = "done", trail: Iterable[JsonValue] = ()) -> int:
        result = {"ending": ending, "why": "so it is", "owner": "nobody", "trail": list(trail)}
        return self.add("WORKFLOW_EXECUTION_COMPLETED", result=payloads(result))


SUBMISSION: Final[dict[str, JsonValue]] = {
    "trigger": {"kind": "mail", "trigger_id": "<1@test>"},
    "sender": {"address": "ada@mail.example"},
    "subject": "Please",
    "body": "Please refund DD-10001.",
}


def handoff(seq: int, receiver: str, **more: JsonValue) -> dict[str, JsonValue]:
    given: dict[str, JsonValue] = {
        "seq": seq,
        "sender": "coordinator",
        "receiver": receiver,
        "what": "work",
        "digest": DIGEST,
        "why": "the stage comes next",
        "decided_by": "process",
    }
    return given | more


def decision(number: int = 1, **more: JsonValue) -> dict[str, JsonValue]:
    given: dict[str, JsonValue] = {
        "decision_id": f"d-{number}",
        "proposal_id": "p1",
        "action_digest": DIGEST,
        "decision_type": "approve",
        "reason": "as it should be",
        "approver": "ana",
    }
    return given | more


def check_result(given: JsonValue, *, accepted: bool = True, **more: JsonValue) -> dict[str, JsonValue]:
    said: dict[str, JsonValue] = {
        "accepted": accepted,
        "reason": "accepted" if accepted else "refused",
        "decision": given,
    }
    return said | more
