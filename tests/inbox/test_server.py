"""The server under the inbox and the door over HTTP: callers that are slow, or hold more connections than their share."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from devstack.ports import LOOPBACK, free_port
from runtime.http_server import listen, serve

LONG = 32 * 1024 * 1024
"""More than all buffers between the server and a caller hold."""


async def _length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _long(_: Request) -> Response:
    return PlainTextResponse("a" * LONG)


@asynccontextmanager
async def _served(**bounds: Any) -> AsyncIterator[int]:
    """Serve for the length of the block; gives the port."""
    port, stop = free_port(), asyncio.Event()
    routes = [Route("/length", _length, methods=["POST"]), Route("/long", _long)]
    serving = asyncio.create_task(
        serve(Starlette(routes=routes), listen(LOOPBACK, port, "DISPATCH_INBOX"), stop, **bounds)
    )
    try:
        yield port
    finally:
        stop.set()
        await asyncio.wait_for(serving, 20)


async def _closed_after(port: int, sent: bytes, *, address: str | None = None) -> bytes:
    """Send bytes and return what comes until the server closes the connection, which it must within seconds."""
    local = (address, 0) if address else None
    reader, writer = await asyncio.open_connection(LOOPBACK, port, local_addr=local)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """Its connection is closed, as the one of a head that does not come is."""
    half = b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"
    async with _served(body_seconds=0.5) as port:
        assert await _closed_after(port, half) == b""


async def test_a_body_that_comes_piece_by_piece_in_time_is_taken() -> None:
    """The time is for the body, not for each of its pieces; and the next call on the connection has its own."""
    head = b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
    async with _served(head_seconds=1, body_seconds=1) as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        for _ in range(3):
            writer.write(head)
            for _ in range(3):
                await asyncio.sleep(0.2)
                writer.write(b"a")
            assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n3"), 10)).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    """Else the connection, and the answer in memory, would stay for as long as the caller likes."""
    async with _served(body_seconds=0.5) as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=1024)
        writer.write(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(2)
        read = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := await asyncio.wait_for(reader.read(1 << 20), 10):
                read += len(piece)
        assert read < LONG
        writer.close()


async def test_one_address_holds_no_more_than_its_share() -> None:
    """What it opens beyond it is closed at once; others, and the address itself afterwards, are served."""
    async with _served(most_of_one_address=3, head_seconds=30) as port:
        held = [await asyncio.open_connection(LOOPBACK, port) for _ in range(3)]
        assert await _closed_after(port, b"") == b""
        way = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        url = f"http://{LOOPBACK}:{port}/length"
        async with httpx.AsyncClient(transport=way, trust_env=False) as other:
            assert (await other.post(url, content="abcd")).text == "4"
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.2)
        async with httpx.AsyncClient(trust_env=False) as again:
            assert (await again.post(url, content="abc")).text == "3"
