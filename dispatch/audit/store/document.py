"""One object of the store: every run of a closed request, and a summary of its events.

The document is canonical JSON: {"format": "dispatch-desk history 1", "request_id", "workflow_type", "runs": [{"run_id",
"events": [...]}]} and, where its payloads are encrypted, "sealed": true; each event as Temporal's own JSON form of it, so that any tool that reads histories can read a run.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from dispatch.audit.store.manifest import Entry, sha256
from dispatch.models.canonical import canonical_bytes as canonical

FORMAT: Final = "dispatch-desk history 1"
_ENDINGS: Final = {
    "WORKFLOW_EXECUTION_FAILED": "failed",
    "WORKFLOW_EXECUTION_CANCELED": "cancelled",
    "WORKFLOW_EXECUTION_TERMINATED": "terminated",
    "WORKFLOW_EXECUTION_TIMED_OUT": "timed_out",
}

Event = dict[str, Any]


class Run(NamedTuple):
    """One run: its id, and its events as Temporal's JSON form has them."""

    run_id: str
    events: Sequence[Event]


class Document(NamedTuple):
    """A request's whole history, oldest run first; `is_sealed` where its payloads are encrypted (sealing.py)."""

    request_id: str
    workflow_type: str
    runs: tuple[Run, ...]
    is_sealed: bool = False


class NotClosedError(ValueError):
    """The last run has no end."""


def document_of(request_id: str, runs: Mapping[str, Sequence[Event]]) -> Document:
    """Make the document of a request from the runs it has; `runs` is run id -> events, in any order."""
    ordered = sorted(runs.items(), key=lambda run: (moment(run[1][0]["eventTime"]), run[0]))
    started = attributes(ordered[0][1][0])
    return Document(request_id, started["workflowType"]["name"], tuple(Run(*run) for run in ordered))


def to_bytes(document: Document) -> bytes:
    """Return the bytes that are kept; the same history always gives the same."""
    runs = [{"run_id": run.run_id, "events": list(run.events)} for run in document.runs]
    return canonical(
        {
            "format": FORMAT,
            "request_id": document.request_id,
            "workflow_type": document.workflow_type,
            "runs": runs,
            **({"sealed": True} if document.is_sealed else {}),
        }
    )


def from_bytes(data: bytes) -> Document:
    """Read an object of the store; raises ValueError for anything else."""
    try:
        content = json.loads(data)
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r:.60}")
        runs = tuple(Run(run["run_id"], run["events"]) for run in content["runs"])
        is_sealed = content.get("sealed") is True
        return Document(content["request_id"], content["workflow_type"], runs, is_sealed)
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no exported history ({type(error).__name__}: {error})") from None


def entry_of(document: Document, data: bytes) -> Entry:
    """Describe what the manifest records of a document; `data` are its bytes. Raises NotClosedError for an open request."""
    last = document.runs[-1].events[-1]
    return Entry(
        request_id=document.request_id,
        run_ids=tuple(run.run_id for run in document.runs),
        workflow_type=document.workflow_type,
        closed_at=moment(last["eventTime"]),
        ending=_ending(document, last),
        digest=sha256(data),
        size_bytes=len(data),
        worker_builds=_builds(document),
    )


def events_of(document: Document) -> Iterator[Event]:
    """Yield the events of all runs, each once: a reset begins its run with a copy of what came before it."""
    seen = set()
    for run in document.runs:
        for event in run.events:
            same = (event["eventId"], event["eventTime"], event["eventType"])
            if same not in seen:
                seen.add(same)
                yield event


def _ending(document: Document, last: Event) -> str:
    kind = kind_of(last)
    if kind == "WORKFLOW_EXECUTION_COMPLETED":
        result = payload(attributes(last).get("result"))
        said = (result.get("ending") or result.get("verdict")) if isinstance(result, dict) else None
        return str(said or "completed")
    if kind not in _ENDINGS:
        raise NotClosedError(f"{document.request_id} is not closed: its last event is {kind}")
    return _ENDINGS[kind]


def _builds(document: Document) -> tuple[str, ...]:
    builds = set()
    for run in document.runs:
        for event in run.events:
            said = event.get("workflowTaskCompletedEventAttributes")
            if said is not None:
                version = said.get("deploymentVersion") or said.get("workerVersion") or {}
                builds.add(version.get("buildId", ""))
    return tuple(sorted(builds - {""}))


def kind_of(event: Event) -> str:
    """Return an event's type without Temporal's prefix."""
    return str(event["eventType"]).removeprefix("EVENT_TYPE_")


def attributes(event: Event) -> dict[str, Any]:
    """Return what belongs to the event's type."""
    found: dict[str, Any] = next((v for k, v in event.items() if k.endswith("EventAttributes")), {})
    return found


def moment(text: str) -> datetime:
    """Read Temporal's nanoseconds as microseconds, which is what Python has."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}+00:00")


def payload(payloads: Any) -> Any:
    """Decode the first of some payloads; None where there is none, or where it is not plain JSON (encrypted)."""
    try:
        first = payloads["payloads"][0] if "payloads" in payloads else payloads
        if base64.b64decode(first["metadata"]["encoding"]) != b"json/plain":
            return None
        return json.loads(base64.b64decode(first["data"]))
    except (KeyError, IndexError, TypeError, ValueError):
        return None
