"""Bodies too large or too slow, connections that say nothing, and Temporal away."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from devstack.ports import free_port
from dispatch.models.errors import UnavailableError
from runtime.gateway import Gateway
from tests.channels.http.serving import Served, mail, problem, served, written

KB = 1024


@pytest.fixture
async def small(client: Client, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(
        Gateway.over(client), tmp_path, max_mail_bytes=64 * KB, body_seconds=0.5, head_seconds=0.5
    ) as door:
        yield door


async def _raw(door: Served, head: str, *parts: bytes, pause: float = 0) -> bytes:
    """Send bytes as they are and return all that is answered until the door closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.settings.http_port)
    try:
        writer.write(head.replace("\n", "\r\n").encode())
        for part in parts:
            await asyncio.sleep(pause)
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def _head(door: Served, *more: str) -> str:
    lines = (
        "POST /requests HTTP/1.1",
        "Host: door",
        f"Authorization: Bearer {door.key}",
        "Content-Type: message/rfc822",
        *more,
    )
    return "\n".join(lines) + "\n\n"


async def test_a_body_that_is_announced_too_large_is_not_read(small: Served) -> None:
    """The answer comes before any of it was sent, and the connection ends."""
    answer = await _raw(small, _head(small, "Content-Length: 70000"))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"65,536 bytes" in answer
    assert small.kept() == []


async def test_a_body_is_cut_off_where_it_grows_too_large(small: Served) -> None:
    """Without a length, in pieces: the door answers after what it takes, not after all of it."""
    piece = b"%x\r\n" % (16 * KB) + b"a" * (16 * KB) + b"\r\n"
    answer = await _raw(small, _head(small, "Transfer-Encoding: chunked"), *[piece] * 5)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_json_has_a_limit_of_its_own(client: Client, tmp_path: Path) -> None:
    """A mail of three megabytes is taken in, JSON of that size is not: it has no attachments."""
    async with served(Gateway.over(client), tmp_path) as door:
        long = "a" * (3 * KB * KB)
        problem(await door.post(written(text=long)), 413, "2,097,152 bytes")
        assert (await door.post_mail(mail() + long.encode())).status_code == 202


async def test_a_body_that_does_not_come_is_given_up(small: Served) -> None:
    """408, where it trickles as where it stops."""
    began = asyncio.get_running_loop().time()
    answer = await _raw(small, _head(small, "Content-Length: 1000"), *[b"a"] * 3, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert asyncio.get_running_loop().time() - began < 10


async def test_a_body_that_no_key_can_have_signed_is_not_waited_for(client: Client, tmp_path: Path) -> None:
    """Without a signing key, or with an old stamp, a stranger's slow body holds no place."""
    async with served(Gateway.over(client), tmp_path) as door:
        head = _head(door, "Content-Length: 9", "webhook-id: m", "webhook-signature: v1,AAAA")
        head = head.replace(f"Authorization: Bearer {door.key}\n", "")
        now = head.replace("webhook-id", f"webhook-timestamp: {int(time.time())}\nwebhook-id")
        old = head.replace("webhook-id", "webhook-timestamp: 1700000000\nwebhook-id")
        assert (await _raw(door, now)).startswith(b"HTTP/1.1 401 ")
        door.make_key(signed=True)
        assert (await _raw(door, old)).startswith(b"HTTP/1.1 401 ")


async def test_a_connection_that_says_nothing_is_closed(small: Served) -> None:
    """One that sends half a head, or a call and then half of the next, too."""
    half, whole = "POST /requests HTTP/1.1\nHost: door\n", "GET /health HTTP/1.1\nHost: door\n\n"
    answers = await asyncio.gather(
        _raw(small, ""), _raw(small, half), _raw(small, whole, half.encode(), pause=0.1)
    )
    assert (answers[0], answers[1]) == (b"", b"")
    assert answers[2].startswith(b"HTTP/1.1 200 ")
    assert answers[2].endswith(b"ok")


async def test_where_temporal_is_away_the_caller_sends_again(client: Client, tmp_path: Path) -> None:
    """503 with Retry-After, nothing for a person; the same call later is the request, once."""
    away = True

    async def connect() -> Client:
        if away:
            raise UnavailableError(f"Temporal does not answer at 127.0.0.1:{free_port()}")
        return client

    async with served(Gateway(connect), tmp_path) as door:
        body, headers = written(), {"Idempotency-Key": uuid.uuid4().hex}
        answer = await door.post(body, headers=headers)
        assert not problem(answer, 503, "Temporal does not answer", "Send it again")["kept"]
        assert answer.headers["retry-after"] == "5"
        assert door.kept() == []
        problem(await door.call("GET", "/requests/support-json-0000000000000000"), 503)
        away = False
        sent = (await door.post(body, headers=headers)).json()
        assert sent["new"]
        assert (await door.call("GET", f"/requests/{sent['id']}")).status_code == 200


async def test_what_cannot_be_kept_is_not_said_to_be(client: Client, tmp_path: Path) -> None:
    """A full or closed disk is 503 like an absent Temporal: the caller still has the request."""
    async with served(Gateway.over(client), tmp_path) as door:
        (door.settings.var_dir / "documents").write_text("no folder", encoding="utf-8")
        problem(await door.post(), 503, "Send it again")


async def test_more_calls_than_are_taken_at_once_wait(client: Client, tmp_path: Path) -> None:
    """A burst of slow bodies is bounded: those above the bound are told to come again, and health is still answered."""
    async with served(Gateway.over(client), tmp_path, body_seconds=3) as door:
        burst = [asyncio.create_task(_raw(door, _head(door, "Content-Length: 9"))) for _ in range(35)]
        assert (await door.http.get("/health")).is_success
        answers = await asyncio.gather(*burst)
    busy = [one for one in answers if one.startswith(b"HTTP/1.1 503 ")]
    assert len(busy) == 3
    assert all(b"retry-after: 5" in one.lower() for one in busy)
    assert sum(one.startswith(b"HTTP/1.1 408 ") for one in answers) == 32


async def test_a_fault_of_the_desk_keeps_the_request(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that the desk stumbles over is with a person, and the next one is taken in."""
    monkeypatch.setattr("channels.http.json_request.says_something", lambda _: 1 / 0)
    async with served(Gateway.over(client), tmp_path) as door:
        body = written()
        assert problem(await door.post(body), 422, "fault of the desk")["kept"]
        (entry,) = door.kept()
        assert json.loads(entry.begins) == body
        monkeypatch.undo()
        assert (await door.post()).status_code == 202
