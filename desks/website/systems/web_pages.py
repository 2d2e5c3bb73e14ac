"""Fetches pages as browsers get them: of the site itself, and of the other hosts that the playbook lists."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import ClassVar, Self
from urllib.parse import quote, urlsplit

from pydantic import Field

from desks.website.fetching import Fetched, FetchLimits, Hosts, fetch
from desks.website.site_files import SiteSettings


class WebPages:
    """Pages over HTTP; nothing else than a listed host is ever reached."""

    acting: ClassVar[bool] = False

    class Settings(SiteSettings):
        """The site's address, and how much a fetch may take."""

        site_fetch_seconds: float = Field(
            default=15, gt=0, le=120, description="one page, redirects included"
        )
        site_private_hosts: str = Field(
            default="", description="hosts of private networks that may be fetched, with commas between them"
        )

    def __init__(self, url: str, seconds: float, private: Collection[str] = ()) -> None:
        self._url, self._limits = url.rstrip("/"), FetchLimits(seconds=seconds)
        self._own = (urlsplit(self._url).hostname or "").lower()
        self._private = frozenset(private)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open it for the length of the block; each fetch has a connection of its own."""
        private = (host.strip().lower() for host in settings.site_private_hosts.split(","))
        yield cls(settings.site_url, settings.site_fetch_seconds, [host for host in private if host])

    async def of_site(self, path: str) -> Fetched:
        """Fetch a page of the site itself, past every cache. Raises Refused or Unavailable as `fetch` does."""
        own = frozenset({self._own})
        headers = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
        return await fetch(f"{self._url}/{quote(path)}", Hosts(own, own), self._limits, headers)

    async def of_host(self, url: str, hosts: Collection[str]) -> Fetched:
        """Fetch a page of one of these hosts. Raises Refused or Unavailable as `fetch` does."""
        return await fetch(url, Hosts(frozenset(hosts), self._private & frozenset(hosts)), self._limits)
