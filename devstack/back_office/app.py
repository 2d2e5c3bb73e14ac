"""The back office's HTTP side."""

from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devstack.back_office import queries
from devstack.back_office.database import Database
from devstack.back_office.refunds import RefundOrder, Refunds
from devstack.faults import Faults
from devstack.sqlite.idempotency import as_response, body_of, key_of, required_key
from devstack.sqlite.serving import Reader, service_app
from devstack.web import ApiError


class BackOffice:
    """The endpoints, over one database."""

    def __init__(self, database: Database, refunds: Refunds) -> None:
        self._reader, self._refunds = Reader(database), refunds

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/customers", self.customers),
            Route("/customers/{customer_id}", self.customer),
            Route("/customers/{customer_id}/orders", self.orders_of),
            Route("/orders/{order_number}", self.order),
            Route("/orders/{order_number}/payments", self.payments_of),
            Route("/payments/{payment_id}", self.payment),
            Route("/refunds", self.refunds, methods=["GET"]),
            Route("/refunds", self.create_refund, methods=["POST"]),
            Route("/refunds/{refund_id}", self.refund),
            Route("/refunds/{refund_id}/cancel", self.cancel_refund, methods=["POST"]),
        ]

    async def health(self, _: Request) -> Response:
        return await self._reader.health("back-office")

    async def customers(self, request: Request) -> Response:
        address = request.query_params.get("email", "")
        if not address.strip():
            raise ApiError(400, "invalid_request", "name an address: /customers?email=...")
        return await self._reader.list(lambda c: queries.customers_by_email(c, address))

    async def customer(self, request: Request) -> Response:
        return await self._reader.one(lambda c: queries.customer(c, request.path_params["customer_id"]))

    async def orders_of(self, request: Request) -> Response:
        return await self._reader.list(lambda c: queries.orders_of(c, request.path_params["customer_id"]))

    async def order(self, request: Request) -> Response:
        return await self._reader.one(lambda c: queries.order(c, request.path_params["order_number"]))

    async def payments_of(self, request: Request) -> Response:
        return await self._reader.list(lambda c: queries.payments_of(c, request.path_params["order_number"]))

    async def payment(self, request: Request) -> Response:
        return await self._reader.one(lambda c: queries.payment(c, request.path_params["payment_id"]))

    async def refunds(self, request: Request) -> Response:
        query = request.query_params
        if set(query) == {"idempotency_key"}:
            return await self._reader.list(lambda c: queries.refunds_by_key(c, query["idempotency_key"]))
        if set(query) == {"customer_id", "since"}:
            since = _moment(query["since"])
            return await self._reader.list(lambda c: queries.refunds_since(c, query["customer_id"], since))
        raise ApiError(400, "invalid_request", "ask by idempotency_key, or by customer_id and since")

    async def refund(self, request: Request) -> Response:
        return await self._reader.one(lambda c: queries.refund(c, request.path_params["refund_id"]))

    async def create_refund(self, request: Request) -> Response:
        key = required_key(request)
        body = await body_of(request)
        try:
            order = RefundOrder.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            at = ".".join(str(part) for part in first["loc"])
            raise ApiError(400, "invalid_request", f"{at or 'body'}: {first['msg']}") from None
        return as_response(await run_in_threadpool(self._refunds.create, order, key))

    async def cancel_refund(self, request: Request) -> Response:
        refund_id, key = request.path_params["refund_id"], key_of(request)
        return as_response(await run_in_threadpool(self._refunds.cancel, refund_id, key))


def create_app(
    database: Database,
    *,
    read_key: str,
    write_key: str,
    faults: Faults | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """Build the service; with `faults` it can be made to fail on demand, for tests and the demo only."""
    routes = BackOffice(database, Refunds(database, clock)).routes()
    return service_app(routes, {read_key: False, write_key: True}, faults)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ApiError(
            400, "invalid_request", "since: an ISO 8601 moment with its offset, such as ...T12:00:00Z"
        )
    return moment
