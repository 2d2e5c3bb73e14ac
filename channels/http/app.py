"""The HTTP door as an ASGI program: its routes, and the common parts of every answer. `Door` starts requests."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from channels.http.access import SIGNED, Access, is_signed
from channels.http.body import (
    ENDINGS,
    BodyLimits,
    desk_asked,
    digest_of_call,
    idempotency_key,
    media_type_of,
    read_body,
)
from channels.http.json_request import NotJsonError, load_json
from channels.http.models import Accepted, RequestView
from channels.http.openapi import document
from channels.http.problems import (
    AwayError,
    BadRequestError,
    ForbiddenError,
    KeyReusedError,
    NotFoundError,
    ProblemError,
    UnprocessableError,
    problem_answer,
)
from channels.watching import Started
from dispatch.models.errors import DispatchError, RequestNotFoundError, SubmissionError
from dispatch.models.request.submission import Submission
from dispatch.storage.api_keys import ApiKey, Scope
from dispatch.storage.idempotency import IdempotencyKeys

RETRY_SECONDS: Final = 5
_MOST_PATH: Final = 200
_NAME: Final = "request"
"""The name of a request in messages; its extension selects the form."""

log = structlog.get_logger("http")


@dataclass(frozen=True)
class Arrival:
    """A received body; `trigger_id` identifies the request if it names none itself."""

    name: str
    raw: bytes
    key: str
    desk: str | None
    trigger_id: str | None


class Door(Protocol):
    """Reads and starts requests, keeps a refusal for people, and looks at a request.

    `read` and `start` raise SubmissionError for what is refused, `look` RequestNotFoundError, and every method another
    DispatchError for what may pass.
    """

    async def read(self, arrival: Arrival) -> Submission: ...
    async def start(self, arrival: Arrival, submission: Submission) -> Started: ...
    async def refuse(self, arrival: Arrival, error: SubmissionError) -> None: ...
    async def look(self, request_id: str) -> RequestView: ...


class HttpApp:
    """The routes; `url` is where callers reach them, empty for addresses relative to this one."""

    def __init__(
        self,
        door: Door,
        access: Access,
        seen: IdempotencyKeys,
        limits: BodyLimits,
        now: Callable[[], datetime],
        *,
        url: str = "",
        most_at_once: int = 32,
    ) -> None:
        self._door, self._access, self._seen = door, access, seen
        self._limits, self._now, self._url = limits, now, url.rstrip("/")
        self._document = document(limits.most_bytes)
        self.asgi = Starlette(
            routes=[
                Route("/requests", self._take_in, methods=["POST"]),
                Route("/requests/{request_id}", self._view, methods=["GET"]),
                Route("/openapi.json", self._openapi, methods=["GET"]),
                Route("/health", _health, methods=["GET"]),
            ],
            middleware=[Middleware(_EveryAnswer, most_at_once=most_at_once)],
            exception_handlers={ProblemError: _on_problem, HTTPException: _on_http},
        )

    async def _take_in(self, request: Request) -> Response:
        signed = is_signed(request)
        if signed:
            await self._access.expect_signature(request)
        key = None if signed else await self._access.of_bearer(request, Scope.WRITE)
        media_type, asked = media_type_of(request), desk_asked(request)
        repeated_by = idempotency_key(request, SIGNED[0] if signed else "idempotency-key")
        raw = await read_body(request, media_type, self._limits)
        if key is None:
            key = await self._access.of_signature(request, raw, Scope.WRITE)
        request.state.key = key.name
        desk = _desk_of(key, asked)
        if media_type == "application/json":
            await _check_json(raw)
        arrival = Arrival(
            name=f"{_NAME}{ENDINGS[media_type]}",
            raw=raw,
            key=key.name,
            desk=desk,
            trigger_id=f"key:{key.name}:{repeated_by}" if repeated_by else None,
        )
        started = await self._started(arrival, repeated_by, digest_of_call(media_type, desk, raw))
        return self._accepted(started)

    async def _started(self, arrival: Arrival, repeated_by: str | None, body: str) -> Started:
        """Start a request; no interruption loses it, because the caller sends it again."""
        try:
            if repeated_by is not None and not await asyncio.to_thread(
                self._seen.is_of, arrival.key, repeated_by, body, self._now()
            ):
                raise KeyReusedError(
                    "this key came with another body or desk before; send a new key with a new request"
                )
            try:
                submission = await self._door.read(arrival)
                return await self._door.start(arrival, submission)
            except SubmissionError as error:
                await self._door.refuse(arrival, error)
                raise UnprocessableError(f"{error}. A person looks at it", kept=True) from None
        except DispatchError as error:
            log.warning("nothing can be taken in", why=str(error))
            raise AwayError(
                f"the request was not taken in: {error}. Send it again after {RETRY_SECONDS} s; it stays one request",
                retry_after=RETRY_SECONDS,
            ) from None

    def _accepted(self, started: Started) -> Response:
        url = f"{self._url}/requests/{started.request_id}"
        automatic = started.automatic.sign if started.automatic is not None else None
        accepted = Accepted(
            id=started.request_id,
            new=started.new,
            automatic=automatic,
            added=started.added or None,
            url=url,
        )
        log.info("taken in", request_id=started.request_id, new=started.new, automatic=automatic)
        return JSONResponse(
            accepted.model_dump(mode="json", exclude_none=True), HTTPStatus.ACCEPTED, {"Location": url}
        )

    async def _view(self, request: Request) -> Response:
        key = await self._access.of_bearer(request, Scope.READ)
        request.state.key = key.name
        request_id = request.path_params["request_id"]
        try:
            view = await self._door.look(request_id)
        except RequestNotFoundError:
            view = None
        except DispatchError as error:
            raise AwayError(
                f"the request cannot be looked at: {error}. Ask again after {RETRY_SECONDS} s",
                retry_after=RETRY_SECONDS,
            ) from None
        if view is None or (key.desk is not None and view.desk != key.desk):
            # A request of another desk gets the same answer as one that does not exist.
            raise NotFoundError("there is no request of this id that the key may read; check the id")
        return JSONResponse(view.model_dump(mode="json"))

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(self._document)


class _EveryAnswer:
    """Limits the number of parallel calls, answers for errors, and logs each call without its body or its key."""

    def __init__(self, app: ASGIApp, *, most_at_once: int) -> None:
        self._app, self._most, self._under_way = app, most_at_once, 0

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = MutableHeaders(scope=message)
                headers["cache-control"] = "no-store"
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        self._under_way += 1
        try:
            await self._within_bounds(scope, receive, send_on)
        except Exception:
            log.exception("a call failed", path=scope["path"][:_MOST_PATH])
            if status:
                raise
            answer = problem_answer(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "fault",
                "The desk met a fault of its own",
                "the reason is in the door's log; send the request again, it stays one request",
                {"Connection": "close"},
            )
            await answer(scope, receive, send_on)
        finally:
            self._under_way -= 1
            log.info(
                "call",
                method=scope["method"],
                path=scope["path"][:_MOST_PATH],
                status=status,
                key=scope.get("state", {}).get("key"),
                ms=round((time.monotonic() - began) * 1000),
            )

    async def _within_bounds(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if self._under_way > self._most and scope["path"] != "/health":
            busy = AwayError(f"{self._most} calls are under way; send it again", retry_after=RETRY_SECONDS)
            await busy.answer()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _desk_of(key: ApiKey, asked: str | None) -> str | None:
    if key.desk is not None and asked not in {None, key.desk}:
        raise ForbiddenError(
            f"the key {key.name} is for the desk {key.desk} alone; leave 'desk' out, or use another key"
        )
    return key.desk or asked


async def _check_json(raw: bytes) -> None:
    """Refuse a body that is no JSON: only the caller's program can correct it, so it is not kept for a person."""
    try:
        await asyncio.to_thread(load_json, "the body", raw)
    except NotJsonError as error:
        raise BadRequestError(str(error)) from None


async def _on_problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return error.answer()


async def _on_http(_: Request, error: Exception) -> Response:
    """Answer calls without a route."""
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    detail = "the routes are in /openapi.json"
    headers = {"Connection": "close", **(error.headers or {})}
    return problem_answer(error.status_code, "no-route", title, detail, headers)


async def _health(_: Request) -> Response:
    """Report that the process serves; each call reports whether Temporal does."""
    return PlainTextResponse("ok")
