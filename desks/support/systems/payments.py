"""Refunds payments and cancels refunds; the only client with the write key."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar, Self

import httpx
from pydantic import Field, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from desks.support.models.records import Refund
from desks.support.systems.records import REFUNDS, SYSTEM, segment
from dispatch.http import exchange, http_client
from dispatch.models.errors import RefusedError
from dispatch.models.money import Money

_REFUND = TypeAdapter(Refund)
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")  # what a header carries unchanged


class Payments:
    """Refunds, at most one effect for each idempotency key, which the back office honours indefinitely.

    Takes an httpx client of its own, with base URL and write key (see http_client). After OutcomeUnknown, `find_refund`
    tells whether the order took effect; the same call under the same key is safe as well.
    """

    acting: ClassVar[bool] = True

    class Settings(SystemSettings):
        """Where it is, and what opens it."""

        back_office_url: str = Field(default="http://127.0.0.1:8810", description="the system of record")
        back_office_write_key: SecretStr = Field(
            default=SecretStr("embedded-write"), description="may issue refunds"
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open the connection, for the length of the block."""
        async with http_client(
            base_url=settings.back_office_url,
            key=settings.back_office_write_key.get_secret_value(),
            timeout_seconds=settings.client_timeout_seconds,
        ) as http:
            yield cls(http)

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def refund(
        self, payment_id: str, amount: Money, reason: str, customer_id: str, idempotency_key: str
    ) -> Refund:
        """Return `amount` back on a payment of this customer's.

        Raises Refused with the back office's code (amount_too_large, currency_mismatch, customer_mismatch,
        provider_refused, payment_not_found, idempotency_key_reused, ...), Unavailable or OutcomeUnknown.
        """
        return await exchange(
            self._http,
            "POST",
            "/refunds",
            system=SYSTEM,
            answer=_REFUND,
            body={
                "payment_id": payment_id,
                "amount": amount.model_dump(mode="json"),
                "reason": reason,
                "customer_id": customer_id,
            },
            headers=_under(idempotency_key),
        )

    async def cancel_refund(self, refund_id: str, idempotency_key: str) -> Refund:
        """Take a refund back; cancelling a cancelled one changes nothing. Raises as `refund` does."""
        return await exchange(
            self._http,
            "POST",
            f"/refunds/{segment(refund_id)}/cancel",
            system=SYSTEM,
            answer=_REFUND,
            headers=_under(idempotency_key),
        )

    async def find_refund(self, idempotency_key: str) -> Refund | None:
        """Describe what became of an order by its key: the refund (cancelled or not), or None if it took no effect.

        Raises Unavailable or Refused; then the outcome stays unknown.
        """
        _under(idempotency_key)
        params = {"idempotency_key": idempotency_key}
        listing = await exchange(self._http, "GET", "/refunds", system=SYSTEM, answer=REFUNDS, params=params)
        return listing.data[0] if listing.data else None

    async def close(self) -> None:
        await self._http.aclose()


def _under(idempotency_key: str) -> dict[str, str]:
    """Return the header; a key that a header would change or cut is refused before anything is sent."""
    if not _KEY.fullmatch(idempotency_key):
        raise RefusedError(
            f"{SYSTEM}: an idempotency key is 1 to 255 printable ASCII characters", "invalid_idempotency_key"
        )
    return {"Idempotency-Key": idempotency_key}
