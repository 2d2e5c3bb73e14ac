"""The archive's HTTP side: all received mails, for clients with the archive key."""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.faults import Faults
from devstack.mail_sink.store import MailStore
from devstack.sqlite.serving import service_app
from devstack.web import ApiError


class Archive:
    """The endpoints, over one store."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/messages", self.messages),
            Route("/messages/{archive_id:int}", self.message),
            Route("/messages/{archive_id:int}/raw", self.raw),
        ]

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "service": "mail-sink"})

    async def messages(self, request: Request) -> Response:
        query = request.query_params
        if set(query) == {"message_id"}:
            found = await run_in_threadpool(self._store.by_message_id, query["message_id"])
        elif set(query) == {"recipient"}:
            found = await run_in_threadpool(self._store.by_recipient, query["recipient"])
        else:
            raise ApiError(400, "invalid_request", "ask by message_id or by recipient")
        return JSONResponse({"data": found})

    async def message(self, request: Request) -> Response:
        found = await run_in_threadpool(self._store.by_archive_id, request.path_params["archive_id"])
        if found is None:
            raise ApiError(404, "message_not_found", "there is no such message")
        return JSONResponse(found)

    async def raw(self, request: Request) -> Response:
        raw = await run_in_threadpool(self._store.raw, request.path_params["archive_id"])
        if raw is None:
            raise ApiError(404, "message_not_found", "there is no such message")
        return Response(raw, media_type="message/rfc822")


def create_app(store: MailStore, *, archive_key: str, faults: Faults | None = None) -> Starlette:
    """Build the service; with `faults`, which SMTP shares, it can be made to fail on demand."""
    # Only faults can be written here, so one key may do both.
    return service_app(Archive(store).routes(), {archive_key: True}, faults)
