"""The list of waiting requests, most urgent first, and the approval of several plain ones together."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from dispatch.models.errors import DispatchError, WorkerUnavailableError
from dispatch.models.people.decision import ApprovalKind, DecisionType
from dispatch.models.request.list_summary import ListSummary
from dispatch.models.work.playbook import Tier
from dispatch.process.list_summary import is_plain
from inbox.context import Context
from inbox.pages.not_taken_in import refused_count
from inbox.waiting import Reading
from inbox.web import (
    Person,
    Said,
    address_of,
    as_json,
    context_of,
    form_of,
    go_on,
    person_of,
    render,
    signed_in,
    text_in,
)
from runtime.gateway_types import decision_for
from runtime.rows import Row

PAGE: Final = 25
_MOST_SEARCHED: Final = 100


@dataclass(frozen=True)
class Choice:
    """The filters and the search of the person."""

    mine: bool
    desk: str
    tier: str
    search: str
    page: int

    @classmethod
    def of(cls, asked: QueryParams) -> "Choice":
        page = asked.get("page", "1")
        tier = asked.get("tier", "")
        return cls(
            mine=asked.get("whose", "mine") != "all",
            desk=asked.get("desk", "")[:40],
            tier=tier if tier in set(Tier) else "",
            search=" ".join(asked.get("search", "").split())[:_MOST_SEARCHED],
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,  # noqa: PLR2004 (five digits)
        )


@dataclass(frozen=True)
class ListedRow:
    waiting: Row
    list_summary: ListSummary | None
    mine: bool


@dataclass(frozen=True)
class Found:
    """One page of the filtered list."""

    rows: tuple[ListedRow, ...]
    total: int
    pages: int
    page: int
    desks: tuple[str, ...]
    reading: Reading
    refused: int

    @property
    def mark(self) -> str:
        """A token that changes with the page's content."""
        shown = [row.waiting for row in self.rows]
        return hashlib.sha256(
            repr((shown, self.total, self.reading.whole, self.refused)).encode()
        ).hexdigest()[:16]


@signed_in
async def show(request: Request) -> Response:
    """Show a page of the list."""
    context, choice = context_of(request), Choice.of(request.query_params)
    found = await _find(context, choice, person_of(request))
    return render(request, "waiting.html", found=found, choice=choice, tiers=tuple(Tier))


@signed_in
async def live(request: Request) -> Response:
    """Return a token that changes with the page's content; the page's script polls it every few seconds."""
    found = await _find(context_of(request), Choice.of(request.query_params), person_of(request))
    return as_json({"mark": found.mark})


@signed_in
async def approve_several(request: Request) -> Response:
    """Approve the selected plain rows of low and medium tiers, each by a separate decision on what the row showed."""
    context, form, person = context_of(request), await form_of(request), person_of(request)
    home, reason = f"{context.base}/", text_in(form, "reason").strip()
    back = text_in(form, "back")
    home += f"?{back}" if back and len(back) < 500 and "\n" not in back else ""  # noqa: PLR2004 (a query of ours)
    picks = [pick for pick in form.getlist("pick") if isinstance(pick, str)][:PAGE]
    if not picks:
        return go_on(
            request,
            home,
            Said("refused", "No request was selected", "Select the requests to approve, then send."),
        )
    if context.limits.sending.wait_seconds(address_of(request)):
        return go_on(
            request, home, Said("refused", "Too many decisions at once", "Wait a minute; nothing was sent.")
        )
    results = await asyncio.gather(*(_approve(context, pick, person.name, reason) for pick in picks))
    recorded = sum(1 for good, _ in results if good)
    problems = tuple(text for good, text in results if not good)
    head = f"{recorded} of {len(results)} approved" if problems else f"{recorded} approved"
    return go_on(request, home, Said("refused" if problems else "recorded", head, "", problems))


async def _approve(context: Context, pick: str, name: str, reason: str) -> tuple[bool, str]:
    """Approve each digest of the row, if the request still has it and it needs no signature."""
    request_id, _, rest = pick.partition("|")
    proposal_id, _, digests = rest.partition("|")
    try:
        detail = await context.desk.request_detail(request_id)
        approval_request = detail.approval_request
        if (
            approval_request is None
            or approval_request.kind is not ApprovalKind.APPROVAL
            or approval_request.proposal_id != proposal_id
        ):
            return False, f"{request_id}: what waits is not what the list showed; open it to see"
        if not is_plain(approval_request, detail.exceptions, detail.submission.sender.doubt):
            return False, f"{request_id}: it asks for a decision on its own page"
        for digest in digests.split(","):
            decision = decision_for(DecisionType.APPROVE, name, proposal_id, digest, reason)
            said = await context.desk.decide(request_id, decision)
            if not said.accepted:
                return False, f"{request_id}: {said.reason}"
    except WorkerUnavailableError:
        return False, f"{request_id}: no worker answers now; decide on its own page, where it can be left"
    except DispatchError as error:
        return False, str(error)
    finally:
        context.waiting.doubt()
    return True, ""


def _is_with(row: Row, person: Person) -> bool:
    """Check whether a request waits for this person now, as its next owner or as another approver."""
    about = row.list_summary
    return (
        row.owner in person.names if about is None else about.waits_for(person.name, person.names, row.owner)
    )


async def _find(context: Context, choice: Choice, person: Person) -> Found:
    reading = await context.waiting.current()
    of_whom = [row for row in reading.ranked if not choice.mine or _is_with(row, person)]
    wanted = choice.search.casefold()
    chosen = [
        row
        for row in of_whom
        if (not choice.desk or row.desk == choice.desk)
        and (not choice.tier or row.tier == choice.tier)
        and (not wanted or row.matches(wanted))
    ]
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(choice.page, pages)
    rows = await context.waiting.still_waiting(chosen[(page - 1) * PAGE : page * PAGE])
    return Found(
        rows=tuple(ListedRow(row, row.list_summary, _is_with(row, person)) for row in rows),
        total=len(chosen),
        pages=pages,
        page=page,
        desks=reading.desks,
        reading=reading,
        refused=await refused_count(context),
    )
