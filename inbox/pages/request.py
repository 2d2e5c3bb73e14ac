"""The page of one request: everything that is needed to decide, or how it ended."""

import asyncio
import secrets
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from dispatch.models.errors import DispatchError, WorkerUnavailableError
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Status
from dispatch.models.trail import Outcome, TrailEntry
from dispatch.ranking.rank import waited
from dispatch.storage.documents import DocumentStore
from inbox.context import Context
from inbox.exhibits import ShownExhibit, shown_exhibits
from inbox.pages import follow_up
from inbox.signing_keys import usable_keys
from inbox.view_models import ShownRequest, mark_of, shown
from inbox.web import as_json, context_of, person_of, render, request_path, signed_in
from runtime.gateway_types import RequestDescription

_CLOSED_PATIENCE_SECONDS = 1.0
"""How long the page of an ended request waits for a worker; the required content is in the result."""


@signed_in
async def show(request: Request) -> Response:
    """Show the request; if no worker answers, only what Temporal knows of it."""
    context = context_of(request)
    found = await context.desk.describe(request.path_params["request_id"])
    if found.kind == "FollowUp":
        return await follow_up.show(request, context, found)
    if not found.is_running:
        return await _ended(request, context, found)
    try:
        detail = await context.desk.request_detail(found.request_id)
    except WorkerUnavailableError:
        return render(
            request, "unanswered.html", 503, found=found, here=request_path(context, found.request_id)
        )
    person = person_of(request)
    view = shown(detail, person.name, person.names)
    exhibits = await _exhibits(context, detail)
    return _page(request, found, detail.status, detail.trail, view=view, exhibits=exhibits)


@signed_in
async def live(request: Request) -> Response:
    """Return a token that changes with the page's content; None if the page is unchanged.

    `seen` is the length of the history when the page was made. A worker is asked only if the history has grown, because
    not every event changes the page: a notification of approvers does not.
    """
    context = context_of(request)
    found = await context.desk.describe(request.path_params["request_id"])
    if found.mark == request.query_params.get("seen"):
        return as_json({"seen": found.mark, "mark": None})
    try:
        mark = await _mark(context, found)
    except WorkerUnavailableError:
        mark = None
    return as_json({"seen": found.mark, "mark": mark})


async def _mark(context: Context, found: RequestDescription) -> str:
    if not found.is_running:
        return mark_of(None)
    if found.kind == "FollowUp":
        return mark_of(await context.desk.follow_up_detail(found.request_id))
    return mark_of(await context.desk.request_detail(found.request_id))


async def _ended(request: Request, context: Context, found: RequestDescription) -> Response:
    """Show how it ended, from the result alone; also the draft, if a worker answers soon."""
    outcome = await context.desk.outcome(found.request_id)
    detail: RequestDetail | None = None
    try:
        async with asyncio.timeout(_CLOSED_PATIENCE_SECONDS):
            detail = await context.desk.request_detail(found.request_id)
    except (DispatchError, TimeoutError):
        detail = None  # the page then has less content, but no wrong content
    person = person_of(request)
    view = shown(detail, person.name, person.names) if detail is not None else None
    trail = outcome.trail if outcome else detail.trail if detail else ()
    status, exhibits = (detail.status, await _exhibits(context, detail)) if detail else (None, ())
    return _page(request, found, status, trail, view=view, outcome=outcome, exhibits=exhibits)


async def _exhibits(context: Context, detail: RequestDetail) -> tuple[ShownExhibit, ...]:
    """Compare the exhibits' texts in a thread: long ones would hold up every other page."""
    store = DocumentStore(context.settings.documents_dir)
    return await asyncio.to_thread(shown_exhibits, detail.proposal, store)


def _page(
    request: Request,
    found: RequestDescription,
    status: Status | None,
    trail: Sequence[TrailEntry],
    *,
    view: ShownRequest | None = None,
    outcome: Outcome | None = None,
    exhibits: tuple[ShownExhibit, ...] = (),
) -> Response:
    context, person = context_of(request), person_of(request)
    rank = view.detail.rank if view and found.is_running else None
    return render(
        request,
        "request.html",
        found=found,
        rank=waited(rank, found.started, context.now()) if rank else None,
        status=status,
        view=view,
        exhibits=exhibits,
        asked=view.other if view and found.is_running else (),
        outcome=outcome,
        mark=mark_of(view.detail if view and found.is_running else None),
        trail=trail,
        here=request_path(context, found.request_id),
        keys=usable_keys(person.listed, context.now()),
        new_decision_id=lambda: f"d-{secrets.token_hex(8)}",
    )
