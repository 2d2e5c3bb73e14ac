"""An entry under construction: later events add to it, and its position stays."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import JsonValue
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.payload import text

_NOTHING_HAPPENED = frozenset({"RefusedError", "InvalidInput", "UnavailableError"})


@dataclass(eq=False)
class EntryBuilder:
    kind: AuditKind
    run: int
    ids: list[int]
    at: datetime | None
    sender: str = ""
    receiver: str = ""
    what: str = ""
    why: str = ""
    decided_by: str = ""
    digest: str | None = None
    facts: dict[str, JsonValue] = field(default_factory=dict)
    because: list["EntryBuilder"] = field(default_factory=list)
    seq: int = 0


def moment(stamp: Timestamp) -> datetime | None:
    """Return a time; None if it is missing or invalid."""
    if not stamp.seconds and not stamp.nanos:
        return None
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def time_of(event: HistoryEvent) -> datetime | None:
    """Return the time at which the server wrote an event."""
    return moment(event.event_time)


def parsed(value: JsonValue) -> datetime | None:
    """Read an ISO 8601 text with a time zone; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def failure_text(failure: Failure) -> tuple[str, str]:
    """Return the type and the message of the root cause: the innermost application failure."""
    innermost = failure
    for _ in range(20):
        if not innermost.HasField("cause") or innermost.HasField("application_failure_info"):
            break
        innermost = innermost.cause
    kind = innermost.application_failure_info.type or innermost.WhichOneof("failure_info") or "failure"
    return kind.removesuffix("_failure_info"), text(innermost.message, 1000)


def effect_after(failure: Failure) -> str:
    """Return whether a failed action may have had an effect: `none` only if the failure itself excludes it.

    The types are those of activities/failures.py; a refusal because of a conflict says that another effect stands.
    """
    kind, _ = failure_text(failure)
    details = failure.application_failure_info.details.payloads
    certain = kind in _NOTHING_HAPPENED and not any(b'"conflict"' in part.data for part in details)
    return "none" if certain else "unknown"
