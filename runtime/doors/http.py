"""The HTTP door: how its calls are read, started, refused and answered, and its server."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import structlog
from temporalio.client import WorkflowExecutionStatus

from channels.http.access import Access
from channels.http.app import Arrival, HttpApp
from channels.http.body import BodyLimits
from channels.http.models import RequestView
from dispatch.models.errors import DispatchError, RequestNotFoundError, SubmissionError
from dispatch.models.request.status import Ending, RequestState
from dispatch.models.request.submission import Submission, desk_named_in
from dispatch.rate_limits import RateLimit
from dispatch.storage.api_keys import ApiKeys
from dispatch.storage.idempotency import IdempotencyKeys
from runtime.doors.refusals import keep_refused
from runtime.doors.starting import read_request, start
from runtime.gateway import Gateway
from runtime.gateway_types import RequestDescription, Submitted
from runtime.http_server import HEAD_SECONDS, listen, serve
from runtime.rows import COORDINATOR
from runtime.settings import Settings

BODY_SECONDS: Final = 60
"""How long a body may take to arrive."""
_MINUTE: Final = timedelta(minutes=1)
_MOST_ID: Final = 200

log = structlog.get_logger("http")


async def serve_http(
    gateway: Gateway,
    settings: Settings,
    stop: asyncio.Event,
    *,
    body_seconds: float = BODY_SECONDS,
    head_seconds: float = HEAD_SECONDS,
) -> None:
    """Take in requests over HTTP until `stop` is set; raises SettingsError if the port cannot be used."""
    app = HttpApp(
        HttpDoor(gateway, settings),
        Access(ApiKeys(settings.api_keys_dir), RateLimit(settings.http_calls_a_minute, _MINUTE, _now)),
        IdempotencyKeys(settings.var_dir / "idempotency.db"),
        BodyLimits(settings.max_mail_bytes, body_seconds),
        _now,
        url=settings.http_url,
    )
    listener = listen(settings.http_host, settings.http_port, "DISPATCH_HTTP")
    log.info("watching", host=settings.http_host, port=settings.http_port)
    await serve(app.asgi, listener, stop, head_seconds=head_seconds)
    log.info("stopped")


class HttpDoor:
    """How the HTTP door reads, starts, refuses and looks (channels/http/app.py)."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway, self._settings = gateway, settings

    async def read(self, arrival: Arrival) -> Submission:
        """Return the request of a call; an internal error refuses this call and keeps it for a person."""
        try:
            return await asyncio.to_thread(
                read_request,
                self._settings,
                arrival.name,
                arrival.raw,
                arrival.desk,
                trigger_id=arrival.trigger_id,
            )
        except DispatchError:
            raise
        except Exception as error:
            log.exception("a request met a fault of the desk", key=arrival.key)
            raise SubmissionError(
                f"{arrival.name} met a fault of the desk ({type(error).__name__})",
                # It is in the store since before the fault.
                hashlib.sha256(arrival.raw).hexdigest(),
            ) from error

    async def start(self, arrival: Arrival, submission: Submission) -> Submitted:
        return await start(self._gateway, self._settings, arrival.name, submission)

    async def refuse(self, arrival: Arrival, error: SubmissionError) -> None:
        """Keep a refused request, with its content, for a person."""
        await asyncio.to_thread(
            keep_refused,
            self._settings,
            arrival.name,
            f"HTTP, key {arrival.key}",
            str(error),
            error.sha256,
            door="http",
            desk=arrival.desk,
        )
        log.info("not taken in", key=arrival.key, sha256=error.sha256)

    async def look(self, request_id: str) -> RequestView:
        """Return a request's status, as far as Temporal knows it without a worker."""
        if len(request_id) > _MOST_ID:
            raise RequestNotFoundError("there is no request of so long an id")
        found = await self._gateway.describe(request_id)
        if found.kind != COORDINATOR:
            raise RequestNotFoundError(f"there is no request {request_id}")
        return view_of(found)


def view_of(found: RequestDescription) -> RequestView:
    """Return the part of a request that a caller may see: nothing that its requester wrote."""
    known = {state.value for state in RequestState}
    state = RequestState(found.state) if found.is_running and found.state in known else RequestState.CLOSED
    return RequestView(
        id=found.request_id,
        desk=found.desk or desk_named_in(found.request_id),
        state=state,
        owner=found.owner,
        review_point=found.review_point if found.is_running else None,
        ending=None if found.is_running else _ending_of(found),
        received_at=found.started,
        closed_at=found.closed,
    )


def _ending_of(found: RequestDescription) -> Ending | Literal["failed"]:
    if found.status is WorkflowExecutionStatus.CANCELED:
        return Ending.CANCELLED
    ended = found.status is WorkflowExecutionStatus.COMPLETED and found.state in {e.value for e in Ending}
    return Ending(found.state) if ended else "failed"


def _now() -> datetime:
    return datetime.now(UTC)
