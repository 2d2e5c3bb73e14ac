"""What one customer's requests have reserved and spent, so that they are judged by their sum."""

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
    """What counts together with an action: paid, reserved by other requests, or proposed beside it; itself excluded."""

    count: int = Field(default=0, ge=0, description="of the customer, within the window")
    unpaid: int = Field(default=0, ge=0, description="how many of them are reserved or proposed and not paid")
    account_minor: int = Field(default=0, description="on the same account (payment), in its currency")
    owner_minor: int = Field(default=0, description="of the customer within the window, in this currency")


class ReserveRequest(Contract):
    """All that one request wants to spend of one customer's; it replaces what the request reserved before."""

    request_id: str
    as_of: Moment = Field(description="workflow time: an attempt that arrives late changes nothing")
    claims: tuple[Claim, ...] = Field(min_length=1)
    window: Duration = Field(description="how long what was paid counts")


class Reserved(Contract):
    """The claims of other requests that were there first."""

    others: tuple[Claim, ...] = ()
    full: bool = Field(default=False, description="there was no room: nothing is reserved")


class CloseRequest(Contract):
    """A request has ended; `paid` are the keys of its claims that were paid, or may have been."""

    request_id: str
    paid: tuple[str, ...] = ()


class QuotaEntry(Contract):
    """What one request reserved (open), or what is left of it after it ended (closed)."""

    request_id: str
    as_of: Moment
    claims: tuple[Claim, ...]
    expires_at: Moment
    closed_at: Moment | None = None
    window: Duration


class QuotaState(Contract):
    """One customer's reservations, in the order in which they count."""

    entries: tuple[QuotaEntry, ...] = ()
