"""The desk's Python API; `dispatch` is its command line, which `python starter.py` runs too.

For many calls, keep a `Gateway` (runtime/gateway.py), which has all of this and more as methods.
"""

import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from pydantic import JsonValue
from temporalio.client import Client

from cli.commands import main
from dispatch.models.errors import (
    RequestClosedError,
    RequestNotFoundError,
    TemporalUnavailableError,
    WorkerUnavailableError,
)
from dispatch.models.request.follow_up import FollowUpDetail
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Status
from dispatch.models.request.submission import Submission
from dispatch.models.trail import TrailEntry
from runtime.doors import starting
from runtime.gateway import Gateway
from runtime.gateway_types import DecisionOutcome, Submitted, decision_for, request_id_of
from runtime.rows import Row
from runtime.settings import Settings

__all__ = [
    "DecisionOutcome",
    "Gateway",
    "RequestClosedError",
    "RequestNotFoundError",
    "Row",
    "Submitted",
    "TemporalUnavailableError",
    "WorkerUnavailableError",
    "decide",
    "decision_for",
    "detail_of",
    "leave_signal",
    "request_id_of",
    "rows",
    "status_of",
    "submit",
    "submit_file",
    "trail_of",
]


async def submit(client: Client, settings: Settings, submission: Submission) -> Submitted:
    """Start the request; the same desk and trigger again is the same request, running or closed."""
    return await Gateway.over(client).submit(settings, submission)


async def submit_file(client: Client, settings: Settings, path: Path, desk: str | None = None) -> Submitted:
    """Read a mail or JSON file and start the request; raises SubmissionError naming the file and what is wrong."""
    return await starting.submit_file(Gateway.over(client), settings, path, desk)


async def status_of(client: Client, request_id: str) -> Status:
    """Ask where a request stands; raises WorkerUnavailableError, RequestNotFoundError, TemporalUnavailableError."""
    return await Gateway.over(client).status(request_id)


async def detail_of(client: Client, request_id: str) -> RequestDetail | FollowUpDetail:
    """Ask for all that a person needs to decide on a request, or on a follow-up; raises as `status_of`."""
    return await Gateway.over(client).detail(request_id)


async def trail_of(client: Client, request_id: str) -> list[TrailEntry]:
    """Return the record of a request; for a closed one from its result, without a worker."""
    return await Gateway.over(client).trail(request_id)


def rows(client: Client, *, waiting_only: bool = False, limit: int = 50) -> AsyncIterator[Row]:
    """List requests, newest first, by Temporal's visibility alone."""
    return Gateway.over(client).rows(waiting_only=waiting_only, limit=limit)


async def decide(client: Client, request_id: str, decision: Mapping[str, JsonValue]) -> tuple[bool, str]:
    """Send a decision and return what became of it: accepted (or kept for a gate to come) or not, and why."""
    outcome = await Gateway.over(client).decide(request_id, decision)
    return outcome.accepted or outcome.kept, outcome.reason


async def leave_signal(client: Client, request_id: str, name: str, payload: Mapping[str, JsonValue]) -> None:
    """Send a signal; a worker reads it from the request's history later."""
    await Gateway.over(client).signal(request_id, name, payload)


if __name__ == "__main__":
    sys.exit(main())
