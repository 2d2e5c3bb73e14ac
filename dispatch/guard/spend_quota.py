"""Reservations of one customer: which come first, what replaces what, and how long each counts.

Reservations are in a total order. Of two requests the later one sees the earlier one's claims, so at least one of them is
judged by their sum. A repeat with the same claims keeps its place and sees what it saw; other claims go to the end.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from dispatch.models.canonical import digest_of
from dispatch.models.money import Money
from dispatch.models.work.parameters import IssueRefund
from dispatch.models.work.proposal import BoundAction
from dispatch.models.work.spend_quota import (
    QUOTA_PREFIX,
    Claim,
    CloseRequest,
    QuotaEntry,
    QuotaState,
    Reserved,
    ReserveRequest,
)

MOST_ENTRIES: Final = 200
"""Requests of one customer that are counted at a time; more go to a person at the strictest tier."""

OPEN_AT_MOST: Final = timedelta(days=180)
"""A reservation of a request that never says that it ended (it was terminated) lapses after this."""

REMEMBERED_FOR: Final = timedelta(hours=1)
"""How long an ended request that paid nothing is remembered, so that a late attempt reserves nothing for it."""

Claims = dict[str, tuple[Claim, ...]]
"""By owner: whose quota the claims count in."""


def _refund(bound: BoundAction) -> tuple[str, Claim]:
    refund = IssueRefund.model_validate(bound.action.parameters)
    amount = Money(amount_minor=refund.amount_minor, currency=refund.currency)
    return refund.customer_id, Claim(
        idempotency_key=bound.idempotency_key, account=refund.payment_id, amount=amount
    )


_CLAIMING: Final[Mapping[str, Callable[[BoundAction], tuple[str, Claim]]]] = {"issue_refund": _refund}
"""Actions that reserve before they run; all others cost no extra step."""


def claims_of(actions: Iterable[BoundAction]) -> Claims:
    """Return what some actions would spend, by owner; one whose parameters are wrong claims nothing, for it is blocked."""
    claims: Claims = {}
    for bound in actions:
        read = _CLAIMING.get(bound.action.name)
        if read is None:
            continue
        try:
            owner, claim = read(bound)
        except ValidationError:
            continue
        claims[owner] = (*claims.get(owner, ()), claim)
    return claims


def quota_id(task_queue: str, desk: str, owner: str) -> str:
    """Return the id of an owner's quota; a digest, for ids are shown and kept where personal data must not be.

    The queue is part of it: two installations in one namespace have different customers under the same number.
    """
    return f"{QUOTA_PREFIX}{digest_of([task_queue, desk, owner])[:32]}"


def reserve(state: QuotaState, request: ReserveRequest, now: datetime) -> tuple[Reserved, QuotaState]:
    """Reserve a request's claims and return those of others that count before them."""
    state = pruned(state, now)
    own = [entry for entry in state.entries if entry.request_id == request.request_id]
    if any(request.as_of <= (entry.closed_at or entry.as_of) for entry in own):
        # A repeat, or an attempt overtaken by a later reservation or by the end.
        return _seen(state, request, now), state
    held = next((entry for entry in own if entry.closed_at is None), None)
    if held is not None and set(held.claims) == set(request.claims):
        return _seen(state, request, now), state
    entries = tuple(entry for entry in state.entries if entry is not held)
    if len(entries) >= MOST_ENTRIES:
        return Reserved(others=_claims(entries, request, now), full=True), state
    entry = QuotaEntry(
        request_id=request.request_id,
        as_of=request.as_of,
        claims=request.claims,
        expires_at=now + OPEN_AT_MOST,
        window=request.window,
    )
    return Reserved(others=_claims(entries, request, now)), QuotaState(entries=(*entries, entry))


def close(state: QuotaState, request: CloseRequest, now: datetime) -> QuotaState:
    """Release what a request reserved and did not pay; what it paid counts until its window is over."""
    own = [entry for entry in state.entries if entry.request_id == request.request_id]
    if not own:
        return pruned(state, now)
    paid = {c.idempotency_key: c for entry in own for c in entry.claims if c.idempotency_key in request.paid}
    window = max(entry.window for entry in own)
    closed = QuotaEntry(
        request_id=request.request_id,
        as_of=max(entry.as_of for entry in own),
        claims=tuple(paid.values()),
        expires_at=now + (window if paid else REMEMBERED_FOR),
        closed_at=now,
        window=window,
    )
    # In the first one's place: who came after it had to see it and has.
    entries = tuple(closed if entry is own[0] else entry for entry in state.entries if entry not in own[1:])
    return pruned(QuotaState(entries=entries), now)


def pruned(state: QuotaState, now: datetime) -> QuotaState:
    """Return the state without what has lapsed."""
    kept = tuple(entry for entry in state.entries if entry.expires_at > now)
    return state if kept == state.entries else QuotaState(entries=kept)


def next_lapse(state: QuotaState) -> datetime | None:
    """Return when the next entry lapses; None if there is none."""
    return min((entry.expires_at for entry in state.entries), default=None)


def _seen(state: QuotaState, request: ReserveRequest, now: datetime) -> Reserved:
    """Answer without a change: what stands before the request's last entry."""
    last = max(i for i, entry in enumerate(state.entries) if entry.request_id == request.request_id)
    return Reserved(others=_claims(state.entries[:last], request, now))


def _claims(entries: Iterable[QuotaEntry], request: ReserveRequest, now: datetime) -> tuple[Claim, ...]:
    counting = (
        entry
        for entry in entries
        if entry.request_id != request.request_id
        and (entry.closed_at is None or entry.closed_at > now - request.window)
    )
    return tuple(claim for entry in counting for claim in entry.claims)
