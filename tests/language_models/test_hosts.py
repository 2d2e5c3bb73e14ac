"""Texts of requesters reach allowed hosts alone: at start, and at each connection, whatever the name service says."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dispatch.hosts.private import addresses_problem, host_problem, is_loopback
from dispatch.hosts.transport import (
    AnswerTooLargeError,
    RefusedHostError,
    guarded_client,
    guarded_sync_client,
)
from tests.certificates import write_certificate
from tests.language_models.scripted_server import ScriptedServer, reply

PUBLIC = "93.184.216.34"


class Names:
    """A name service of the test: each lookup of a name in `.example` takes the next answer, the last for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.lookups = list(answers), 0
        real = socket.getaddrinfo

        def getaddrinfo(host: str, port: Any, *args: Any, **more: Any) -> Any:
            if not str(host).endswith(".example"):
                return real(host, port, *args, **more)
            self.lookups += 1
            found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return [entry for address in found for entry in real(address, port, *args, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def client(*allow: str, most_bytes: int = 1000) -> httpx.AsyncClient:
    return guarded_client(allow=allow, timeout=httpx.Timeout(5), most_bytes=most_bytes)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.0.9", "fd00::1"])
def test_this_machine_and_private_networks_are_allowed(host: str) -> None:
    """Without a word in any file."""
    assert host_problem(host) == ""


@pytest.mark.parametrize(
    "host",
    [PUBLIC, "169.254.169.254", "0.0.0.0", "::", "::ffff:8.8.8.8", "fe80::1", "224.0.0.1", "100.64.0.1"],  # noqa: S104 (refused)
)
def test_every_other_address_is_refused(host: str) -> None:
    """Also those where clouds keep a machine's credentials, and public ones in another notation."""
    assert "not in a private network" in host_problem(host)


def test_an_unknown_host_is_refused_at_start() -> None:
    """Nobody can say where it would lead."""
    assert "not known" in host_problem("no-such-host.invalid")


def test_what_is_listed_may_be_elsewhere() -> None:
    """A host by its name, or an address; a listed name never leads to a link-local one."""
    assert addresses_problem("model.example", [PUBLIC], ["Model.Example"]) == ""
    assert addresses_problem("model.example", [PUBLIC], [PUBLIC]) == ""
    assert addresses_problem("model.example", [PUBLIC], ["other.example"])
    assert addresses_problem("model.example", ["169.254.169.254"], ["model.example"])
    assert addresses_problem("model.example", ["10.0.0.1", PUBLIC])  # all of them, not one by luck
    assert addresses_problem("model.example", [])


def test_a_loopback_host_is_told_by_its_name() -> None:
    """What decides whether personal data is masked must not hang on a name service."""
    assert is_loopback("127.0.0.5")
    assert is_loopback("::1")
    assert is_loopback("LOCALHOST")
    assert not is_loopback("model.example")
    assert not is_loopback("10.0.0.1")


async def test_a_name_that_leads_outside_is_refused_before_a_byte_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name service is asked at the connection, not at start alone."""
    Names(monkeypatch, [PUBLIC])
    async with client() as http:
        with pytest.raises(RefusedHostError, match=r"model\.example has the address 93"):
            await http.get("http://model.example/v1/models")
    with (
        guarded_sync_client(allow=(), timeout=httpx.Timeout(5), most_bytes=9) as sync,
        pytest.raises(RefusedHostError),
    ):
        sync.get("http://model.example/v1/models")


async def test_the_connection_goes_to_the_address_that_was_judged(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name service that answers otherwise a moment later changes nothing for this request, and the next is refused."""
    server.play(reply(200, "{}"))
    names = Names(monkeypatch, ["127.0.0.1"], [PUBLIC])
    async with client() as http:
        answer = await http.get(f"http://model.example:{server.port}/v1/models")
        assert (answer.status_code, names.lookups) == (200, 1)
        assert server.headers[0]["host"] == f"model.example:{server.port}"
        with pytest.raises(RefusedHostError):
            await http.get(f"http://model.example:{server.port}/v1/models")
    assert len(server.asked) == 1


async def test_the_next_address_is_tried_where_nobody_listens(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for 'localhost', which has two addresses and often a server on one."""
    server.play(reply(200, "{}"))
    Names(monkeypatch, ["::1", "127.0.0.1"])
    async with client() as http:
        assert (await http.get(f"http://model.example:{server.port}/")).status_code == 200
    with (
        guarded_sync_client(allow=(), timeout=httpx.Timeout(5), most_bytes=9) as sync,
        pytest.raises(httpx.ConnectError),
    ):
        sync.get("http://127.0.0.1:9/")


async def test_neither_a_redirect_nor_a_proxy_leads_elsewhere(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the machine sees nothing, and a redirect is an answer like any other."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.play(reply(302, "", Location=f"http://{PUBLIC}/"))
    async with client() as http:
        assert (await http.get(server.url)).status_code == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "gzip"}])
async def test_an_answer_is_cut_off_at_its_bound(server: ScriptedServer, headers: dict[str, str]) -> None:
    """A compressed one at once: a few bytes of it can be millions."""
    server.play(reply(200, b"x" * (2000 if not headers else 20), **headers))
    async with client() as http:
        with pytest.raises(AnswerTooLargeError):
            await http.get(server.url)


@pytest.fixture
async def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Run a server over TLS with a certificate of `model.example` that is trusted; yields its port."""
    file = tmp_path / "server.pem"
    write_certificate(file, "model.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr("dispatch.hosts.transport.trusted_certificates", lambda: trusting)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_tls_checks_the_name_although_the_connection_goes_to_an_address(
    secured: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the address without the name's certificate gets nothing."""
    Names(monkeypatch, ["127.0.0.1"])
    async with client("model.example", "other.example") as http:
        assert (await http.get(f"https://model.example:{secured}/")).status_code == 200
        with pytest.raises(httpx.ConnectError, match=r"other\.example"):
            await http.get(f"https://other.example:{secured}/")
    with guarded_sync_client(allow=(), timeout=httpx.Timeout(5), most_bytes=9) as sync:
        found = await asyncio.to_thread(sync.get, f"https://model.example:{secured}/")
        assert found.status_code == 200
