"""One ASGI program on one port, until it is told to stop: the inbox and the door over HTTP are served by it."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final, Literal

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dispatch.models.errors import SettingsError

HEAD_SECONDS: Final = 10
"""How long the head of a call may take to come; uvicorn (0.54) itself waits without end."""
_GRACE_SECONDS: Final = 5
_BACKLOG: Final = 2048
_MOST_CONNECTIONS: Final = 500


class _Server(uvicorn.Server):
    """Leaves the process's signal handlers to `stop_event`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """Closes a connection whose head does not come, so that slow callers cannot hold the connections."""

    _due: asyncio.TimerHandle | None = None
    head_seconds: float = HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._due is None:
            self._due = self.loop.call_later(self.head_seconds, self.transport.close)

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    lifespan: Literal["on", "off"] = "off",
    head_seconds: float = HEAD_SECONDS,
) -> None:
    """Serve until `stop` is set; answers that are under way get some seconds to finish."""
    config = uvicorn.Config(
        app,
        http=type("_Bounded", (_Protocol,), {"head_seconds": head_seconds}),
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

    Raises SettingsError, naming the setting, where the port is not to be had.
    """
    # The protocol is named because asyncio sets TCP_NODELAY only where it is: without, every answer waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"port {port} on {host} is not to be had ({error.strerror or error}); "
            f"stop what uses it, or set {setting}_PORT or {setting}_HOST."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 (socket has it no other way)
    return listener
