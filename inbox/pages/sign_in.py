"""Signing in and out: a name and its passphrase, or the company's identity provider."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.context import Context
from inbox.oidc import OidcError
from inbox.sessions import Way
from inbox.web import address_of, context_of, form_of, identify, local_path, render, signed_in, text_in

_NEXT: Final = "desk_next"
_WRONG: Final = "The name or the passphrase is wrong."


async def show(request: Request) -> Response:
    """Show the form; a person who is signed in is redirected."""
    context = context_of(request)
    session, _ = context.sessions.read(request)
    to = local_path(context, request.query_params.get("next"))
    if session is not None and identify(context, session) is not None:
        return RedirectResponse(to, 303)
    return _form(request, to, status=200)


async def sign_in(request: Request) -> Response:
    """Check a passphrase; the message does not reveal whether the name is known."""
    context, form = context_of(request), await form_of(request)
    to, name = local_path(context, text_in(form, "next")), text_in(form, "name").strip()[:63]
    device = context.devices.known(request, name)
    if wait := _wait_seconds(request, name, device):
        return _form(request, to, 429, f"Too many tries. Wait {_spoken(wait)} and try again.", name, wait)
    stamp = await context.users.check(name, text_in(form, "passphrase"))
    if stamp is None:
        return _form(request, to, 401, _WRONG, name)
    if device is not None:
        context.limits.devices.succeeded(device)
    else:
        context.limits.names_by_address.succeeded(_name_there(request, name))
    return _welcome(context, to, name, "password", stamp)


def _wait_seconds(request: Request, name: str, device: str | None) -> int:
    """Count a try; return how many seconds the person must wait.

    On a known device of the name only wrong passphrases on that device count: a stranger tries from elsewhere or without
    its cookie, and locks the name only for strangers.
    """
    limits = context_of(request).limits
    if device is not None:
        return limits.devices.wait_seconds(device)
    return (
        limits.sign_in.wait_seconds(address_of(request))
        or limits.names_by_address.wait_seconds(_name_there(request, name))
        or limits.names.wait_seconds(name)
    )


def _name_there(request: Request, name: str) -> str:
    return f"{name} from {address_of(request)}"


async def go_to_company(request: Request) -> Response:
    """Send the browser to the identity provider; only a short-lived cookie is set."""
    context = context_of(request)
    to = local_path(context, request.query_params.get("next"))
    if context.company is None:
        return _form(request, to, 404, "No identity provider is set up here.")
    request.session[_NEXT] = to
    try:
        return await context.company.send_there(request, f"{context.settings.inbox_url}/sign-in/company/back")
    except OidcError as error:
        return _form(request, to, 503, str(error))


async def back_from_company(request: Request) -> Response:
    """Sign in the person whom the identity provider confirms, if the approvers file has them."""
    context = context_of(request)
    to = local_path(context, request.session.pop(_NEXT, None))
    if context.company is None:
        return _form(request, to, 404, "No identity provider is set up here.")
    try:
        name = await context.company.name_of(request)
    except OidcError as error:
        return _form(request, to, 401, str(error))
    if all(one.name != name for one in context.approvers.read().approvers):
        return _form(
            request,
            to,
            403,
            f"You are signed in at the identity provider as {name[:63]!r}, but no approver of the desk goes by that name.",
        )
    return _welcome(context, to, name, "company", "")


@signed_in
async def sign_out(request: Request) -> Response:
    """End the session; its cookie is refused from now on, from other browsers too."""
    await form_of(request)
    context = context_of(request)
    response = RedirectResponse(f"{context.base}/sign-in?out=1", 303)
    context.sessions.end(response, request.state.person.session)
    return response


def _form(request: Request, to: str, status: int, wrong: str = "", name: str = "", wait: int = 0) -> Response:
    context, asked = context_of(request), request.query_params
    response = render(
        request,
        "sign_in.html",
        status,
        next=to,
        wrong=wrong,
        name=name,
        company=context.company is not None,
        ended="ended" in asked,
        unsent="unsent" in asked,
        out="out" in asked,
    )
    if wait:
        response.headers["retry-after"] = str(wait)
    return response


def _welcome(context: Context, to: str, name: str, way: Way, stamp: str) -> Response:
    response = RedirectResponse(to, 303)
    context.sessions.write(response, context.sessions.begin(name, way, stamp))
    context.devices.remember(response, name)
    return response


def _spoken(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{(seconds + 59) // 60} minutes"  # noqa: PLR2004 (two minutes)
