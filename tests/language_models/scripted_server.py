"""A fake model server on the loopback: each exchange plays the next scene of a script, byte by byte where it must.

It speaks HTTP/1.1 over a socket of its own, so that it can also break off, drip and lie.
"""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Final

Scene = Callable[[asyncio.StreamWriter, dict[str, Any]], Awaitable[None]]
SSE: Final = "text/event-stream"
REASONS: Final = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests"}


@dataclass
class ScriptedServer:
    """What is played next, and what was asked so far; the last scene is played again and again."""

    port: int = 0
    script: list[Scene] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def play(self, *scenes: Scene) -> None:
        """Begin a new script."""
        self.script, self.connections = list(scenes), 0
        self.asked.clear()
        self.headers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                raw = await reader.readexactly(int(headers.get("content-length", "0")))
                body = {"path": first.split()[1], **(json.loads(raw) if raw else {})}
                self.asked.append(body)
                self.headers.append(headers)
                scene = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                await scene(writer, body)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """Run one, for the length of the block."""
    script = ScriptedServer()
    tasks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await script.serve(reader, writer)
        writer.close()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def reply(status: int, body: bytes | str, media_type: str = "application/json", **headers: str) -> Scene:
    """Answer at once with a whole body."""
    raw = body.encode() if isinstance(body, str) else body
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    async def scene(writer: asyncio.StreamWriter, _asked: dict[str, Any]) -> None:
        writer.write(
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\nContent-Type: {media_type}\r\n"
            f"Content-Length: {len(raw)}\r\n{more}\r\n".encode()
        )
        with suppress(ConnectionError):
            writer.write(raw)

    return scene


def error(status: int, message: str, code: str | None = None, **headers: str) -> Scene:
    """Answer with an error as OpenAI's API words it."""
    return reply(status, json.dumps({"error": {"message": message, "code": code}}), **headers)


def chunks(text: str, *, finish: str | None = "stop", usage: Sequence[int] | None = (20, 5)) -> bytes:
    """Return the events of a streamed answer, a few characters in each, a hundredth where it is long."""
    size = max(7, len(text) // 100)
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    events: list[dict[str, Any]] = [_chunk({"role": "assistant", "content": ""}, None)]
    events += [_chunk({"content": part}, None) for part in parts]
    events.append(_chunk({}, finish))
    if usage is not None:
        tokens = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
        events.append({**_chunk({}, None), "choices": [], "usage": tokens})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


def says(value: Any, *, finish: str = "stop", usage: Sequence[int] | None = (20, 5)) -> Scene:
    """Answer as a model does, streamed: a text as it is, any other value as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    return reply(200, chunks(text, finish=finish, usage=usage), SSE)


def says_unstreamed(value: Any, finish: str = "stop") -> Scene:
    """Answer in one piece, as servers do that know no streaming."""
    message = {"role": "assistant", "content": json.dumps(value)}
    whole = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }
    return reply(200, json.dumps(whole))


def refuses(words: str) -> Scene:
    """Answer with a refusal, in the field that OpenAI's API has for it."""
    events = [_chunk({"role": "assistant", "refusal": words}, None), _chunk({}, "stop")]
    return reply(200, "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n", SSE)


def endless(part: bytes, *, pause: float = 0.0, media_type: str = SSE) -> Scene:
    """Send a part again and again until the other side hangs up."""

    async def scene(writer: asyncio.StreamWriter, _asked: dict[str, Any]) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n".encode())
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return scene


def silent() -> Scene:
    """Take the question and never answer."""

    async def scene(_writer: asyncio.StreamWriter, _asked: dict[str, Any]) -> None:
        await asyncio.sleep(3600)

    return scene


def resets(begun: bytes = b"") -> Scene:
    """Break the connection with a reset, after the beginning of an answer where one is given."""

    async def scene(writer: asyncio.StreamWriter, _asked: dict[str, Any]) -> None:
        if begun:
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {SSE}\r\nContent-Length: 99999\r\n\r\n".encode())
            writer.write(begun)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return scene


def _chunk(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
