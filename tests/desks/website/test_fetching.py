"""Fetching pages: only listed hosts over HTTP, at addresses that were judged, within bounds of size and time."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from desks.website.fetching import FetchLimits, Hosts, address_problem, fetch, url_problem
from devstack.ports import LOOPBACK
from dispatch.models.errors import RefusedError, UnavailableError

LIMITS = FetchLimits(seconds=3, most_bytes=20_000)
OWN = Hosts(frozenset({LOOPBACK}), frozenset({LOOPBACK}))
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>hi</p>"


@asynccontextmanager
async def answering(answer: Callable[[str], bytes | None]) -> AsyncIterator[str]:
    """Serve one raw answer for each path; None never answers."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        while (await reader.readline()).strip():
            pass
        data = answer(line.split(" ")[1])
        if data is None:
            await reader.read()
        else:
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    async with server:
        yield f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"


async def test_a_page_is_fetched() -> None:
    """From a host that is configured as a private one, with its type and status."""
    async with answering(lambda _: PAGE) as url:
        got = await fetch(f"{url}/a.html", OWN, LIMITS)
    assert (got.status, got.media_type, got.data) == (200, "text/html", b"<p>hi</p>")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "scheme"),
        ("ftp://listed.example/a", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://other.example/a", "not listed"),
        ("http://listed.example@other.example/", "user name"),
        ("http://user:word@listed.example/", "user name"),
        ("http://listed.example:8080/", "port"),
        ("http://[::1", "no address"),
        ("http://listed.example.other.example/", "not listed"),
        ("//listed.example/", "scheme"),
    ],
)
def test_addresses_that_are_not_fetched(url: str, said: str) -> None:
    """Each is refused before anything is looked up."""
    assert said in url_problem(url, Hosts(frozenset({"listed.example"})))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1", "0.0.0" + ".0", "224.0.0.1", "fc00::1", "100.64.0.1", "nonsense"]
)  # fmt: skip
def test_private_addresses_are_not_reached(address: str) -> None:
    """Unless the host is configured as a private one; a public address beside it does not help."""
    hosts = Hosts(frozenset({"listed.example"}))
    assert address_problem("listed.example", ["93.184.216.34", address], hosts)
    assert not address_problem(
        "listed.example", [address], hosts._replace(private=frozenset({"listed.example"}))
    )
    assert not address_problem("listed.example", ["93.184.216.34"], hosts)


async def test_a_name_that_answers_otherwise_a_moment_later_is_looked_up_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection goes to the address that was judged (DNS rebinding)."""
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def lookup(host: Any, *args: Any, **more: Any) -> Any:
        if host != "rebinding.example":
            return await real(host, *args, **more)
        asked.append(host)
        public = len(asked) == 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1" if public else LOOPBACK, 0))]

    monkeypatch.setattr(loop, "getaddrinfo", lookup)
    hosts = Hosts(frozenset({"rebinding.example"}))
    with pytest.raises((RefusedError, UnavailableError)):
        await fetch("http://rebinding.example/", hosts, LIMITS._replace(seconds=1))
    assert asked == ["rebinding.example"]


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://169.254.169.254/latest", RefusedError),
        ("file:///etc/passwd", RefusedError),
        ("http://elsewhere.example/", RefusedError),
        ("/again", RefusedError),
    ],
)
async def test_redirects_are_judged_like_addresses(location: str, error: type[Exception]) -> None:
    """To what is not listed none is followed, and three at most in a row."""
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    async with answering(lambda _: head) as url:
        with pytest.raises(error):
            await fetch(f"{url}/a", OWN, LIMITS)


async def test_a_redirect_within_the_host_is_followed() -> None:
    """As sites do that add a slash."""
    head = b"HTTP/1.1 301 Moved\r\nLocation: /b/\r\nContent-Length: 0\r\n\r\n"
    async with answering(lambda path: PAGE if path == "/b/" else head) as url:
        assert (await fetch(f"{url}/b", OWN, LIMITS)).url == f"{url}/b/"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 30_000, "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 1\r\n\r\nx", "not_html"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "not_html"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
            "too_large",
        ),
    ],
)
async def test_what_is_no_page_is_refused(answer: bytes, code: str) -> None:
    """Too long, of another type, of none, or compressed though that was not asked for."""
    async with answering(lambda _: answer) as url:
        with pytest.raises(RefusedError) as refused:
            await fetch(f"{url}/a", OWN, LIMITS)
    assert refused.value.code == code


async def test_a_server_that_never_answers_is_given_up() -> None:
    """Within the time that the settings say, redirects included."""
    async with answering(lambda _: None) as url:
        with pytest.raises(UnavailableError):
            await fetch(f"{url}/a", OWN, LIMITS._replace(seconds=0.5))
