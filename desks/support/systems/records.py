"""Reads the system of record with a read-only key."""

import re
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from urllib.parse import quote

from pydantic import Field, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from desks.support.models.records import Customer, Order, Payment, Refund
from dispatch.http import Access, HttpSystem, Listing
from dispatch.models.contract import Contract
from dispatch.models.errors import RefusedError

SYSTEM = "back office"
Row = TypeVar("Row", bound=Contract)
# Numbers come from strangers' mails: a value that a URL would read as more than one segment is never sent.
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


_CUSTOMER, _CUSTOMERS = TypeAdapter(Customer), TypeAdapter(Listing[Customer])
_ORDER, _ORDERS = TypeAdapter(Order), TypeAdapter(Listing[Order])
_PAYMENT, _PAYMENTS = TypeAdapter(Payment), TypeAdapter(Listing[Payment])
REFUNDS = TypeAdapter(Listing[Refund])


def segment(identifier: str) -> str:
    """Return an id as one segment of a path; raises Refused('invalid_id') for what cannot be an id."""
    if not _ID.fullmatch(identifier):
        raise RefusedError(f"{SYSTEM}: {identifier[:64]!r} cannot be an id", "invalid_id")
    return quote(identifier, safe="")


class Records(HttpSystem):
    """Customers, orders, payments and refunds as they are now.

    Every method raises Unavailable or
    Refused; a single row that does not exist is None, a list for an unknown owner is Refused('..._not_found').
    """

    called: ClassVar[str] = SYSTEM
    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """Its address and key."""

        back_office_url: str = Field(default="http://127.0.0.1:8810", description="the system of record")
        back_office_read_key: SecretStr = Field(
            default=SecretStr("embedded-read"), description="may only read"
        )

    @staticmethod
    def access(settings: Settings) -> Access:
        """Return its address and the read-only key."""
        return Access(settings.back_office_url, settings.back_office_read_key)

    async def customers_by_email(self, address: str) -> tuple[Customer, ...]:
        """Return everyone with this address on record, upper and lower case alike; () for none, several if shared."""
        return (await self._get("/customers", _CUSTOMERS, {"email": address})).data

    async def addresses_of(self, address: str) -> tuple[str, ...]:
        """Return every address on record of the person with this one; () for nobody."""
        customers = await self.customers_by_email(address)
        return tuple(each for customer in customers for each in customer.email_addresses)

    async def customer(self, customer_id: str) -> Customer | None:
        return await self._row(f"/customers/{segment(customer_id)}", _CUSTOMER, "customer_not_found")

    async def orders_of(self, customer_id: str) -> tuple[Order, ...]:
        """Return the customer's orders, newest first."""
        path = f"/customers/{segment(customer_id)}/orders"
        return (await self._get(path, _ORDERS)).data

    async def order(self, order_number: str) -> Order | None:
        return await self._row(f"/orders/{segment(order_number)}", _ORDER, "order_not_found")

    async def payments_of(self, order_number: str) -> tuple[Payment, ...]:
        path = f"/orders/{segment(order_number)}/payments"
        return (await self._get(path, _PAYMENTS)).data

    async def payment(self, payment_id: str) -> Payment | None:
        return await self._row(f"/payments/{segment(payment_id)}", _PAYMENT, "payment_not_found")

    async def refunds_by_key(self, idempotency_key: str) -> tuple[Refund, ...]:
        """Return the refund made under this key, cancelled ones too: () or one."""
        return await self._refunds({"idempotency_key": idempotency_key})

    async def refunds_since(self, customer_id: str, since: datetime) -> tuple[Refund, ...]:
        """Return the customer's refunds created at or after `since` (timezone-aware), newest first."""
        return await self._refunds({"customer_id": customer_id, "since": since.astimezone(UTC).isoformat()})

    async def _refunds(self, params: dict[str, str]) -> tuple[Refund, ...]:
        return (await self._get("/refunds", REFUNDS, params)).data

    async def _row(self, path: str, answer: TypeAdapter[Row], missing: str) -> Row | None:
        try:
            return await self._get(path, answer)
        except RefusedError as refusal:
            # Only the system's own code counts: a 404 from a wrong address must not mean 'no such order'.
            if refusal.code == missing:
                return None
            raise
