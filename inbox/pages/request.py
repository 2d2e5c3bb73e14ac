"""The page of one request: all that is needed to decide, and how it ended once it has."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from dispatch.models.decision import DecisionVerdict
from dispatch.models.dossier import Dossier
from dispatch.models.errors import DispatchError
from dispatch.models.playbook import Tier
from dispatch.models.status import Status
from dispatch.models.trail import Outcome, TrailEntry
from inbox.context import Context
from inbox.desk import Found, NobodyAnswers
from inbox.shown import Asked, ShownRequest, shown
from inbox.signing_keys import usable_keys
from inbox.web import as_json, context_of, person_of, render, request_path, signed_in

_CLOSED_PATIENCE_SECONDS = 1.0
"""How long the page of an ended request waits for a worker: what it must show is in the result."""


@signed_in
async def show(request: Request) -> Response:
    """Show the request as it stands; where no worker answers, what Temporal alone knows of it."""
    context = context_of(request)
    found = await context.desk.describe(request.path_params["request_id"])
    if not found.is_running:
        return await _ended(request, context, found)
    try:
        if found.kind == "FollowUp":
            return await _follow_up(request, context, found)
        dossier = await context.desk.dossier(found.request_id)
    except NobodyAnswers:
        return render(
            request, "unanswered.html", 503, found=found, here=request_path(context, found.request_id)
        )
    person = person_of(request)
    view = shown(dossier, person.name, person.names)
    return _page(request, found, dossier.status, dossier.trail, view=view, asked=view.other)


@signed_in
async def live(request: Request) -> Response:
    """Give what changes when the page would look otherwise, None where it would not.

    `seen` is how far the history had come when the page was made. Only where it has gone on is a worker asked, for not
    every event changes the page: that approvers were told of a request does not.
    """
    context = context_of(request)
    found = await context.desk.describe(request.path_params["request_id"])
    if found.mark == request.query_params.get("seen"):
        return as_json({"seen": found.mark, "mark": None})
    try:
        mark = await _mark(context, found)
    except NobodyAnswers:
        mark = None
    return as_json({"seen": found.mark, "mark": mark})


async def _mark(context: Context, found: Found) -> str:
    if not found.is_running:
        return mark_of(None, None)
    if found.kind == "FollowUp":
        return mark_of(await context.desk.status(found.request_id), None)
    dossier = await context.desk.dossier(found.request_id)
    return mark_of(dossier.status, dossier)


def mark_of(status: Status | None, dossier: Dossier | None) -> str:
    """Digest what a person decides by: where the request stands, what is asked, what was approved; None is closed."""
    gate = dossier.gate.model_dump_json() if dossier and dossier.gate else ""
    given = [decision.decision_id for decision in dossier.approvals] if dossier else []
    where = status.model_dump_json() if status else "closed"
    return hashlib.sha256(f"{where}\n{gate}\n{given}".encode()).hexdigest()[:16]


async def _follow_up(request: Request, context: Context, found: Found) -> Response:
    """Show a follow-up. It has no draft: it read effects back, and asks a person where one no longer stands."""
    status, trail = await asyncio.gather(
        context.desk.status(found.request_id), context.desk.trail(found.request_id)
    )
    return _page(request, found, status, trail, asked=_asked_of_follow_up(status))


async def _ended(request: Request, context: Context, found: Found) -> Response:
    """Show how it ended, from the result alone; what was drafted too, if a worker answers soon."""
    outcome = await context.desk.outcome(found.request_id) if found.kind == "Coordinator" else None
    dossier: Dossier | None = None
    try:
        async with asyncio.timeout(_CLOSED_PATIENCE_SECONDS):
            if found.kind == "Coordinator":
                dossier = await context.desk.dossier(found.request_id)
    except (DispatchError, TimeoutError):
        dossier = None  # the page says less, and nothing wrong
    person = person_of(request)
    view = shown(dossier, person.name, person.names) if dossier is not None else None
    trail = outcome.trail if outcome else dossier.trail if dossier else ()
    return _page(request, found, dossier.status if dossier else None, trail, view=view, outcome=outcome)


def _page(
    request: Request,
    found: Found,
    status: Status | None,
    trail: Sequence[TrailEntry],
    *,
    view: ShownRequest | None = None,
    asked: Sequence[Asked] = (),
    outcome: Outcome | None = None,
) -> Response:
    context, person = context_of(request), person_of(request)
    return render(
        request,
        "request.html",
        found=found,
        status=status,
        view=view,
        asked=asked,
        outcome=outcome,
        mark=mark_of(
            status if found.is_running else None, view.dossier if view and found.is_running else None
        ),
        trail=trail,
        here=request_path(context, found.request_id),
        keys=usable_keys(person.listed, context.now()),
        new_decision_id=lambda: f"d-{secrets.token_hex(8)}",
    )


def _asked_of_follow_up(status: Status) -> tuple[Asked, ...]:
    if status.proposal_id is None or status.subject_digest is None:
        return ()
    settle = Asked(
        proposal_id=status.proposal_id,
        digest=status.subject_digest,
        name="settle",
        tier=Tier.MEDIUM,
        approval="named",
        summary=status.review_point.awaiting,
        verdicts=(DecisionVerdict.APPROVE.value, DecisionVerdict.REJECT.value),
        fields=(),
        given=(),
        needed=1,
        may_decide=True,
        mine_given=False,
    )
    return (settle,)
