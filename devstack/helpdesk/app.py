"""The helpdesk's HTTP side."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devstack.faults import Faults
from devstack.helpdesk import queries
from devstack.helpdesk.database import Database
from devstack.helpdesk.effects import KINDS, Effects, Kind
from devstack.sqlite.idempotency import Document, as_response, body_of, required_key
from devstack.sqlite.serving import Reader, service_app
from devstack.web import ApiError

Endpoint = Callable[[Request], Awaitable[Response]]


class Helpdesk:
    """The endpoints, over one database."""

    def __init__(self, database: Database, effects: Effects) -> None:
        self._reader, self._effects = Reader(database), effects

    def routes(self) -> list[Route]:
        reading = [
            Route("/health", self.health),
            Route("/people", self.people),
            Route("/people/{name}", self._single(queries.person)),
            Route("/systems", self._every(queries.systems)),
            Route("/systems/{name}", self._single(queries.system)),
            Route("/catalogue", self._every(queries.catalogue)),
            Route("/catalogue/{name}", self._single(queries.hardware)),
            Route("/status", self.outages),
        ]
        return [*reading, *(route for kind in KINDS for route in self._effect_routes(kind))]

    async def health(self, _: Request) -> Response:
        return await self._reader.health("helpdesk")

    async def people(self, request: Request) -> Response:
        address = request.query_params.get("email", "")
        if not address.strip():
            raise ApiError(400, "invalid_request", "name an address: /people?email=...")
        return await self._reader.list(lambda c: queries.people_by_email(c, address))

    async def outages(self, request: Request) -> Response:
        return await self._reader.list(lambda c: queries.outages(c, request.query_params.get("system")))

    def _effect_routes(self, kind: Kind) -> list[Route]:
        async def ask(request: Request) -> Response:
            query = request.query_params
            if set(query) == {"idempotency_key"}:
                return await self._reader.list(
                    lambda c: queries.effects_by_key(c, kind.name, query["idempotency_key"])
                )
            if set(query) == {"login"}:
                return await self._reader.list(lambda c: queries.effects_of(c, kind.name, query["login"]))
            raise ApiError(400, "invalid_request", "ask by idempotency_key, or by login")

        async def create(request: Request) -> Response:
            key, body = required_key(request), await body_of(request)
            try:
                order = kind.order.model_validate_json(body)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                at = ".".join(str(part) for part in first["loc"])
                raise ApiError(400, "invalid_request", f"{at or 'body'}: {first['msg']}") from None
            return as_response(await run_in_threadpool(self._effects.create, kind, order, key))

        async def undo(request: Request) -> Response:
            effect_id, key = request.path_params["name"], required_key(request)
            return as_response(await run_in_threadpool(self._effects.undo, kind, effect_id, key))

        one = self._single(lambda connection, name: queries.effect(connection, kind.name, name))
        return [
            Route(f"/{kind.path}", ask, methods=["GET"]),
            Route(f"/{kind.path}", create, methods=["POST"]),
            Route(f"/{kind.path}/{{name}}", one),
            Route(f"/{kind.path}/{{name}}/{kind.undo}", undo, methods=["POST"]),
        ]

    def _single(self, query: Callable[[sqlite3.Connection, str], Document]) -> Endpoint:
        async def ask(request: Request) -> Response:
            return await self._reader.one(lambda connection: query(connection, request.path_params["name"]))

        return ask

    def _every(self, query: Callable[[sqlite3.Connection], list[Document]]) -> Endpoint:
        async def ask(_: Request) -> Response:
            return await self._reader.list(query)

        return ask


def create_app(
    database: Database,
    *,
    read_key: str,
    write_key: str,
    faults: Faults | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Build the service; with `faults` it can be made to fail on demand."""
    routes = Helpdesk(database, Effects(database, clock)).routes()
    return service_app(routes, {read_key: False, write_key: True}, faults)
