"""Refunds payments and cancels refunds; the only client with the write key."""

import re
from typing import ClassVar

from pydantic import Field, JsonValue, SecretStr, TypeAdapter

from activities.contracts import SystemSettings
from desks.support.models.records import Refund
from desks.support.systems.records import REFUNDS, SYSTEM, segment
from dispatch.http import Access, HttpSystem
from dispatch.models.errors import RefusedError
from dispatch.models.money import Money

_REFUND = TypeAdapter(Refund)
_KEY = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")  # characters that a header transmits unchanged


class Payments(HttpSystem):
    """Refunds, at most one effect for each idempotency key, which the back office honours indefinitely.

    After OutcomeUnknown, `find_refund`
    tells whether the order took effect; the same call under the same key is safe as well.
    """

    called: ClassVar[str] = SYSTEM
    acting: ClassVar[bool] = True

    class Settings(SystemSettings):
        """Its address and key."""

        back_office_url: str = Field(default="http://127.0.0.1:8810", description="the system of record")
        back_office_write_key: SecretStr = Field(
            default=SecretStr("embedded-write"), description="may issue refunds"
        )

    @staticmethod
    def access(settings: Settings) -> Access:
        """Return its address and the write key."""
        return Access(settings.back_office_url, settings.back_office_write_key)

    async def refund(
        self, payment_id: str, amount: Money, reason: str, customer_id: str, idempotency_key: str
    ) -> Refund:
        """Refund `amount` on a payment of this customer.

        Raises Refused with the back office's code (amount_too_large, currency_mismatch, customer_mismatch,
        provider_refused, payment_not_found, idempotency_key_reused, ...), Unavailable or OutcomeUnknown.
        """
        body: dict[str, JsonValue] = {
            "payment_id": payment_id,
            "amount": amount.model_dump(mode="json"),
            "reason": reason,
            "customer_id": customer_id,
        }
        return await self._post("/refunds", _REFUND, _under(idempotency_key), body)

    async def cancel_refund(self, refund_id: str, idempotency_key: str) -> Refund:
        """Cancel a refund; cancelling a cancelled one changes nothing. Raises as `refund` does."""
        path = f"/refunds/{segment(refund_id)}/cancel"
        return await self._post(path, _REFUND, _under(idempotency_key))

    async def find_refund(self, idempotency_key: str) -> Refund | None:
        """Return the refund under an order's key (cancelled or not), or None if the order took no effect.

        Raises Unavailable or Refused; then the outcome stays unknown.
        """
        _under(idempotency_key)
        params = {"idempotency_key": idempotency_key}
        found = (await self._get("/refunds", REFUNDS, params)).data
        return found[0] if found else None


def _under(idempotency_key: str) -> dict[str, str]:
    """Return the header; a key that a header would change or cut is refused before anything is sent."""
    if not _KEY.fullmatch(idempotency_key):
        raise RefusedError(
            f"{SYSTEM}: an idempotency key is 1 to 255 printable ASCII characters", "invalid_idempotency_key"
        )
    return {"Idempotency-Key": idempotency_key}
