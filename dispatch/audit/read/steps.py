"""Reads the steps of a run from Temporal's JSON form of its events, without our workflow code.

A local activity leaves one marker that holds its name and its result, which may repeat its input; a regular one leaves its schedule, with the
input, and its completion, with the result.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from dispatch.audit.read.payload import echoed_brief
from dispatch.audit.store.document import Event, attributes, kind_of, moment, payload

LOCAL_MARKER: Final = "core_local_activity"


_FAILED: Final = {
    "ACTIVITY_TASK_FAILED": "failed",
    "ACTIVITY_TASK_TIMED_OUT": "timed out",
    "ACTIVITY_TASK_CANCELED": "cancelled",
}


class Step(NamedTuple):
    """One activity that ended; `given` is None where history does not hold the input: a local activity's answer may repeat it.

    `failure` is the type of failure that ended it, None if it succeeded.
    """

    name: str
    event_id: int
    began: datetime
    ended: datetime
    given: Any
    result: Any
    failure: str | None = None


class StatusChange(NamedTuple):
    """The status of the request from `at` on, from its search attributes."""

    event_id: int
    at: datetime
    state: str
    owner: str


def steps(events: Iterable[Event]) -> Iterator[Step]:
    """Yield every activity that ended, in the order in which they ended."""
    # Kept when it has ended: after a reset the same schedule may end a second time.
    scheduled: dict[str, tuple[str, datetime, Any]] = {}
    for event in events:
        kind, said = kind_of(event), attributes(event)
        if kind == "ACTIVITY_TASK_SCHEDULED":
            begun = moment(event["eventTime"])
            scheduled[event["eventId"]] = (said["activityType"]["name"], begun, payload(said.get("input")))
        elif kind == "ACTIVITY_TASK_COMPLETED" and said["scheduledEventId"] in scheduled:
            name, begun, given = scheduled[said["scheduledEventId"]]
            ended = moment(event["eventTime"])
            yield Step(name, int(event["eventId"]), begun, ended, given, payload(said.get("result")))
        elif kind in _FAILED and said["scheduledEventId"] in scheduled:
            name, begun, given = scheduled[said["scheduledEventId"]]
            ended = moment(event["eventTime"])
            yield Step(
                name, int(event["eventId"]), begun, ended, given, None, _failure(said) or _FAILED[kind]
            )
        elif kind == "MARKER_RECORDED" and said.get("markerName") == LOCAL_MARKER:
            about = payload(said["details"].get("data"))
            if isinstance(about, dict):
                at = moment(event["eventTime"])
                result = payload(said["details"].get("result"))
                name, given = str(about.get("activity_type")), echoed_brief(result)
                failure = (_failure(said) or "failed") if "failure" in said else None
                yield Step(name, int(event["eventId"]), at, at, given, result, failure)


def status_changes(events: Iterable[Event]) -> Iterator[StatusChange]:
    """Yield each status that was written to the search attributes."""
    for event in events:
        if kind_of(event) == "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES":
            fields = attributes(event)["searchAttributes"]["indexedFields"]
            if "RequestState" not in fields:
                # The SDK's own, for lists: which branches of the code the workflow took.
                continue
            state, owner = (payload(fields.get(name)) for name in ("RequestState", "NextOwner"))
            yield StatusChange(
                int(event["eventId"]), moment(event["eventTime"]), str(state or ""), str(owner or "")
            )


def _failure(said: dict[str, Any]) -> str | None:
    """Return the type of the outermost failure that has one: what activities/failures.py called it."""
    failure = said.get("failure")
    while isinstance(failure, dict):
        if named := _type(failure):
            return named
        failure = failure.get("cause")
    return None


def _type(failure: dict[str, Any]) -> str | None:
    application = failure.get("applicationFailureInfo")
    return application.get("type") if isinstance(application, dict) else None
