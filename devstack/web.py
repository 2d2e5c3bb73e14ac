"""Common parts of the embedded HTTP services: errors, keys, and a server on one port."""

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

import uvicorn
from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from devstack.ports import LOOPBACK, require_free
from dispatch.models.errors import DevStackError

_READS = {"GET", "HEAD"}


class ApiError(Exception):
    """A refusal, answered as {"error": {"code", "message"}} with its HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    @property
    def payload(self) -> dict[str, JsonValue]:
        return {"error": {"code": self.code, "message": str(self)}}


async def on_api_error(_: Request, error: Exception) -> JSONResponse:
    """Answer an ApiError."""
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.payload, error.status)


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    """Answer Starlette's own errors (no such path, wrong method) in the same shape."""
    if not isinstance(error, HTTPException):
        raise error
    refusal = ApiError(error.status_code, f"http_{error.status_code}", error.detail)
    return JSONResponse(refusal.payload, error.status_code)


async def on_storage_error(_: Request, error: Exception) -> JSONResponse:
    """Answer if SQLite is busy or its disk is full; the transaction was rolled back, so nothing was done."""
    refusal = ApiError(503, "storage_unavailable", f"the database did not take it: {error}")
    return JSONResponse(refusal.payload, refusal.status, {"Retry-After": "1"})


class KeyGate:
    """Admits clients with a key: `keys` maps each to whether it may write. /health needs none."""

    def __init__(self, app: ASGIApp, keys: Mapping[str, bool]) -> None:
        self._app = app
        self._keys = {key.encode(): may_write for key, may_write in keys.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/health":
            refusal = self._check(Request(scope))
            if refusal is not None:
                await JSONResponse(refusal.payload, refusal.status)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, request: Request) -> ApiError | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        may_write = None
        for key, allowed in self._keys.items():
            # Constant time, and every key is compared, so that the time reveals nothing about a key.
            if hmac.compare_digest(key, given.encode()) and scheme.lower() == "bearer":
                may_write = allowed
        if may_write is None:
            return ApiError(401, "unauthorised", "give a key as 'Authorization: Bearer <key>'")
        if not may_write and request.method not in _READS:
            return ApiError(403, "forbidden", "this key may only read")
        return None


class _Server(uvicorn.Server):
    """Leaves the process's signal handlers alone: two services, or a test run, share the process.

    It ends immediately. uvicorn checks ten times a second whether it should end, with further pauses, for which hundreds
    of tests would wait.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def tell(self) -> None:
        """Stop `serve`."""
        self.should_exit = True
        self._told.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 10  # uvicorn counts tenths of seconds
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, close idle ones, and let open answers finish within their grace."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - no other way
                    await asyncio.sleep(0.005)
        for answer in self.server_state.tasks:
            answer.cancel()


def port_of(url: str, setting: str) -> int:
    """Return the port that `url` names; raises DevStackError, naming the setting, if it names none."""
    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    if port is None:
        raise DevStackError(
            f"{setting} is {url!r}, which names no port; write it like http://127.0.0.1:8810."
        )
    return port


def listen(host: str, port: int, *, purpose: str, setting: str) -> socket.socket:
    """Return a listening socket; raises DevStackError, one sentence that names the setting, if the port is taken."""
    if host == LOOPBACK and port:
        require_free(port, purpose=purpose, setting=setting)
    # The protocol is named because asyncio sets TCP_NODELAY only then: without it every answer waits 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise DevStackError(
            f"port {port} on {host} for {purpose} cannot be used ({error.strerror or error}); "
            f"stop what uses it or set {setting} to a free port."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 - socket has it no other way
    return listener


@contextmanager
def listening(url: str, *, purpose: str, setting: str) -> Iterator[socket.socket]:
    """Listen where a service's URL says for the length of the block; raises DevStackError as `listen` and `port_of` do."""
    host = urlsplit(url).hostname or LOOPBACK
    with listen(host, port_of(url, setting), purpose=purpose, setting=setting) as listener:
        yield listener


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve `app` in this loop for the length of the block; open answers get one second to finish."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.tell()
        await task
