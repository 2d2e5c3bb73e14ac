"""Serves a stand-in over SQLite: queries in threads, keys, faults, and errors as answers."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.faults import FaultGate, Faults
from devstack.sqlite.database import ServiceDatabase
from devstack.sqlite.idempotency import Document
from devstack.web import ApiError, KeyGate, on_api_error, on_http_error, on_storage_error


class Reader:
    """Answers with the result of a query, which runs in a thread."""

    def __init__(self, database: ServiceDatabase) -> None:
        self._database = database

    async def health(self, service: str) -> Response:
        """Report that a service can read its data."""

        def alive(connection: sqlite3.Connection) -> Document:
            connection.execute("SELECT 1 FROM meta").fetchone()
            return {"status": "ok", "service": service}

        return await self.one(alive)

    async def list(self, query: Callable[[sqlite3.Connection], Sequence[Document]]) -> Response:
        """Return a list in the usual wrapper of such services."""
        return await self.one(lambda connection: {"data": [*query(connection)]})

    async def one(self, query: Callable[[sqlite3.Connection], Document]) -> Response:
        """Return one document; an exception of the query becomes an error answer."""

        def ask() -> Document:
            with self._database.reading() as connection:
                return query(connection)

        return JSONResponse(await run_in_threadpool(ask))


def service_app(routes: Sequence[Route], keys: Mapping[str, bool], faults: Faults | None) -> Starlette:
    """Build a service whose `keys` say which of them may write; with `faults` it can be made to fail on demand."""
    middleware = [Middleware(KeyGate, keys=keys)]
    if faults is not None:
        routes = [*routes, *faults.routes()]
        middleware.append(Middleware(FaultGate, faults=faults))
    handlers = {
        ApiError: on_api_error,
        HTTPException: on_http_error,
        sqlite3.OperationalError: on_storage_error,
    }
    return Starlette(routes=list(routes), middleware=middleware, exception_handlers=handlers)
