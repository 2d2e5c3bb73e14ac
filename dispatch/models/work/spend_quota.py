"""Reservations and payments of one customer's requests, which are judged by their sum."""

from datetime import timedelta
from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract, Duration, Moment
from dispatch.models.money import Money

SPEND_QUOTA: Final = "SpendQuota"
"""The workflow that keeps one customer's reservations; activities know it by its name, for they import no workflow."""

RESERVE: Final = "reserve"
"""Its update."""

CLOSE: Final = "close"
"""Its signal: a request has ended."""

QUOTA_PREFIX: Final = "quota-"
"""Of its workflow ids."""

NO_WINDOW: Final = timedelta(days=1)
"""How long what was paid is kept where the playbook names no window: until records are sure to show it."""


class Claim(Contract):
    """One effect that costs money: what it takes from which account (a payment), under which key."""

    idempotency_key: str
    account: str
    amount: Money


class SpendSoFar(Contract):
    """The claims that count together with an action: paid, reserved by other requests, or in the same proposal; without its own."""

    count: int = Field(default=0, ge=0, description="of the customer, within the window")
    unpaid: int = Field(default=0, ge=0, description="how many of them are reserved or proposed and not paid")
    account_minor: int = Field(default=0, description="on the same account (payment), in its currency")
    owner_minor: int = Field(default=0, description="of the customer within the window, in this currency")


class ReserveRequest(Contract):
    """All claims of one request on one customer; they replace the request's earlier reservations."""

    request_id: str
    as_of: Moment = Field(description="workflow time: an attempt that arrives late changes nothing")
    claims: tuple[Claim, ...] = Field(min_length=1)
    window: Duration = Field(description="how long what was paid counts")


class Reserved(Contract):
    """The earlier claims of other requests."""

    others: tuple[Claim, ...] = ()
    full: bool = Field(default=False, description="there was no room: nothing is reserved")


class CloseRequest(Contract):
    """A request has ended; `paid` are the keys of its claims that were paid, or may have been."""

    request_id: str
    paid: tuple[str, ...] = ()


class QuotaEntry(Contract):
    """The reservations of one request (open), or its payments after its end (closed)."""

    request_id: str
    as_of: Moment
    claims: tuple[Claim, ...]
    expires_at: Moment
    closed_at: Moment | None = None
    window: Duration


class QuotaState(Contract):
    """One customer's reservations, in the order in which they count."""

    entries: tuple[QuotaEntry, ...] = ()
