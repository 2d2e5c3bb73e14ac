"""Shared functions of all pages: the signed-in person, the check of forms, rendering."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

from itsdangerous import BadData, URLSafeSerializer
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dispatch.approval.authority import person_named, stands_for
from dispatch.models.people.approvers import Approver
from inbox.context import Context
from inbox.sessions import Session

Page = Callable[[Request], Awaitable[Response]]

SAID: Final = "desk_said"
_SAID_SECONDS: Final = 60
_MOST_FIELDS: Final = 500


@dataclass(frozen=True)
class Person:
    """The signed-in person; `names` are their own name, their roles and the people they stand in for."""

    name: str
    full_name: str
    names: frozenset[str]
    listed: Approver | None
    session: Session


@dataclass(frozen=True)
class Said:
    """The result of a form, shown once at the top of the next page."""

    kind: str
    head: str
    text: str = ""
    more: tuple[str, ...] = ()


def context_of(request: Request) -> Context:
    """Return the context from the app factory."""
    return cast("Context", request.app.state.context)


def person_of(request: Request) -> Person:
    """Return who is signed in; for pages under `signed_in`."""
    return cast("Person", request.state.person)


def signed_in(page: Page) -> Page:
    """Require a signed-in person for a page; others are sent to the sign-in and return afterwards."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        context = context_of(request)
        session, ended = context.sessions.read(request)
        person = None if session is None else identify(context, session)
        if person is None or session is None:
            return _to_sign_in(request, ended=ended or session is not None)
        request.state.person = person
        response = await page(request)
        quiet = request.headers.get("x-live") is not None
        if (
            context.sessions.is_due(session)
            and not quiet
            and "desk_session" not in response.headers.get("set-cookie", "")
        ):
            context.sessions.write(response, session)
        return response

    return guarded


def identify(context: Context, session: Session) -> Person | None:
    """Return the person of a session from the current files; None if they may no longer sign in."""
    approvers = context.approvers.read()
    listed = person_named(approvers, session.name)
    if session.way == "password" and context.users.stamp(session.name) != session.stamp:
        return None
    if session.way == "company" and listed is None:
        return None
    names = {session.name}
    if listed is not None:
        names |= set(stands_for(approvers, listed, context.now()))
    full_name = listed.full_name if listed else session.name
    return Person(session.name, full_name, frozenset(names), listed, session)


def _to_sign_in(request: Request, *, ended: bool) -> Response:
    context = context_of(request)
    if request.headers.get("x-live"):
        return Response(status_code=401)
    path = request.url.path
    # A form whose session has ended was not sent; the person returns to the page of the form.
    target = path if request.method == "GET" else path.rsplit("/", 1)[0]
    if request.method == "GET" and request.url.query:
        target += f"?{request.url.query}"
    query = (
        {"next": target}
        | ({"ended": "1"} if ended else {})
        | ({"unsent": "1"} if request.method != "GET" else {})
    )
    return RedirectResponse(f"{context.base}/sign-in?{urlencode(query)}", status_code=303)


def local_path(context: Context, given: str | None) -> str:
    """Return a path of this site to continue to, for any input; never another site."""
    home = f"{context.base}/"
    if not given or not given.startswith(home) or "\\" in given or "\n" in given or "\r" in given:
        return home
    parts = urlsplit(given)
    if given.startswith("//") or parts.scheme or parts.netloc:
        return home
    return given


async def form_of(request: Request) -> FormData:
    """Read a form that the inbox made for this session or visit; raises HTTPException (403) for any other.

    In addition to the token, the origin that a browser sends must be this site.
    """
    context = context_of(request)
    origin = request.headers.get("origin")
    if origin not in {None, f"{request.url.scheme}://{request.url.netloc}", _origin(context)}:
        raise HTTPException(
            403, "This form came from another site and was refused. Open the page here and send it again."
        )
    form = await request.form(max_fields=_MOST_FIELDS, max_files=0)
    person = getattr(request.state, "person", None)
    bound_to = person.session.id if person is not None else context.sessions.visit(request)
    if not context.sessions.is_form_token(text_in(form, "form_token"), bound_to):
        raise HTTPException(
            403,
            "This form is invalid or has expired; nothing was sent. Go back, reload the page and send it again.",
        )
    return form


def text_in(form: FormData, name: str) -> str:
    """Return a field's text, with normalised line ends; empty if it is missing."""
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def render(request: Request, template: str, code: int = 200, **values: Any) -> Response:
    """Render a page for a signed-in or anonymous person, with the result of their last form."""
    context = context_of(request)
    person = getattr(request.state, "person", None)
    visit = None if person is not None else context.sessions.visit(request)
    said = _read_said(request, context)
    page = context.pages.get_template(template).render(
        base=context.base,
        person=person,
        form_token=context.sessions.form_token(
            person.session.id if person is not None else cast("str", visit)
        ),
        said=said,
        now=context.now(),
        temporal_ui_url=context.settings.temporal_ui_url,
        path=request.url.path,
        **values,
    )
    response = HTMLResponse(page, status_code=code)
    if visit is not None and request.cookies.get("desk_visit") != visit:
        context.sessions.write_visit(response, visit)
    if said is not None:
        response.delete_cookie(SAID, path=request.url.path)
    return response


def go_on(request: Request, path: str, said: Said | None = None) -> Response:
    """Redirect the browser to a page after a form, with the form's result."""
    context = context_of(request)
    response = RedirectResponse(f"{path}#said" if said else path, status_code=303)
    if said is not None:
        text = _said_signer(context).dumps(
            [said.kind, said.head, said.text[:1200], [one[:300] for one in said.more[:6]]]
        )
        response.set_cookie(
            SAID,
            text,
            max_age=_SAID_SECONDS,
            path=urlsplit(path).path,
            httponly=True,
            samesite="lax",
            secure=_is_https(context),
        )
    return response


def address_of(request: Request) -> str:
    """Return the client address that limits count by; for IPv6 the network of one subscriber."""
    given = request.client.host if request.client else "unknown"
    try:
        address = ip_address(given)
    except ValueError:
        return given
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)


def request_path(context: Context, request_id: str) -> str:
    """Return the path of a request's page."""
    return f"{context.base}/requests/{quote(request_id, safe='')}"


def _read_said(request: Request, context: Context) -> Said | None:
    raw = request.cookies.get(SAID)
    if not raw:
        return None
    try:
        kind, head, text, more = _said_signer(context).loads(raw)
    except (BadData, ValueError):
        return None
    return Said(kind, head, text, tuple(more))


def _said_signer(context: Context) -> URLSafeSerializer:
    return context.sessions.signer("inbox said v1")


def _origin(context: Context) -> str:
    parts = urlsplit(context.settings.inbox_url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_https(context: Context) -> bool:
    return context.settings.inbox_url.startswith("https://")


def as_json(value: Any) -> Response:
    """Return the JSON answer for a script."""
    return Response(json.dumps(value, separators=(",", ":")), media_type="application/json")
