"""The app factory: all parts are injected; routes and limits are defined here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dispatch.models.errors import (
    DispatchError,
    RequestClosedError,
    RequestNotFoundError,
    SettingsError,
    TemporalUnavailableError,
    WorkerUnavailableError,
)
from dispatch.rate_limits import Lockout, RateLimit
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_keys import KeyStore
from dispatch.storage.secret_file import standing_secret
from inbox.context import Context, Limits
from inbox.devices import Devices
from inbox.filters import FILTERS, revealed
from inbox.oidc import STATE_SECONDS, OidcProvider
from inbox.pages import answer, decide, keys, pictures, request, sign_in, usage, waiting
from inbox.pages import not_taken_in as refused
from inbox.passwords import Users
from inbox.security import SecurityMiddleware
from inbox.sessions import Sessions
from inbox.waiting import WaitingList
from inbox.web import render
from runtime.answer_links import answer_links_from
from runtime.doors.refusals import not_taken_in
from runtime.gateway import Connect, Gateway
from runtime.settings import Settings

USERS_FILE = "inbox_users.yaml"
WORKER_TIMEOUT: Final = timedelta(seconds=6)
"""How long a page waits for the answer of a worker."""
LOOK_TIMEOUT: Final = timedelta(seconds=3)
"""How long it waits for the answer of Temporal itself."""
_WORDS: Final[dict[type[Exception], tuple[int, str, bool]]] = {
    RequestNotFoundError: (404, "There is no such request", False),
    RequestClosedError: (409, "This request is closed", False),
    WorkerUnavailableError: (503, "No worker answers now", True),
    TemporalUnavailableError: (503, "Temporal cannot be reached", True),
}
_REMEDIES: Final[dict[type[Exception], str]] = {
    RequestNotFoundError: "The address may be incomplete, or the request was deleted after its time.",
    RequestClosedError: "It takes no more decisions; its page shows how it ended.",
    WorkerUnavailableError: "The request is safe; only its details cannot be shown. Try again when a worker runs.",
    TemporalUnavailableError: "Nothing is lost: requests and decisions are kept there. Try again in a moment.",
}
_HERE = Path(__file__).parent
_MINUTE = timedelta(minutes=1)


def create_app(
    settings: Settings,
    connect: Connect,
    *,
    approvers: ApproversFile | None = None,
    keys: KeyStore | None = None,
    users: Users | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    worker_timeout: timedelta = WORKER_TIMEOUT,
) -> Starlette:
    """Build the inbox; `connect` returns the Temporal client when it is first needed.

    `worker_timeout` is how long a page waits for a worker before it says that none answers.

    Raises SettingsError if a secret cannot be stored or the identity provider's settings are incomplete.
    """
    desk = Gateway(connect, worker_timeout, LOOK_TIMEOUT)
    secret = _session_secret(settings)
    https = settings.inbox_url.startswith("https://")
    sessions = Sessions(
        secret,
        idle=timedelta(minutes=settings.inbox_idle_minutes),
        longest=timedelta(hours=settings.inbox_session_hours),
        secure=https,
        now=now,
    )
    context = Context(
        settings=settings,
        desk=desk,
        waiting=WaitingList(desk, now),
        refused=not_taken_in(settings),
        users=users or Users(settings.var_dir / USERS_FILE),
        approvers=approvers or ApproversFile(settings.approvers_path),
        keys=keys or KeyStore(settings.keys_path),
        sessions=sessions,
        devices=Devices(sessions.signer("inbox device v1"), secure=https, now=now),
        limits=Limits(
            sign_in=RateLimit(20, _MINUTE, now),
            names_by_address=Lockout(5, _MINUTE, timedelta(minutes=15), now),
            devices=Lockout(5, _MINUTE, timedelta(minutes=15), now),
            # Far above what the locks allow one address: only many addresses together reach it.
            names=RateLimit(60, timedelta(hours=1), now),
            # A separate limit: anybody can type a name, and that must not lock the person's key.
            keys=Lockout(5, _MINUTE, timedelta(minutes=15), now),
            sending=RateLimit(60, _MINUTE, now),
            answers=RateLimit(60, _MINUTE, now),
        ),
        company=_company(settings),
        answer_secret=answer_links_from(settings).secret,
        pages=_pages(),
        now=now,
        base=urlsplit(settings.inbox_url).path.rstrip("/"),
        static=_HERE / "static",
    )
    routes = _routes(secret, https=https)
    if context.base:
        # A health check calls the process directly, without the proxy's path.
        routes = [_HEALTH, Mount(context.base, routes=routes)]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityMiddleware, https=https),
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(settings), www_redirect=False),
        ],
        exception_handlers={
            HTTPException: _on_http,
            RequestNotFoundError: _on_desk,
            RequestClosedError: _on_desk,
            WorkerUnavailableError: _on_desk,
            TemporalUnavailableError: _on_desk,
            DispatchError: _on_desk,
        },
        lifespan=_lifespan,
    )
    app.state.context = context
    return app


def _routes(secret: str, *, https: bool) -> list[BaseRoute]:
    company_session = Middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie="desk_company",
        max_age=STATE_SECONDS,
        same_site="lax",
        https_only=https,
    )
    return [
        Route("/", waiting.show, methods=["GET"]),
        Route("/live", waiting.live, methods=["GET"]),
        Route("/approve", waiting.approve_several, methods=["POST"]),
        Route("/requests/{request_id}", request.show, methods=["GET"]),
        Route("/requests/{request_id}/live", request.live, methods=["GET"]),
        Route("/requests/{request_id}/pictures/{sha256}", pictures.show, methods=["GET"]),
        Route("/requests/{request_id}/decide", decide.decide, methods=["POST"]),
        Route("/requests/{request_id}/approve", decide.approve_together, methods=["POST"]),
        Route("/requests/{request_id}/sign", decide.sign, methods=["POST"]),
        Route(refused.PATH, refused.show, methods=["GET"]),
        Route(f"{refused.PATH}/{{refused_id}}", refused.decide, methods=["POST"]),
        Route("/usage", usage.show, methods=["GET"]),
        Route("/keys", keys.show, methods=["GET"]),
        Route("/sign-in", sign_in.show, methods=["GET"]),
        Route("/sign-in", sign_in.sign_in, methods=["POST"]),
        Route("/sign-in/company", sign_in.go_to_company, methods=["GET"], middleware=[company_session]),
        Route(
            "/sign-in/company/back", sign_in.back_from_company, methods=["GET"], middleware=[company_session]
        ),
        Route("/sign-out", sign_in.sign_out, methods=["POST"]),
        Route("/answer/{token}", answer.show, methods=["GET"]),
        Route("/answer/{token}", answer.take, methods=["POST"]),
        _HEALTH,
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]


async def _health(_: Request) -> Response:
    """Report that the process serves; the pages report whether Temporal does."""
    return Response("ok", media_type="text/plain")


_HEALTH: Final = Route("/health", _health, methods=["GET"])


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    context: Context = app.state.context
    # Read the list before anybody asks for it; if Temporal is unavailable, the first page says so.
    reading = asyncio.ensure_future(context.waiting.current())
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await context.waiting.close()


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer requests without a page (no such path, a form of another site)."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    checkpoints = {404: "There is no such page", 405: "This page takes no such request", 403: "Not taken"}
    text = "Go to the list of waiting requests." if status == 404 else detail  # noqa: PLR2004 (HTTP's not found)
    return render(
        request,
        "message.html",
        status,
        head=checkpoints.get(status, "This did not work"),
        text=text,
        retry=False,
    )


async def _on_desk(request: Request, error: Exception) -> Response:
    """Answer with a clear page if the desk cannot be reached or has no such request."""
    kind = type(error)
    status, head, retry = _WORDS.get(kind, (500, "This cannot be shown", True))
    text = _REMEDIES.get(kind, f"{error}.")
    response = render(request, "message.html", status, head=head, text=text, retry=retry)
    if retry:
        response.headers["retry-after"] = "5"
    return response


def _pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("inbox", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=revealed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= FILTERS
    return pages


def _session_secret(settings: Settings) -> str:
    if settings.inbox_secret is not None:
        return settings.inbox_secret.get_secret_value()
    return standing_secret(settings.var_dir / "inbox.secret", "DISPATCH_INBOX_SECRET")


def _company(settings: Settings) -> OidcProvider | None:
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id or not settings.inbox_url:
        raise SettingsError(
            "DISPATCH_OIDC_ISSUER is set without DISPATCH_OIDC_CLIENT_ID or DISPATCH_INBOX_URL; set all three, or none."
        )
    where = urlsplit(settings.oidc_issuer)
    if where.scheme == "http" and where.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise SettingsError(
            "DISPATCH_OIDC_ISSUER begins with http, so anybody on the way could sign in; use https."
        )
    return OidcProvider(settings)


def _hosts(settings: Settings) -> list[str]:
    """List the host names that we answer to; another name in a request's Host comes from a foreign page."""
    named = urlsplit(settings.inbox_url).hostname
    return [host for host in (named, settings.inbox_host, "127.0.0.1", "localhost") if host]
