"""Requests that a door refused: the reason, the first lines, and the choice to take each in anyway or to leave it."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from dispatch.models.errors import DispatchError
from dispatch.playbooks.desk_folders import load_reception
from dispatch.storage.not_taken_in import RefusedFile
from inbox.context import Context
from inbox.web import (
    Person,
    Said,
    address_of,
    context_of,
    form_of,
    go_on,
    person_of,
    render,
    signed_in,
    text_in,
)
from runtime.doors.refusals import take_in_anyway
from runtime.settings import SHIPPED_DESKS

PATH: Final = "/not-taken-in"
_MOST: Final = 50
_UNCHANGED: Final = "Nothing was done"


async def refused_count(context: Context) -> int:
    """Return how many wait, for the list of requests, which must be shown even if this count fails."""
    try:
        return await asyncio.to_thread(context.refused.count)
    except DispatchError:
        return 0


@signed_in
async def show(request: Request) -> Response:
    """Show the waiting entries, oldest first, and the recently decided ones."""
    context = context_of(request)
    waiting, decided, total = await asyncio.gather(
        asyncio.to_thread(context.refused.waiting, _MOST),
        asyncio.to_thread(context.refused.decided),
        asyncio.to_thread(context.refused.count),
    )
    deciders = await _deciders(context)
    return render(
        request,
        "not_taken_in.html",
        waiting=waiting,
        decided=decided,
        total=total,
        deciders=deciders,
        may_decide=_may_decide(person_of(request), deciders),
        here=f"{context.base}{PATH}",
    )


@signed_in
async def decide(request: Request) -> Response:
    """Take a file in anyway, or leave it; who did so and when is kept with it."""
    context, form, person = context_of(request), await form_of(request), person_of(request)
    here, choice = f"{context.base}{PATH}", text_in(form, "choice")
    if wait := context.limits.sending.wait_seconds(address_of(request)):
        return go_on(
            request,
            here,
            Said("refused", _UNCHANGED, f"Too many at once; wait {wait} seconds and try again."),
        )
    deciders = await _deciders(context)
    if not _may_decide(person, deciders):
        return go_on(
            request, here, Said("refused", _UNCHANGED, f"Only {', '.join(deciders)} may decide this.")
        )
    refused = await asyncio.to_thread(context.refused.get, request.path_params["refused_id"])
    if refused is None or choice not in {"take", "leave"}:
        return go_on(request, here, Said("refused", _UNCHANGED, "There is no such file in the list."))
    if refused.choice is not None:
        return go_on(request, here, Said("refused", _UNCHANGED, _decided(refused)))
    try:
        said = await (_take if choice == "take" else _leave)(context, refused, person)
    except DispatchError as error:
        said = Said("refused", _UNCHANGED, f"{error}.")
    return go_on(request, here, said)


async def _take(context: Context, refused: RefusedFile, person: Person) -> Said:
    submitted = await take_in_anyway(context.desk, context.settings, refused, person.name)
    # Recorded after the start: a crash between the two leaves it in the list, and a second start is the same request.
    kept = await asyncio.to_thread(
        context.refused.decide,
        refused.refused_id,
        "taken",
        person.name,
        context.now(),
        submitted.request_id,
    )
    context.waiting.doubt()
    if kept is not None and kept.choice != "taken":
        return Said("refused", "Taken in", f"{_decided(kept)} Its request is {submitted.request_id}.")
    known = "" if submitted.new else " The same content had been taken in before: it is one request."
    return Said(
        "recorded",
        "Taken in",
        f"{refused.name} is {submitted.request_id} and waits for the reception.{known}",
    )


async def _leave(context: Context, refused: RefusedFile, person: Person) -> Said:
    kept = await asyncio.to_thread(
        context.refused.decide, refused.refused_id, "left", person.name, context.now()
    )
    if kept is not None and kept.choice != "left":
        return Said("refused", _UNCHANGED, _decided(kept))
    return Said("recorded", "Left", f"{refused.name} is not taken in; the file stays where it is.")


async def _deciders(context: Context) -> tuple[str, ...]:
    """Return who may decide here: the approvers of routing, because they get the requests that are taken in anyway."""
    reception = await asyncio.to_thread(load_reception, SHIPPED_DESKS, context.settings.playbooks_dir)
    return reception.routing.approvers


def _may_decide(person: Person, deciders: tuple[str, ...]) -> bool:
    return bool(person.names & set(deciders))


def _decided(refused: RefusedFile) -> str:
    what = f"taken in as {refused.request_id}" if refused.choice == "taken" else "left"
    return f"{refused.name} was {what} by {refused.decided_by} before."
