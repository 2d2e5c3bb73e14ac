"""Failures on demand, for tests, the demo and chaos runs only; a service without --faults has none.

POST /faults takes one rule, GET /faults lists them with how often each fired, DELETE /faults clears them and ends the
running delays. The first matching rule with times left fires. `match` is a method and a path, where * stands for anything
('POST /refunds', 'GET /orders/DD-1000*'), or 'find': the lookup of a refund by its idempotency key, so that an outcome
stays unknown.
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devstack.web import ApiError

_NEVER = {"/faults", "/health"}
_ALIASES = {"find": ("GET /refunds", "idempotency_key")}


class FaultRule(BaseModel):
    """One failure; `times` -1 repeats it without limit, `delay_seconds` passes before the failure shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: str = Field(min_length=1)
    payment_id: str | None = Field(default=None, description="only where the request's body names it")
    recipient: str | None = Field(default=None, description="mail sink: only for this address")
    idempotency_key: str | None = Field(
        default=None,
        description="only calls with this key or, with find, that look for it; * stands for anything",
    )
    fault: Literal["drop_before_commit", "drop_after_commit", "status", "slow"] = Field(
        description="drop: the answer breaks off; status: nothing is done; slow: done, answered late"
    )
    status: int = Field(default=503, ge=400, le=599)
    retry_after: str | int | None = None
    times: int = Field(default=1, ge=-1)
    after: int = Field(default=0, ge=0, description="so many calls that match pass before it fires")
    delay_seconds: float = Field(default=0, ge=0, le=600)


@dataclass(frozen=True)
class Occurrence:
    """A received call: 'POST /refunds' with its query's names and its body's fields."""

    target: str
    query: Iterable[str] = ()
    fields: dict[str, str] = field(default_factory=dict)

    def fits(self, rule: FaultRule) -> bool:
        """Return whether the rule matches this call."""
        pattern, needs = _ALIASES.get(rule.match, (rule.match, None))
        wanted = {
            "payment_id": rule.payment_id,
            "recipient": rule.recipient,
            "idempotency_key": rule.idempotency_key,
        }
        return (
            fnmatchcase(self.target, pattern)
            and (needs is None or needs in self.query)
            and all(
                value is None or fnmatchcase(self.fields.get(name, ""), value)
                for name, value in wanted.items()
            )
        )


class Faults:
    """The armed rules in order, each with how many calls have met it."""

    def __init__(self) -> None:
        self._rules: list[tuple[FaultRule, int]] = []
        self._cleared = asyncio.Event()

    def arm(self, rule: FaultRule) -> None:
        self._rules.append((rule, 0))

    def clear(self) -> None:
        self._rules.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def delay(self, rule: FaultRule) -> None:
        """Wait for the rule's delay, or until the rules are cleared."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cleared.wait(), rule.delay_seconds)

    def take(self, occurrence: Occurrence) -> FaultRule | None:
        """Return the rule that fires now, and count it."""
        for position, (rule, met) in enumerate(self._rules):
            if (rule.times < 0 or met < rule.after + rule.times) and occurrence.fits(rule):
                self._rules[position] = (rule, met + 1)
                if met >= rule.after:
                    return rule
        return None

    def routes(self) -> list[Route]:
        """Return the endpoints that arm, list and clear."""
        return [
            Route("/faults", self._arm, methods=["POST"]),
            Route("/faults", self._list, methods=["GET"]),
            Route("/faults", self._clear, methods=["DELETE"]),
        ]

    async def _arm(self, request: Request) -> Response:
        try:
            self.arm(FaultRule.model_validate_json(await request.body()))
        except ValidationError as error:
            raise ApiError(400, "invalid_fault", str(error)) from None
        return JSONResponse(self._listing(), 201)

    async def _list(self, _: Request) -> Response:
        return JSONResponse(self._listing())

    async def _clear(self, _: Request) -> Response:
        self.clear()
        return JSONResponse(self._listing())

    def _listing(self) -> JsonValue:
        fired = ((rule, max(0, met - rule.after)) for rule, met in self._rules)
        return {"data": [{**rule.model_dump(mode="json"), "fired": number} for rule, number in fired]}


class FaultGate:
    """Middleware that makes a service fail as the rules say."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _NEVER:
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        rule = self._faults.take(_occurrence(scope, body))

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        if rule is None:
            await self._app(scope, again, send)
        elif rule.fault in ("slow", "drop_after_commit"):
            kept: list[Message] = []

            async def keep(message: Message) -> None:
                kept.append(message)

            await self._app(scope, again, keep)
            await self._pause(receive, rule)
            for message in kept if rule.fault == "slow" else _broken_off():
                await send(message)
        else:
            await self._pause(receive, rule)
            if rule.fault == "status":
                await _status(rule)(scope, receive, send)
            else:
                for message in _broken_off():
                    await send(message)

    async def _pause(self, receive: Receive, rule: FaultRule) -> None:
        """Wait, but stop if the client has disconnected."""
        waits = [asyncio.ensure_future(wait) for wait in (self._faults.delay(rule), _gone(receive))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _occurrence(scope: Scope, body: bytes) -> Occurrence:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = {}
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    key = Headers(scope=scope).get("idempotency-key")
    fields = ({"idempotency_key": key} if key else {}) | query
    fields |= document if isinstance(document, dict) else {}
    return Occurrence(
        target=f"{scope['method']} {scope['path']}",
        query=query,
        fields={name: value for name, value in fields.items() if isinstance(value, str)},
    )


def _status(rule: FaultRule) -> Response:
    refusal = ApiError(rule.status, "injected", "a fault that was armed")
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    return JSONResponse(refusal.payload, rule.status, headers)


def _broken_off() -> list[Message]:
    """Announce more bytes than are sent: the server then closes the connection in the middle of the answer."""
    return [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1024")]},
        {"type": "http.response.body", "body": b'{"', "more_body": True},
    ]


async def _gone(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
