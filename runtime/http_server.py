"""Serves one ASGI program on one port until it is stopped: the inbox or the HTTP door."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Literal

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dispatch.models.errors import SettingsError

HEAD_SECONDS: Final = 10
"""How long the head of a call may take to arrive; uvicorn (0.54) itself has no limit."""
BODY_SECONDS: Final = 60
"""How long its body may take to arrive, and how long a caller may leave an answer unread."""
MOST_OF_ONE_ADDRESS: Final = 100
"""Connections that one address may hold; a proxy in front of the server has one address for all."""
_GRACE_SECONDS: Final = 5
_BACKLOG: Final = 2048
_MOST_CONNECTIONS: Final = 500


class _Server(uvicorn.Server):
    """Leaves the process's signal handlers to `stop_event`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """Closes connections whose head or body does not arrive or whose answer is not read, and those above an address's limit.

    A slow caller therefore cannot hold connections that others need.
    """

    _due: asyncio.TimerHandle | None = None
    _due_in: Any = None
    _unread: asyncio.TimerHandle | None = None
    head_seconds: float = HEAD_SECONDS
    body_seconds: float = BODY_SECONDS
    most_of_one_address: int = MOST_OF_ONE_ADDRESS
    by_address: Counter[str]
    """Open connections of one server, shared by its protocols."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.by_address[self._address] += 1
        if (
            self.by_address[self._address] > self.most_of_one_address
            or len(self.connections) > _MOST_CONNECTIONS
        ):
            transport.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._read_again()
        # In place: the counter is the server's.
        self.by_address.subtract([self._address])
        if not self.by_address[self._address]:
            del self.by_address[self._address]
        super().connection_lost(exc)

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._read_again()
        super().resume_writing()

    def _watch(self) -> None:
        """Limit the time of the part of a call that is being received; each part has its own limit."""
        part = self.conn.their_state
        if self._due is not None and part is self._due_in:
            return
        self._forget()
        seconds = {h11.IDLE: self.head_seconds, h11.SEND_BODY: self.body_seconds}.get(part)
        if seconds is not None:
            self._due_in, self._due = part, self.loop.call_later(seconds, self.transport.close)

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _read_again(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    lifespan: Literal["on", "off"] = "off",
    head_seconds: float = HEAD_SECONDS,
    body_seconds: float = BODY_SECONDS,
    most_of_one_address: int = MOST_OF_ONE_ADDRESS,
) -> None:
    """Serve until `stop` is set; running answers get some seconds to finish."""
    bounds = {
        "head_seconds": head_seconds,
        "body_seconds": body_seconds,
        "most_of_one_address": most_of_one_address,
        "by_address": Counter[str](),
    }
    config = uvicorn.Config(
        app,
        http=type("_Bounded", (_Protocol,), bounds),
        ws="none",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    with listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            stopping.cancel()
            await serving


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Return a listening socket; `setting` is the part of the settings' names before HOST and PORT.

    Raises SettingsError, naming the setting, if the port cannot be used.
    """
    # The protocol is named because asyncio sets TCP_NODELAY only then: without it every answer waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"port {port} on {host} cannot be used ({error.strerror or error}); "
            f"stop what uses it, or set {setting}_PORT or {setting}_HOST."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 (socket has it no other way)
    return listener
