"""Connections of httpx that reach only allowed hosts.

A host is looked up for each request and its addresses are judged; the connection is then made to an address that was
judged, not to the name, so that a name service which answers otherwise a moment later changes nothing (DNS rebinding).
TLS still checks the certificate against the name. Redirects are not followed, and the machine's proxies not used.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, cast

import httpx

from dispatch.hosts.private import addresses_problem
from dispatch.http import trusted_certificates

_NOT_REACHED: Final = (httpx.ConnectError, httpx.ConnectTimeout)
_HEADERS: Final = {"Accept-Encoding": "identity"}


class RefusedHostError(httpx.TransportError):
    """The host has an address to which nothing may be sent; nothing was."""


class AnswerTooLargeError(httpx.TransportError):
    """The answer is longer than it may be, or compressed, so that its length cannot be bounded; it was not read on."""


def guarded_client(
    *, allow: Sequence[str], timeout: httpx.Timeout, most_bytes: int, **more: Any
) -> httpx.AsyncClient:
    """Build an asynchronous client that reaches allowed hosts alone and reads at most `most_bytes` of an answer."""
    return httpx.AsyncClient(
        transport=_AsyncGuard(allow, most_bytes), **_plain(timeout, more.pop("headers", {})), **more
    )


def guarded_sync_client(
    *, allow: Sequence[str], timeout: httpx.Timeout, most_bytes: int, **more: Any
) -> httpx.Client:
    """Build the same for code without a loop."""
    return httpx.Client(
        transport=_SyncGuard(allow, most_bytes), **_plain(timeout, more.pop("headers", {})), **more
    )


def _plain(timeout: httpx.Timeout, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "timeout": timeout,
        "trust_env": False,
        "follow_redirects": False,
        "headers": {**_HEADERS, **headers},
    }


class _AsyncGuard(httpx.AsyncHTTPTransport):
    def __init__(self, allow: Sequence[str], most_bytes: int) -> None:
        super().__init__(retries=0, verify=trusted_certificates())
        self._allow, self._most = tuple(allow), most_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{host} is not known to this machine's name service") from error
        failed: httpx.TransportError = httpx.ConnectError(f"{host} has no address")
        for address in _judged(host, found, self._allow):
            try:
                response = await super().handle_async_request(_directed(request, host, address))
            except _NOT_REACHED as error:
                failed = error
                continue
            stream = cast("httpx.AsyncByteStream", response.stream)
            response.stream = _AsyncBounded(stream, self._most, _compressed(response))
            return response
        raise failed


class _SyncGuard(httpx.HTTPTransport):
    def __init__(self, allow: Sequence[str], most_bytes: int) -> None:
        super().__init__(retries=0, verify=trusted_certificates())
        self._allow, self._most = tuple(allow), most_bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{host} is not known to this machine's name service") from error
        failed: httpx.TransportError = httpx.ConnectError(f"{host} has no address")
        for address in _judged(host, found, self._allow):
            try:
                response = super().handle_request(_directed(request, host, address))
            except _NOT_REACHED as error:
                failed = error
                continue
            stream = cast("httpx.SyncByteStream", response.stream)
            response.stream = _SyncBounded(stream, self._most, _compressed(response))
            return response
        raise failed


def _judged(host: str, found: Sequence[Any], allow: Sequence[str]) -> tuple[str, ...]:
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    problem = addresses_problem(host, addresses, allow)
    if problem:
        raise RefusedHostError(f"{host} {problem}")
    return addresses


def _directed(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """Return the request for the address; its Host header and the name that TLS checks stay those of the host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _compressed(response: httpx.Response) -> bool:
    return response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}


class _Count:
    def __init__(self, most: int, *, compressed: bool) -> None:
        self._left, self._compressed = most, compressed

    def take(self, part: bytes) -> bytes:
        self._left -= len(part)
        if self._compressed:
            raise AnswerTooLargeError("the answer is compressed, which was not asked for")
        if self._left < 0:
            raise AnswerTooLargeError("the answer is longer than it may be")
        return part


class _AsyncBounded(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, most: int, compressed: bool) -> None:  # noqa: FBT001 (of this module alone)
        self._inner, self._count = inner, _Count(most, compressed=compressed)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            yield self._count.take(part)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _SyncBounded(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, most: int, compressed: bool) -> None:  # noqa: FBT001 (of this module alone)
        self._inner, self._count = inner, _Count(most, compressed=compressed)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            yield self._count.take(part)

    def close(self) -> None:
        self._inner.close()
