"""Reads the site's folder; a path can never lead out of it, whatever links stand in it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Self

from desks.website.rules.site import is_page
from desks.website.site_files import MOST_BYTES, SiteSettings, files_in, read_file


class SitePages:
    """Pages and files of the site's folder, as they are now."""

    acting: ClassVar[bool] = False

    class Settings(SiteSettings):
        """The folder and the address."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self.url = folder, url.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open it for the length of the block; a folder that is not there is told where it is read."""
        yield cls(settings.site_dir, settings.site_url)

    def address(self, path: str) -> str:
        """Return where a page is served."""
        return f"{self.url}/{path}"

    async def page(self, path: str, most: int = MOST_BYTES) -> bytes | None:
        """Return a file's bytes; None where there is none. Raises Refused for an unsafe path or a file that is too large."""
        return await asyncio.to_thread(read_file, self._folder, path, most)

    async def digest(self, path: str) -> str:
        """Return the sha256 of a page; empty where there is none. Raises as `page` does."""
        data = await self.page(path)
        return "" if data is None else hashlib.sha256(data).hexdigest()

    async def pages(self) -> tuple[str, ...]:
        """Return the paths of all pages, sorted. Raises Unavailable where the folder cannot be read."""
        return tuple(path for path in await asyncio.to_thread(files_in, self._folder) if is_page(path))
