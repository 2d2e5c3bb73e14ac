"""What each way of failing over HTTP means, and what its text may say."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from pydantic import JsonValue, TypeAdapter

from desks.support.systems.records import Records
from devstack.ports import free_port
from dispatch.http import exchange, http_client, retry_after
from dispatch.models.errors import ClientError, OutcomeUnknownError, RefusedError, UnavailableError
from tests.servers import BackOfficeService

ANYTHING: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


async def call(url: str, method: str, path: str = "/orders/DD-10001", timeout: float = 2) -> JsonValue:  # noqa: ASYNC109 - httpx keeps it
    async with http_client(base_url=url, key="test-write", timeout_seconds=timeout) as http:
        return await exchange(
            http, "POST" if method == "POST" else "GET", path, system="back office", answer=ANYTHING
        )


@pytest.mark.parametrize(
    ("status", "get", "post"),
    [
        (400, RefusedError, RefusedError),
        (402, RefusedError, RefusedError),
        (404, RefusedError, RefusedError),
        (409, RefusedError, RefusedError),
        (422, RefusedError, RefusedError),
        (408, UnavailableError, UnavailableError),
        (429, UnavailableError, UnavailableError),
        (503, UnavailableError, UnavailableError),
        (500, UnavailableError, OutcomeUnknownError),
        (502, UnavailableError, OutcomeUnknownError),
        (504, UnavailableError, OutcomeUnknownError),
    ],
)
async def test_a_status_means_one_thing(
    read_only: BackOfficeService, status: int, get: type[ClientError], post: type[ClientError]
) -> None:
    """A read that failed was not done; a change behind a failing gateway may have been."""
    for method, expected in (("GET", get), ("POST", post)):
        await read_only.arm(f"{method} /refunds", "status", status=status)
        with pytest.raises(ClientError) as failed:
            await call(read_only.url, method, "/refunds")
        assert type(failed.value) is expected


@pytest.mark.parametrize("header", [2, "2", "0"])
async def test_retry_after_in_seconds_is_passed_on(read_only: BackOfficeService, header: str | int) -> None:
    """The system's Retry-After reaches the code that schedules the next attempt."""
    await read_only.arm("GET *", "status", status=429, retry_after=header)
    with pytest.raises(UnavailableError) as failed:
        await call(read_only.url, "GET")
    assert failed.value.retry_after_seconds == float(header)


async def test_retry_after_as_a_date_is_passed_on(read_only: BackOfficeService) -> None:
    """The other form that HTTP allows."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    await read_only.arm("GET *", "status", status=503, retry_after=date)
    with pytest.raises(UnavailableError) as failed:
        await call(read_only.url, "GET")
    assert failed.value.retry_after_seconds is not None
    assert 50 < failed.value.retry_after_seconds <= 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("nan", None),
        ("Fri, 99 Foo 2026 00:00:00 GMT", None),
        ("Tue, 10 Mar 2026 12:00:30 GMT", 30.0),
        ("Tue, 10 Mar 2026 12:00:30 -0000", 30.0),
        ("Tue, 10 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_or_left(header: str | None, seconds: float | None) -> None:
    """Seconds or a date; a date that has passed is now, rubbish is nothing said."""
    assert retry_after(header, datetime(2026, 3, 10, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_closed_port_means_nothing_was_done(method: str) -> None:
    """What was never sent can simply be tried again, a POST too."""
    with pytest.raises(UnavailableError, match="was not sent"):
        await call(f"http://127.0.0.1:{free_port()}", method)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_free_connection_means_nothing_was_done(read_only: BackOfficeService, method: str) -> None:
    """Waiting in our own queue is not a call: a pool that gives no connection is Unavailable."""
    await read_only.arm("GET /orders/DD-10002", "slow", delay_seconds=1)
    limits = httpx.Limits(max_connections=1)
    timeout = httpx.Timeout(5, pool=0.1)
    headers = {"Authorization": f"Bearer {read_only.write_key}"}
    async with httpx.AsyncClient(
        base_url=read_only.url, limits=limits, timeout=timeout, headers=headers
    ) as http:
        hog = asyncio.create_task(http.get("/orders/DD-10002"))
        await asyncio.sleep(0.1)
        with pytest.raises(UnavailableError, match="PoolTimeout"):
            await exchange(http, "POST" if method == "POST" else "GET", "/x", system="s", answer=ANYTHING)
        await hog


@pytest.mark.parametrize("fault", ["drop_before_commit", "slow"])
async def test_a_read_that_is_cut_off_is_unavailable(read_only: BackOfficeService, fault: str) -> None:
    """Reading changes nothing, so a lost answer is only a lost answer."""
    await read_only.arm("GET /orders/*", fault, delay_seconds=0 if fault != "slow" else 20)
    with pytest.raises(UnavailableError, match="was not answered"):
        await call(read_only.url, "GET", timeout=0.3)


async def _answering(raw: bytes) -> tuple[asyncio.Server, str]:
    """Serve the same bytes to everyone."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _page(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    ("raw", "get", "post"),
    [
        (_page("200 OK", b"<html>not json"), RefusedError, OutcomeUnknownError),
        (_page("302 Found", b""), RefusedError, RefusedError),
        (_page("502 Bad Gateway", b"<html>proxy"), UnavailableError, OutcomeUnknownError),
        (b"", UnavailableError, OutcomeUnknownError),
        (b"SSH-2.0-nonsense\r\n", UnavailableError, OutcomeUnknownError),
        (_page("200 OK", b"{}")[:-1], UnavailableError, OutcomeUnknownError),
    ],
)
async def test_an_answer_that_makes_no_sense_is_never_a_success(
    raw: bytes, get: type[ClientError], post: type[ClientError]
) -> None:
    """Half an answer, another protocol, a proxy's page: of a change it leaves the outcome unknown."""
    server, url = await _answering(raw)
    async with server:
        for method, expected in (("GET", get), ("POST", post)):
            with pytest.raises(ClientError) as failed:
                await call(url, method)
            assert type(failed.value) is expected


async def test_a_row_of_another_shape_is_refused_without_showing_it() -> None:
    """A field too many, or one missing, is no order; the text says where, not what stood there."""
    server, url = await _answering(_page("200 OK", b'{"order_number": "DD-1", "secret": "hunter2"}'))
    async with server:
        records = Records(http_client(base_url=url, key="k", timeout_seconds=2))
        with pytest.raises(RefusedError) as failed:
            await records.order("DD-1")
        await records.close()
    assert failed.value.code == "malformed_answer"
    assert "hunter2" not in str(failed.value)


async def test_what_a_system_says_is_bounded_and_holds_no_secret() -> None:
    """A page of text, control characters and our own key stay out of the error; the code is kept."""
    said = b'{"error": {"code": "nope", "message": "%s\\u001b[31m\\n"}}' % (b"x" * 5000)
    server, url = await _answering(_page("422 Unprocessable", said))
    async with server, http_client(base_url=url, key="s3cret-key", timeout_seconds=2) as http:
        with pytest.raises(RefusedError) as failed:
            await exchange(
                http,
                "GET",
                "/customers",
                system="s",
                answer=ANYTHING,
                params={"email": "anna@post.example"},
            )
    text = str(failed.value)
    assert failed.value.code == "nope"
    assert len(text) == 300
    assert text.isprintable()
    assert "s3cret" not in text
    assert "anna" not in text


async def test_calls_say_who_they_are(read_only: BackOfficeService) -> None:
    """The other side's logs show our name, and no proxy of the machine sees the key."""
    async with read_only.http() as http:
        assert http.headers["User-Agent"] == "dispatch-desk"
        assert not http.trust_env
