"""What a row of the list says of a request beyond visibility: tier, amount, why. Asked of the request itself.

Search attributes hold no amount and no word of a customer, so these come from the request's own `dossier`, for the rows of a
page only, a few at a time and with a short patience; what comes later is kept for the next look. Where nobody answers, the
row shows a dash.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dispatch.models.errors import DispatchError
from dispatch.models.playbook import Tier
from dispatch.models.records import Money, format_money
from inbox.desk import Desk
from inbox.waiting import Waiting

PATIENCE_SECONDS: Final = 0.08
"""How long a page waits for its rows' answers."""
AT_ONCE: Final = 8
"""Queries under way at once: each may make a worker read a whole history."""
FRESH_SECONDS: Final = 15.0
"""An older answer is shown and asked for again, for somebody may have approved what two people must."""
AGAIN_SECONDS: Final = 10.0
"""How long a request that nobody answered for is let be."""
MOST_KEPT: Final = 5000
BULK_TIERS: Final = frozenset({Tier.LOW, Tier.MEDIUM})
_IN_COLUMNS: Final = ("tier.", "refund.amount_tier")
_RANK: Final = {tier: rank for rank, tier in enumerate(Tier)}


@dataclass(frozen=True)
class Glance:
    """The gate of one waiting request in a line; `digests` of all that one plain decision may approve, else none."""

    subject: str = ""
    requester: str = ""
    tier: Tier | None = None
    amount: str = ""
    why: str = ""
    proposal_id: str = ""
    digests: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


class Glances:
    """Asks, and keeps what was answered for as long as the request waits for the same thing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: dict[tuple[object, ...], tuple[Glance, float]] = {}
        self._asked: dict[tuple[object, ...], asyncio.Task[None]] = {}
        self._silent = False
        self._in_vain: dict[tuple[object, ...], float] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    def known(self, row: Waiting) -> Glance | None:
        kept = self._kept.get(row.mark)
        return kept[0] if kept is not None else None

    async def look(self, rows: Sequence[Waiting], patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Ask for the rows that are not known yet and wait a moment; the questions go on after that."""
        for row in rows:
            if self._is_due(row.mark):
                self._asked[row.mark] = asyncio.create_task(self._ask(row))
        new = [row.mark for row in rows if row.mark not in self._kept]
        waiting = {self._asked[mark] for mark in new if mark in self._asked}
        if waiting:
            # Where nobody answered last there is nothing to wait for; what comes after all is there at the next look.
            await asyncio.wait(waiting, timeout=0 if self._silent else patience_seconds)

    def _is_due(self, mark: tuple[object, ...]) -> bool:
        """Tell whether to ask: never twice at a time, and not at once again where nobody answered."""
        _, answered = self._kept.get(mark, (None, -FRESH_SECONDS))
        if mark in self._asked or time.monotonic() - answered < FRESH_SECONDS:
            return False
        return time.monotonic() - self._in_vain.get(mark, -AGAIN_SECONDS) >= AGAIN_SECONDS

    def forget(self, request_id: str) -> None:
        """Ask anew next time: a decision was sent, and what waits may be the same but for the approvals it has."""
        for mark in [mark for mark in self._kept if mark[0] == request_id]:
            del self._kept[mark]

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, row: Waiting) -> None:
        try:
            async with self._gate:
                self._kept[row.mark] = await self._answer(row), time.monotonic()
                self._silent = False
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        except DispatchError:
            # The row shows a dash; a later look asks again.
            self._in_vain[row.mark], self._silent = time.monotonic(), True
            while len(self._in_vain) > MOST_KEPT:
                del self._in_vain[next(iter(self._in_vain))]
        finally:
            del self._asked[row.mark]

    async def _answer(self, row: Waiting) -> Glance:
        if row.kind == "FollowUp":
            status = await self._desk.status(row.request_id)
            return Glance(
                subject="Follow-up",
                tier=Tier.MEDIUM,
                why=status.review_point.awaiting.removeprefix("a decision: "),
                proposal_id=status.proposal_id or "",
            )
        return glance_of(await self._desk.raw_dossier(row.request_id))


def glance_of(dossier: Mapping[str, Any]) -> Glance:
    """Take the line from a dossier's JSON values."""
    submission, gate = dossier["submission"], dossier["gate"]
    sender = submission["sender"]
    about: dict[str, Any] = {
        "subject": submission["subject"] or "(no subject)",
        "requester": sender["name"] or sender["address"],
    }
    if gate is None:
        return Glance(**about, why=dossier["status"]["review_point"]["awaiting"])
    subjects = gate["subjects"]
    tiers = sorted((Tier(subject["tier"]) for subject in subjects), key=lambda tier: _RANK[tier])
    amounts = [format_money(Money(**s["amount"])) for s in subjects if s.get("amount") is not None]
    given = tuple(decision["approver"] for decision in dossier["approvals"])
    # What review could not mend deserves a look of its own, whatever the tier.
    plain = (
        gate["kind"] == "approval"
        and not dossier["exceptions"]
        and all(s["approval"] == "named" and Tier(s["tier"]) in BULK_TIERS for s in subjects)
    )
    decided = {decision["action_digest"] for decision in dossier["approvals"]}
    return Glance(
        **about,
        tier=tiers[-1],
        amount=" + ".join(amounts),
        why=_why(dossier, [s["digest"] for s in subjects]) or gate["why"],
        proposal_id=gate["proposal_id"],
        digests=tuple(s["digest"] for s in subjects if s["digest"] not in decided) if plain else (),
        given=given,
    )


def _why(dossier: Mapping[str, Any], digests: Sequence[str]) -> str:
    """Say what the held actions are for and what else the guardian noticed; tier and amount have columns of their own."""
    proposal = dossier["proposal"]
    held = [b for b in proposal["actions"] if b["digest"] in digests] if proposal else []
    noticed = [
        reason["text"]
        for verdict in dossier["verdicts"]
        if verdict["action_digest"] in digests
        for reason in verdict["reasons"]
        if not reason["rule"].startswith(_IN_COLUMNS)
    ]
    return "; ".join(dict.fromkeys([*noticed, *(bound["action"]["why"] for bound in held)]))
