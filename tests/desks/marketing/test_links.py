"""Links of ours are fetched through the guarded client, and only those."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import CopyForm
from desks.marketing.rules.dead_links import flags_of, to_fetch
from desks.marketing.systems.own_pages import OwnPages

_HOSTS = ("127.0.0.1",)


@asynccontextmanager
async def _server(status: int, seen: list[str]) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readline()).decode().split()[1])
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: http://elsewhere.example/\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_page_that_is_gone_is_a_dead_link() -> None:
    """Fetched once, without following where it leads."""
    for status, rules in ((404, ["link.dead"]), (200, []), (302, []), (503, ["link.unchecked"])):
        seen: list[str] = []
        async with _server(status, seen) as port:
            copy = read_source(
                f"See http://127.0.0.1:{port}/a and http://127.0.0.1:{port}/a#b", CopyForm.PLAIN
            )
            wanted = to_fetch(copy, _HOSTS)
            answers = await OwnPages(2).status_of(tuple(wanted), _HOSTS)
        assert seen == ["/a"]
        assert [flag.rule for flag in flags_of(wanted, answers)] == rules


async def test_a_stranger_s_host_is_never_fetched() -> None:
    """Nor is one that merely begins or ends like ours."""
    seen: list[str] = []
    async with _server(200, seen) as port:
        copy = read_source(f"http://localhost:{port}/x http://127.0.0.1.example.org/x", CopyForm.PLAIN)
        assert to_fetch(copy, _HOSTS) == {}
        assert await OwnPages(2).status_of((f"http://localhost:{port}/x",), _HOSTS) == {}
    assert seen == []


async def test_a_page_that_cannot_be_reached_is_told_as_that() -> None:
    """It is not taken for one that works."""
    copy = read_source("http://127.0.0.1:9/x", CopyForm.PLAIN)
    wanted = to_fetch(copy, _HOSTS)
    answers = await OwnPages(2).status_of(tuple(wanted), _HOSTS)
    assert [flag.rule for flag in flags_of(wanted, answers)] == ["link.unchecked"]
