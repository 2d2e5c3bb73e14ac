"""Outside systems over HTTP: their base class, one exchange, and the classification of failures.

What was not sent or was turned away unread is Unavailable, a plain no is Refused. What changes the world and was sent
without a whole answer coming back is OutcomeUnknown: only the idempotency key can tell. A 500, 502 or 504 to a POST is
of that kind too, because the system, or the one behind a gateway, may have acted before it failed.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar, Final, Generic, Literal, NamedTuple, Self, TypeVar

import httpx
from pydantic import JsonValue, SecretStr, TypeAdapter, ValidationError

from dispatch.models.contract import Contract
from dispatch.models.errors import ClientError, OutcomeUnknownError, RefusedError, UnavailableError

USER_AGENT = "dispatch-desk"
MOST_CONNECTIONS: Final = 8
"""Parallel calls to one system; further calls wait, so that a burst does not overload a customer's system.

httpx looks at every connection for every call: with the hundred that it allows, fifty calls at a time cost a worker
nearly twice as much each.
"""
_MAX_TEXT = 300
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NOT_SENDABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
_TURNED_AWAY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}

Answer = TypeVar("Answer")
Row = TypeVar("Row", bound=Contract)


class Listing(Contract, Generic[Row]):
    """How an outside system wraps a list."""

    data: tuple[Row, ...]


def http_client(*, base_url: str, key: str, timeout_seconds: float) -> httpx.AsyncClient:
    """Build the connection to one system; retries are Temporal's business, so httpx has none."""
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"Authorization": f"Bearer {key}", "User-Agent": USER_AGENT, "Accept": "application/json"},
        timeout=timeout_seconds,
        transport=httpx.AsyncHTTPTransport(
            retries=0, verify=trusted_certificates(), limits=httpx.Limits(max_connections=MOST_CONNECTIONS)
        ),
        # The machine's proxy or .netrc must not see these calls or replace the key.
        trust_env=False,
    )


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Read the trusted certificates once for the process: it takes 50 ms, for plain HTTP too."""
    return httpx.create_ssl_context(trust_env=False)


async def exchange(
    http: httpx.AsyncClient,
    method: Literal["GET", "POST"],
    path: str,
    *,
    system: str,
    answer: TypeAdapter[Answer],
    params: Mapping[str, str] | None = None,
    body: JsonValue = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and return its answer, validated.

    Raises Unavailable, Refused or, for a POST only, OutcomeUnknown. The text names system, method and path, never the
    query, the body or a key.
    """
    changes = method != "GET"
    where = f"{system}: {method} {path}"
    with _sending(where, changes=changes):
        response = await http.request(method, path, params=params, headers=headers, json=body)
    if not response.is_success:
        raise _failure(where, response, changes=changes)
    try:
        return answer.validate_json(response.content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        at = ".".join(str(part) for part in first["loc"]) or "the top"
        problem = bounded(f"{where} answered what cannot be read, at {at}: {first['msg']}")
        raise OutcomeUnknownError(problem) if changes else RefusedError(problem, "malformed_answer") from None


class Reply(NamedTuple):
    """An expected status with its JSON, or null."""

    status: int
    content: JsonValue


class Limits(NamedTuple):
    """What one call may take: seconds from beginning to end, and bytes of its answer."""

    seconds: float
    most_bytes: int


async def exchange_json(
    http: httpx.AsyncClient,
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    path: str,
    *,
    system: str,
    limits: Limits,
    expected: Collection[int],
    params: Mapping[str, str] | None = None,
    body: JsonValue = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request that a desk declares, and return its answer if its status is among the `expected`.

    A server that sends on and on is cut off at the limits. Raises as `exchange` does; errors name the method and never
    the path, which holds values.
    """
    changes = method != "GET"
    where = f"{system}: {method}"
    sent: dict[str, Any] = {} if body is None else {"json": body}
    try:
        with _sending(where, changes=changes):
            async with (
                asyncio.timeout(limits.seconds),
                http.stream(method, path, params=params, headers=headers, **sent) as response,
            ):
                content = await _bounded_content(response, limits.most_bytes)
    except TimeoutError as error:
        raise _lost(where, f"not within {limits.seconds:g} s", changes=changes) from error
    if response.status_code not in expected:
        if response.is_success and changes:
            raise OutcomeUnknownError(f"{where} answered {response.status_code}, which nobody expected")
        raise _failure(where, response, changes=changes)
    if content is None:
        problem = f"{where} answered more than {limits.most_bytes:,} bytes"
        raise OutcomeUnknownError(problem) if changes else RefusedError(problem, "too_large")
    try:
        return Reply(response.status_code, json.loads(content) if content.strip() else None)
    except (ValueError, RecursionError):
        if not response.is_success:
            return Reply(response.status_code, None)
        problem = f"{where} answered {response.status_code} with what is no JSON"
        raise OutcomeUnknownError(problem) if changes else RefusedError(problem, "malformed_answer") from None


@contextmanager
def _sending(where: str, *, changes: bool) -> Iterator[None]:
    """Convert the errors of an unsent request or a missing answer."""
    try:
        yield
    except _NOT_SENT as error:
        raise UnavailableError(bounded(f"{where} was not sent ({type(error).__name__})")) from error
    except _NOT_SENDABLE as error:
        raise RefusedError(
            bounded(f"{where} cannot be sent ({type(error).__name__})"), "invalid_request"
        ) from None
    except httpx.HTTPError as error:
        raise _lost(where, type(error).__name__, changes=changes) from error


async def _bounded_content(response: httpx.Response, most_bytes: int) -> bytes | None:
    """Read an answer and keep it in the response; None where it is larger."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > most_bytes:
            response._content = b""  # noqa: SLF001 (nothing of it is read, and httpx refuses to be asked)
            return None
    response._content = bytes(content)  # noqa: SLF001 (as `aread` does, which knows no bound)
    return bytes(content)


class Access(NamedTuple):
    """A system's address and key."""

    url: str
    key: SecretStr


class HttpSystem:
    """The base of a system over HTTP: one connection to the address, and with the key, that its settings name.

    A system says what it is `called` in errors, and its `access`; it takes an httpx client as `http_client` builds it.
    """

    called: ClassVar[str]

    @staticmethod
    def access(settings: Any) -> Access:
        """Return the address and key from the system's Settings."""
        raise NotImplementedError

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Any) -> AsyncIterator[Self]:
        """Open the connection, for the length of the block."""
        url, key = cls.access(settings)
        async with http_client(
            base_url=url, key=key.get_secret_value(), timeout_seconds=settings.client_timeout_seconds
        ) as http:
            yield cls(http)

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(
        self, path: str, answer: TypeAdapter[Answer], params: Mapping[str, str] | None = None
    ) -> Answer:
        """Read; raises Unavailable or Refused."""
        return await exchange(self._http, "GET", path, system=self.called, answer=answer, params=params)

    async def _post(
        self, path: str, answer: TypeAdapter[Answer], headers: Mapping[str, str], body: JsonValue = None
    ) -> Answer:
        """Change something; raises Unavailable, Refused or OutcomeUnknown."""
        return await exchange(
            self._http, "POST", path, system=self.called, answer=answer, headers=headers, body=body
        )


def _lost(where: str, why: str, *, changes: bool) -> ClientError:
    if changes:
        return OutcomeUnknownError(bounded(f"{where} was sent and no whole answer came back ({why})"))
    return UnavailableError(bounded(f"{where} was not answered ({why})"))


def _failure(where: str, response: httpx.Response, *, changes: bool) -> ClientError:
    code, said = _own_words(response)
    text = bounded(f"{where} answered {response.status_code} {code}: {said}")
    if response.status_code in _TURNED_AWAY or (response.is_server_error and not changes):
        return UnavailableError(text, retry_after(response.headers.get("Retry-After")))
    if response.is_server_error:
        return OutcomeUnknownError(text)
    return RefusedError(text, code)


def _own_words(response: httpx.Response) -> tuple[str, str]:
    """Read {"error": {"code", "message"}}; anything else, such as a proxy's page, is named by its status alone."""
    try:
        error = response.json()["error"]
        return str(error["code"])[:64], str(error["message"])
    except (ValueError, KeyError, TypeError):
        return f"http_{response.status_code}", response.reason_phrase


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, in seconds or as an HTTP date, as seconds from `now`; None if it says neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    # RFC 9110 has dates in GMT; the parser leaves '-0000' without a zone.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def bounded(text: str) -> str:
    """Keep one printable line of 300 characters: what a system says ends in histories, logs and on a screen."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"
