"""Reads handoffs and results: of regular activities, and of local ones, which history keeps as markers."""

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue
from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.activity_results import Answer, action_of, decisions_in, ordered, read_result
from dispatch.audit.read.entry_builder import EntryBuilder, effect_after, failure_text
from dispatch.audit.read.payload import digest_of, echoed_brief, field, first, kept, many, words
from dispatch.audit.read.reading import Reading, summary_of, told

_LOCAL: Final = frozenset({"core_local_activity", "LocalActivity"})


def scheduled(reading: Reading, event: HistoryEvent) -> bool:
    """Begin a handoff."""
    a = event.activity_task_scheduled_event_attributes
    given = first(a.input)
    note = record_handoff(reading, event, a.activity_type.name, given, digest_of(a.input))
    tried = reading.tried.pop((reading.run, a.activity_type.name, summary_of(event)), None)
    if tried is not None:
        note = _gone_on(reading, note, *tried)
    reading.activities[reading.run, event.event_id] = (a.activity_type.name, note, _small(given))
    return True


def record_handoff(
    reading: Reading, event: HistoryEvent, activity: str, given: JsonValue, digest: str | None
) -> EntryBuilder:
    """Begin the entry of a handoff; `given` is the input, or the answer that echoes it."""
    handoff = field(given, "handoff")
    record = field(handoff, "seq")
    facts: dict[str, JsonValue] = {
        "activity": activity,
        "record": record if isinstance(record, int) else None,
        "handed_over": words(handoff, "digest"),
        "proposal_id": words(given, "bound", "proposal_id"),
        "action_digest": words(given, "bound", "digest"),
    }
    return reading.note(
        AuditKind.HANDOFF,
        event,
        sender=words(handoff, "sender") or "coordinator",
        receiver=words(handoff, "receiver") or activity,
        what=words(handoff, "what") or "work",
        why=words(handoff, "why") or summary_of(event),
        decided_by=words(handoff, "decided_by"),
        digest=digest,
        facts=told(facts),
    )


def _gone_on(
    reading: Reading, regular: EntryBuilder, local: EntryBuilder, failure: EntryBuilder
) -> EntryBuilder:
    """Return the handoff of a read that failed as a local activity and continues as a regular one."""
    reading.notes.remove(regular)
    local.ids += regular.ids
    local.sender, local.receiver, local.what = regular.sender, regular.receiver, regular.what
    local.why, local.decided_by, local.digest = regular.why, regular.decided_by, regular.digest
    local.facts = regular.facts
    failure.kind, failure.decided_by = AuditKind.RETRY, "process"
    failure.what = f"the attempt within the coordinator's turn: {words(failure.facts, 'failure')}"
    failure.facts = told({"attempt": 1, "failure": field(failure.facts, "failure")})
    failure.sender = local.receiver
    return local


def activity_started(reading: Reading, event: HistoryEvent) -> bool:
    """Add a first attempt to its handoff; a later one is a separate entry."""
    a = event.activity_task_started_event_attributes
    activity, note, _ = reading.activities.get((reading.run, a.scheduled_event_id), ("", None, None))
    if note is not None:
        note.ids.append(event.event_id)
    if a.attempt > 1 or note is None:
        kind, why = failure_text(a.last_failure) if a.HasField("last_failure") else ("", "")
        reading.note(
            AuditKind.RETRY,
            event,
            sender=note.receiver if note else "",
            receiver="coordinator",
            what=f"attempt {a.attempt} of {activity or 'an activity'}",
            why=why,
            decided_by="process",
            facts=told({"attempt": a.attempt, "failure": kind}),
            because=[note] if note else [],
        )
    return True


def completed(reading: Reading, event: HistoryEvent) -> bool:
    """Read what came back."""
    a = event.activity_task_completed_event_attributes
    activity, note, given = reading.activities.pop((reading.run, a.scheduled_event_id), ("", None, None))
    record_answer(reading, event, activity or "an activity", note, given, a.result)
    return True


def record_answer(
    reading: Reading,
    event: HistoryEvent,
    activity: str,
    handoff: EntryBuilder | None,
    given: JsonValue,
    payloads: Payloads,
) -> None:
    """Begin the entries of an answer; the result of a message's check is added to that message."""
    result, digest = first(payloads), digest_of(payloads)
    if activity == "write_trail":
        reading.recorded_besides(many(result, "trail"))
    judges = {
        "verify_decision": reading.messages.decision_checked,
        "verify_extension": reading.messages.extension_checked,
        "read_answer": reading.messages.answer_checked,
    }
    if (judge := judges.get(activity)) is not None:
        message = judge(result, reading.run, event.event_id)
        carrier = message if message is not None and message.run == reading.run else handoff
        if message is not None and carrier is not None:
            message.facts["check_digest"] = digest
            if event.event_id not in carrier.ids:
                carrier.ids.append(event.event_id)
            return
    for answer in _answers(activity, given, result):
        reading.note(
            answer.kind,
            event,
            sender=handoff.receiver if handoff else activity,
            receiver="coordinator",
            what=answer.what,
            why=answer.why,
            decided_by=answer.decided_by,
            digest=digest,
            facts=answer.facts,
            because=[handoff] if handoff else [],
        )


def failed(reading: Reading, event: HistoryEvent) -> bool:
    """Record that it failed for good."""
    a = event.activity_task_failed_event_attributes
    return _gone_wrong(
        reading, event, a.scheduled_event_id, *failure_text(a.failure), effect=effect_after(a.failure)
    )


def timed_out(reading: Reading, event: HistoryEvent) -> bool:
    """Record that no answer came in time."""
    a = event.activity_task_timed_out_event_attributes
    return _gone_wrong(
        reading, event, a.scheduled_event_id, "timeout", failure_text(a.failure)[1] or "no answer in time"
    )


def activity_cancelled(reading: Reading, event: HistoryEvent) -> bool:
    """Record that it was cancelled."""
    a = event.activity_task_canceled_event_attributes
    return _gone_wrong(reading, event, a.scheduled_event_id, "cancelled", "cancelled before it ended")


def _gone_wrong(
    reading: Reading, event: HistoryEvent, scheduled: int, kind: str, why: str, effect: str = "unknown"
) -> bool:
    activity, note, given = reading.activities.pop((reading.run, scheduled), ("", None, None))
    record_failure(reading, event, activity or "an activity", kind, why, note, given, effect)
    return True


def record_failure(
    reading: Reading,
    event: HistoryEvent,
    activity: str,
    kind: str,
    why: str,
    note: EntryBuilder | None,
    given: JsonValue = None,
    effect: str = "",
) -> EntryBuilder:
    """Begin the entry of a failure; for an action with its content and whether it may have had an effect."""
    facts: dict[str, JsonValue] = {"activity": activity, "failure": kind}
    if activity.startswith("action."):
        facts |= ordered(given) | {"effect": effect}
    return reading.note(
        AuditKind.FAILURE,
        event,
        sender=note.receiver if note else activity,
        receiver="coordinator",
        what=f"{activity} failed: {kind}",
        why=why,
        facts=told(facts | action_of(field(given, "bound"))),
        because=[note] if note else [],
    )


def cancel_asked(reading: Reading, event: HistoryEvent) -> bool:
    """Add the request for cancellation to its handoff."""
    a = event.activity_task_cancel_requested_event_attributes
    _, note, _ = reading.activities.get((reading.run, a.scheduled_event_id), ("", None, None))
    if note is not None:
        note.ids.append(event.event_id)
    return note is not None


def marker(reading: Reading, event: HistoryEvent) -> bool:
    """Read a local activity: its answer, and the part of its input that the answer echoes, in one event."""
    a = event.marker_recorded_event_attributes
    if a.marker_name not in _LOCAL:
        return False
    data = first(a.details["data"]) if "data" in a.details else None
    activity = words(data, "activity_type") or "a local activity"
    result = a.details["result"] if "result" in a.details else Payloads()
    failed = a.HasField("failure")
    answer = None if failed else first(result)
    given = _small(echoed_brief(answer))
    note = record_handoff(reading, event, activity, given or answer, None)
    attempt = field(data, "attempt")
    if isinstance(attempt, int) and attempt > 1:
        note.facts["attempts"] = attempt
    if failed:
        failure = record_failure(reading, event, activity, *failure_text(a.failure), note)
        reading.tried[reading.run, activity, summary_of(event)] = note, failure
    else:
        record_answer(reading, event, activity, note, given, result)
    return True


def _small(given: JsonValue) -> JsonValue:
    """Keep of an input what its answer is read with, so that a long history stays in bounded memory."""
    if not isinstance(given, dict):
        return None
    bound = field(given, "bound")
    small: dict[str, JsonValue] = {
        "handoff": kept(field(given, "handoff")),
        "bound": bound if isinstance(bound, dict) else None,
        "guard_result": kept({n: field(given, "guard_result", n) for n in ("decision", "tier")}),
        "receipt": {"effect_id": words(given, "receipt", "effect_id")},
        "authorization": {
            "approval": kept(field(given, "authorization", "approval")),
            "decisions": [{"decision_id": words(d, "decision_id")} for d in decisions_in(given)[:20]],
        },
    }
    return small


def _answers(activity: str, given: JsonValue, result: JsonValue) -> Iterator[Answer]:
    """Read an answer; of a role that a model did, what the role came to, or that nothing came of it."""
    by_model = isinstance(result, dict) and bool(result) and result.keys() <= {"result", "use"}
    if not by_model:
        yield from read_result(activity, given, result)
    elif field(result, "result") is None:
        yield Answer(AuditKind.RESULT, "no answer of a model", words(result, "use", "why"), activity)
    else:
        yield from read_result(activity, given, field(result, "result"))
