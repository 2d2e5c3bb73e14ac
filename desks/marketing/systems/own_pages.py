"""Fetches pages of the brand's own hosts, to see whether they are there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final, Self

import httpx

from activities.contracts import SystemSettings
from desks.marketing.rules.dead_links import MOST
from desks.marketing.rules.link_rules import is_of, urlsplit_safe
from dispatch.hosts.transport import guarded_client

_MOST_BYTES: Final = 2_000_000
_AT_ONCE: Final = 4


class OwnPages:
    """Asks for pages through the guarded client: hosts of ours alone, no redirects, bounded in time and size."""

    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """It needs no address and no key."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open nothing: each copy has hosts of its own."""
        yield cls(settings.client_timeout_seconds)

    async def status_of(self, urls: Sequence[str], hosts: Sequence[str]) -> dict[str, int | None]:
        """Return the status of each page, None where it could not be fetched; never raises. At most 20 are fetched."""
        wanted = [url for url in urls if is_of(urlsplit_safe(url)[1], hosts)][:MOST]
        allow = tuple(dict.fromkeys(urlsplit_safe(url)[1] for url in wanted))
        timeout = httpx.Timeout(self._seconds)
        slots = asyncio.Semaphore(_AT_ONCE)
        async with guarded_client(allow=allow, timeout=timeout, most_bytes=_MOST_BYTES) as client:

            async def one(url: str) -> tuple[str, int | None]:
                async with slots:
                    return url, await self._status(client, url)

            return dict(await asyncio.gather(*(one(url) for url in wanted)))

    async def _status(self, client: httpx.AsyncClient, url: str) -> int | None:
        try:
            async with asyncio.timeout(self._seconds), client.stream("GET", url) as response:
                return response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
            return None
