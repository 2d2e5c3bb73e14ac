"""The HTTP side of the channels."""

from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devstack.faults import Faults
from devstack.marketing.database import Database
from devstack.marketing.posts import PostOrder, Posts, post, posts_by_key, posts_on
from devstack.sqlite.idempotency import as_response, body_of, required_key
from devstack.sqlite.serving import Reader, service_app
from devstack.web import ApiError


class Channels:
    """The endpoints, over one database."""

    def __init__(self, database: Database, posts: Posts) -> None:
        self._reader, self._posts = Reader(database), posts

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/posts", self.ask, methods=["GET"]),
            Route("/posts", self.publish, methods=["POST"]),
            Route("/posts/{name}", self.one, methods=["GET"]),
            Route("/posts/{name}/takedown", self.take_down, methods=["POST"]),
        ]

    async def health(self, _: Request) -> Response:
        return await self._reader.health("marketing")

    async def ask(self, request: Request) -> Response:
        query = request.query_params
        if set(query) == {"idempotency_key"}:
            return await self._reader.list(lambda c: posts_by_key(c, query["idempotency_key"]))
        if set(query) == {"channel"}:
            return await self._reader.list(lambda c: posts_on(c, query["channel"]))
        raise ApiError(400, "invalid_request", "ask by idempotency_key, or by channel")

    async def one(self, request: Request) -> Response:
        return await self._reader.one(lambda c: post(c, request.path_params["name"]))

    async def publish(self, request: Request) -> Response:
        key, body = required_key(request), await body_of(request)
        try:
            order = PostOrder.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            at = ".".join(str(part) for part in first["loc"])
            raise ApiError(400, "invalid_request", f"{at or 'body'}: {first['msg']}") from None
        return as_response(await run_in_threadpool(self._posts.publish, order, key))

    async def take_down(self, request: Request) -> Response:
        post_id, key = request.path_params["name"], required_key(request)
        return as_response(await run_in_threadpool(self._posts.take_down, post_id, key))


def create_app(
    database: Database,
    *,
    read_key: str,
    write_key: str,
    faults: Faults | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Build the service; with `faults` it can be made to fail on demand."""
    routes = Channels(database, Posts(database, clock)).routes()
    return service_app(routes, {read_key: False, write_key: True}, faults)
