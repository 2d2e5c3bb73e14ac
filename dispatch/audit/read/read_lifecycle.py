"""Reads how a request begins, continues, is reset or cancelled, and ends, and the workflows that it starts."""

from typing import Final

from pydantic import JsonValue
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.entry_builder import failure_text, time_of
from dispatch.audit.read.payload import content, digest_of, field, first, kept, many, text, words
from dispatch.audit.read.read_activities import record_failure
from dispatch.audit.read.reading import Reading, summary_of, told
from dispatch.models.request.submission import RECEPTION

_ENDINGS: Final = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed_out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
}


def started(reading: Reading, event: HistoryEvent) -> bool:
    """Begin a run: the trigger, or the continuation of the run before it."""
    a = event.workflow_execution_started_event_attributes
    given = first(a.input)
    reading.runs[-1]["run_id"] = a.original_execution_run_id
    reading.runs[-1]["continues"] = a.continued_execution_run_id
    reading.ending, reading.ended_at = "open", None
    again = reading.started_at is not None or bool(a.continued_execution_run_id)
    if reading.started_at is None:
        reading.request_id, reading.workflow, reading.started_at = (
            a.workflow_id,
            a.workflow_type.name,
            time_of(event),
        )
    trigger = field(given, "trigger")
    facts: dict[str, JsonValue] = {
        "identity": text(a.identity, 200),
        "trigger": kept(trigger),
        "desk": words(given, "desk"),
        "subject": words(given, "subject"),
        "body": words(given, "body"),
        "source": kept(field(given, "source")),
        "attachments": kept(many(given, "attachments")),
        "follow_up_of": words(given, "request_id"),
        "part_of": words(given, "part", "parent"),
    }
    sender = words(given, "sender", "address") or a.parent_workflow_execution.workflow_id
    note = reading.note(
        AuditKind.CONTINUATION if again else AuditKind.TRIGGER,
        event,
        sender=sender or text(a.identity, 200) or "unknown",
        receiver="coordinator",
        what=f"{words(trigger, 'kind') or a.workflow_type.name or 'a workflow'} {words(trigger, 'trigger_id')}".strip(),
        why=summary_of(event),
        digest=digest_of(a.input),
        facts=told(facts),
    )
    if again:
        note.sender, note.decided_by = "coordinator", "process"
        note.what = f"goes on from run {a.continued_execution_run_id or 'before'}"
    reading.recorded(_snapshot_record(a.input))
    return True


def child_asked(reading: Reading, event: HistoryEvent) -> bool:
    """Begin the entry of a follow-up, or of one desk's part of the request."""
    a = event.start_child_workflow_execution_initiated_event_attributes
    given = first(a.input)
    if (of := words(given, "part", "parent")) and of == reading.request_id:
        reading.children[reading.run, event.event_id] = reading.note(
            AuditKind.PART,
            event,
            sender="coordinator",
            receiver=words(given, "desk") or RECEPTION,
            what=a.workflow_id,
            why="; ".join(words(item, "text", longest=200) for item in many(given, "part", "items")[:20]),
            decided_by="triage",
            digest=digest_of(a.input),
            facts=told({"workflow_id": a.workflow_id, "desk": words(given, "desk")}),
        )
        return True
    reading.children[reading.run, event.event_id] = reading.note(
        AuditKind.FOLLOW_UP,
        event,
        sender="coordinator",
        receiver=a.workflow_type.name,
        what=a.workflow_id,
        why=summary_of(event),
        decided_by="playbook",
        digest=digest_of(a.input),
        facts=told({"workflow_id": a.workflow_id, "after": kept(field(given, "after"))}),
    )
    return True


def child(reading: Reading, event: HistoryEvent) -> bool:
    """Add an event of a child workflow to the entry that started it."""
    name = event.WhichOneof("attributes") or ""
    a = getattr(event, name) if name else None
    note = reading.children.get((reading.run, getattr(a, "initiated_event_id", 0)))
    if note is None:
        return False
    note.ids.append(event.event_id)
    became = name.removesuffix("_event_attributes").rpartition("execution_")[2]
    if name.startswith("start_child"):
        became = "not started: it exists already or could not be"
    note.facts["became"] = became
    if name == "child_workflow_execution_completed_event_attributes" and note.kind is AuditKind.PART:
        ended = first(event.child_workflow_execution_completed_event_attributes.result)
        note.facts |= told({"ending": words(ended, "ending"), "owner": words(ended, "owner")})
    if hasattr(a, "workflow_execution") and a is not None:
        note.facts["run_id"] = a.workflow_execution.run_id
    return True


def cancel_requested(reading: Reading, event: HistoryEvent) -> bool:
    """Record who asked for the end."""
    a = event.workflow_execution_cancel_requested_event_attributes
    reading.note(
        AuditKind.CANCELLATION,
        event,
        sender=text(a.identity, 200) or "unknown",
        receiver="coordinator",
        what="cancellation asked for",
        why=text(a.cause, 500),
        facts=told({"identity": text(a.identity, 200)}),
    )
    return True


def task_failed(reading: Reading, event: HistoryEvent) -> bool:
    """Distinguish a reset from a workflow task that failed."""
    a = event.workflow_task_failed_event_attributes
    if a.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
        reading.note(
            AuditKind.RESET,
            event,
            sender=text(a.identity, 200) or "unknown",
            receiver="coordinator",
            what=f"reset: what follows was run again, from run {a.base_run_id}",
            why=failure_text(a.failure)[1],
            facts=told({"base_run_id": a.base_run_id, "new_run_id": a.new_run_id}),
        )
        if a.new_run_id:
            reading.runs[-1]["run_id"] = a.new_run_id
    else:
        kind, why = failure_text(a.failure)
        record_failure(reading, event, "the coordinator's own turn", kind, why, None)
    return True


def ended(reading: Reading, event: HistoryEvent) -> bool:
    """Record how it ended."""
    name = event.WhichOneof("attributes") or ""
    reading.ended_at = time_of(event)
    result, digest = None, None
    why, owner = "", ""
    if name == "workflow_execution_completed_event_attributes":
        payloads = event.workflow_execution_completed_event_attributes.result
        result, digest = first(payloads), digest_of(payloads)
        reading.ending = words(result, "ending") or words(result, "verdict") or "completed"
        why, owner = words(result, "why"), words(result, "owner")
    else:
        reading.ending = _ENDINGS.get(event.event_type, "ended")
        why = _why_ended(event)
    reading.recorded(many(result, "trail"))
    facts = {n: kept(field(result, n), 500) for n in ("desk", "items", "effects", "follow_ups", "parts")}
    identity = event.workflow_execution_terminated_event_attributes.identity if "terminated" in name else ""
    reading.note(
        AuditKind.OUTCOME,
        event,
        sender=text(identity, 200) or "coordinator",
        receiver=owner,
        what=reading.ending,
        why=why,
        decided_by="process" if not identity else text(identity, 200),
        digest=digest,
        facts=told(facts),
    )
    return True


def continued(reading: Reading, event: HistoryEvent) -> bool:
    """Record that it continues in a new history."""
    a = event.workflow_execution_continued_as_new_event_attributes
    reading.ending = "continued"
    reading.note(
        AuditKind.CONTINUATION,
        event,
        sender="coordinator",
        receiver="coordinator",
        what=f"goes on in run {a.new_execution_run_id}",
        why="the history has grown long",
        decided_by="process",
        digest=digest_of(a.input),
    )
    reading.recorded(_snapshot_record(a.input))
    return True


def _snapshot_record(given: Payloads) -> list[JsonValue]:
    """Return the record that a history took over from the one before: a request's beside its input, a follow-up's in it."""
    beside = content(given.payloads[1]) if len(given.payloads) > 1 else None
    return many(beside, "trail") or many(first(given), "snapshot", "trail")


def _why_ended(event: HistoryEvent) -> str:
    if event.HasField("workflow_execution_failed_event_attributes"):
        failed = event.workflow_execution_failed_event_attributes.failure
        return ": ".join(part for part in failure_text(failed) if part)
    if event.HasField("workflow_execution_terminated_event_attributes"):
        return text(event.workflow_execution_terminated_event_attributes.reason, 1000)
    if event.HasField("workflow_execution_canceled_event_attributes"):
        return text(first(event.workflow_execution_canceled_event_attributes.details), 1000)
    return ""
