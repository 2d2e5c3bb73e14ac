"""Authentication: programs with a bearer key or a webhook signature (Standard Webhooks), and their scopes."""

import asyncio
import time
from typing import Final

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.requests import Request

from channels.http.problems import ForbiddenError, TooManyError, UnauthorisedError
from dispatch.rate_limits import RateLimit
from dispatch.storage.api_keys import ApiKey, ApiKeys, Scope, key_of

SIGNED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
"""The headers of a signed webhook."""
_HOW: Final = (
    "send 'Authorization: Bearer KEY' with a key of 'dispatch api-key add', or sign as Standard Webhooks"
)
_UNSIGNED: Final = (
    "no key fits the signature, or it is older than five minutes; sign 'ID.TIMESTAMP.BODY' with the secret of "
    "'dispatch api-key add --signed', and set the clock"
)
_TOLERANCE_SECONDS: Final = 300
"""The library's tolerance; it checks the time again with the signature."""


class Access:
    """The keys, read at each call so that a removed key is refused immediately, and their rate limits."""

    def __init__(self, keys: ApiKeys, limit: RateLimit) -> None:
        self._keys, self._limit = keys, limit

    async def of_bearer(self, request: Request, scope: Scope) -> ApiKey:
        """Return the key of a call; raises UnauthorisedError, ForbiddenError, TooManyError."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not shown.strip():
            raise UnauthorisedError(f"the call shows no key; {_HOW}")
        key = key_of(await self._all(), shown.strip())
        if key is None:
            raise UnauthorisedError(
                "the key is unknown or was removed; make a new one with 'dispatch api-key add'"
            )
        return self._permitted(key, scope)

    async def expect_signature(self, request: Request) -> None:
        """Refuse a call that no key can have signed, before its body is read; raises UnauthorisedError."""
        stamp = request.headers.get(SIGNED[1], "")
        is_due = stamp.isdecimal() and abs(time.time() - int(stamp)) <= _TOLERANCE_SECONDS
        complete = all(request.headers.get(name) for name in SIGNED)
        if not complete or not is_due or not any(key.signing_secret for key in await self._all()):
            raise UnauthorisedError(_UNSIGNED)

    async def of_signature(self, request: Request, body: bytes, scope: Scope) -> ApiKey:
        """Return the key that signed a body; raises as `of_bearer` does."""
        headers = {name: request.headers.get(name, "") for name in SIGNED}
        for key in await self._all():
            if key.signing_secret and _fits(key.signing_secret, body, headers):
                return self._permitted(key, scope)
        raise UnauthorisedError(_UNSIGNED)

    def _permitted(self, key: ApiKey, scope: Scope) -> ApiKey:
        if wait := self._limit.wait_seconds(key.name):
            raise TooManyError(f"the key {key.name} has called too often; wait {wait} s", retry_after=wait)
        if scope not in key.scopes:
            raise ForbiddenError(
                f"the key {key.name} lacks the scope {scope}; use one that has it, or make one with 'dispatch api-key add'",
                scope,
            )
        return key

    async def _all(self) -> list[ApiKey]:
        return await asyncio.to_thread(self._keys.all)


def is_signed(request: Request) -> bool:
    """Check whether a call is authenticated by its signature; a bearer key has precedence."""
    return "authorization" not in request.headers and SIGNED[0] in request.headers


def _fits(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # The library raises ValueError for a malformed header, or a body that is not UTF-8.
        return False
    return True
