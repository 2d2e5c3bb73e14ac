"""The page of a follow-up check: the effects, what was read back, and the question to a person."""

import asyncio
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from dispatch.approval.requests import price_of
from dispatch.models.errors import DispatchError, WorkerUnavailableError
from dispatch.models.request.follow_up import FollowUpDetail
from dispatch.models.work.verification import ActionVerification
from inbox.context import Context
from inbox.filters import title_of
from inbox.view_models import Asked, Fact, asked_of, facts_of, mark_of
from inbox.web import Person, person_of, render, request_path
from runtime.gateway_types import RequestDescription

_CLOSED_PATIENCE_SECONDS = 1.0
"""How long the page of an ended check waits for a worker; its result shows how it ended."""


@dataclass(frozen=True)
class Check:
    """One action as it was carried out, with the effect that was read back; `found` is None before the check."""

    title: str
    acts_on: str
    why: str
    facts: tuple[Fact, ...]
    digest: str
    found: ActionVerification | None
    seen: tuple[Fact, ...]


async def show(request: Request, context: Context, found: RequestDescription) -> Response:
    """Show the check's status, or how it ended; if no worker answers, only what Temporal knows."""
    outcome = None if found.is_running else await context.desk.follow_up_outcome(found.request_id)
    detail: FollowUpDetail | None = None
    try:
        if found.is_running:
            detail = await context.desk.follow_up_detail(found.request_id)
        else:
            async with asyncio.timeout(_CLOSED_PATIENCE_SECONDS):
                detail = await context.desk.follow_up_detail(found.request_id)
    except WorkerUnavailableError:
        if found.is_running:
            here = request_path(context, found.request_id)
            return render(request, "unanswered.html", 503, found=found, here=here)
    except (DispatchError, TimeoutError):
        if found.is_running:
            raise
    return render(
        request,
        "follow_up.html",
        found=found,
        outcome=outcome,
        d=detail,
        checks=_checks(detail) if detail else (),
        asked=_asked(detail, person_of(request)) if detail else (),
        trail=detail.trail if detail else (),
        mark=mark_of(detail if found.is_running else None),
        here=request_path(context, found.request_id),
        # A settlement is never signed, so there is no key to choose.
        keys=(),
        new_decision_id=lambda: f"d-{secrets.token_hex(8)}",
    )


def _checks(detail: FollowUpDetail) -> tuple[Check, ...]:
    read_back = detail.verification.actions if detail.verification else ()
    found = {one.action_digest: one for one in read_back}

    def check(one: ActionVerification | None) -> tuple[Fact, ...]:
        return facts_of(one.observation.facts) if one and one.observation else ()

    return tuple(
        Check(
            title=title_of(bound),
            acts_on=bound.action.subject,
            why=bound.action.why,
            facts=facts_of(bound.action.parameters, price_of(bound)),
            digest=bound.digest,
            found=found.get(bound.digest),
            seen=check(found.get(bound.digest)),
        )
        for bound in detail.input.actions
    )


def _asked(detail: FollowUpDetail, person: Person) -> tuple[Asked, ...]:
    approval_request = detail.approval_request
    if approval_request is None:
        return ()
    return tuple(
        asked_of(approval_request, item, detail.approvals, None, person.name, person.names)
        for item in approval_request.items
    )
