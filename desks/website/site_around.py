"""Reads the site around a page: which of the files that it refers to are there, and what they are."""

import asyncio
import io
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from PIL import Image

from desks.website.page_checks import Versions
from desks.website.rules import tasks
from desks.website.rules.checks.assets import FileInfo, Surroundings, first_bytes_kind
from desks.website.rules.checks.references import css_addresses, in_site
from desks.website.rules.checks.seo import Heads
from desks.website.rules.page.source import PageError
from desks.website.rules.site import is_page, safe_path
from desks.website.systems.site_pages import SitePages
from dispatch.isolation.text_processes import SHORT, TextProcesses
from dispatch.models.errors import RefusedError, UnreadableTextError

_MOST_FILES: Final = 300
_MOST_BYTES: Final = 8_000_000
_MOST_PAGES: Final = 300
_HEAD_BYTES: Final = 30_000
_PIXELS: Final = 50_000_000


async def surroundings(
    versions: Versions, hosts: Iterable[str], site: SitePages, texts: TextProcesses
) -> Surroundings:
    """Return the site around a page; raises as the site's folder and the reader of pages do."""
    known = frozenset(hosts)
    wanted = await _wanted(versions, known, texts)
    files: dict[str, FileInfo] = {}
    anchors: dict[str, frozenset[str]] = {}
    for path, is_linked in list(wanted.items())[: _MOST_FILES * 3]:
        data = await _file(site, path)
        if data is None:
            continue
        files[path] = await asyncio.to_thread(info_of, data)
        if is_linked and is_page(path) and path != versions.page.path:
            with suppress(PageError, UnreadableTextError):
                anchors[path] = await texts.read(max(len(data), SHORT + 1), tasks.anchors, data)
        if path.endswith(".css"):
            await _fonts(data, path, known, site, files)
    files.setdefault(versions.page.path, FileInfo(len(versions.after)))
    return Surroundings(versions.page.path, known, files, anchors)


async def _wanted(versions: Versions, hosts: frozenset[str], texts: TextProcesses) -> dict[str, bool]:
    """Return the paths that both versions refer to, and whether a link leads to a place in each."""
    paths: dict[str, bool] = {}
    for data in (versions.after, versions.before):
        found, base = (
            await texts.read(versions.size, tasks.references, data) if data is not None else ((), "")
        )
        for one in found:
            place = in_site(one.address, versions.page.path, hosts, base)
            for path in _tries(place.path) if place is not None else ():
                if safe_path(path) == path:
                    is_linked = one.kind == "link" and place is not None and bool(place.fragment)
                    paths[path] = paths.get(path, False) or is_linked
    return paths


def _tries(path: str) -> tuple[str, ...]:
    plain = path.rstrip("/")
    return (path, f"{plain}/index.html", f"{plain}.html") if plain else ("index.html",)


async def _file(site: SitePages, path: str) -> bytes | None:
    try:
        return await site.page(path, _MOST_BYTES)
    except RefusedError as refused:
        # Too large is there; anything else that must not be read counts as not there.
        return b"\0" * (_MOST_BYTES + 1) if refused.code == "too_large" else None


async def _fonts(
    data: bytes, path: str, hosts: frozenset[str], site: SitePages, files: dict[str, FileInfo]
) -> None:
    for address in css_addresses(data.decode("utf-8", "replace")):
        place = in_site(address, path, hosts)
        if place is not None and place.path not in files and safe_path(place.path) == place.path:
            found = await _file(site, place.path)
            if found is not None:
                files[place.path] = info_of(found)


def info_of(data: bytes) -> FileInfo:
    """Return what a file is: its size, its kind by its first bytes, and a picture's dimensions from its header."""
    kind = first_bytes_kind(data)
    width = height = 0
    if kind in ("png", "jpeg", "gif", "webp"):
        try:
            with Image.open(io.BytesIO(data)) as picture:
                width, height = picture.size
        except Exception:  # noqa: BLE001 (a picture that cannot be read has no dimensions)
            kind = f"damaged {kind}"
        if width * height > _PIXELS:
            width = height = 0
    return FileInfo(len(data), kind, width, height)


async def heads_of_others(path: str, site: SitePages, texts: TextProcesses) -> dict[str, Heads]:
    """Return titles and descriptions of the site's other pages, at most 300; a page that cannot be read is left out."""
    pages: dict[str, bytes] = {}
    for other in [page for page in await site.pages() if page != path][:_MOST_PAGES]:
        try:
            data = await site.page(other)
        except RefusedError:
            continue
        # Title and description stand at the beginning; of a long page no more is read.
        if data is not None:
            pages[other] = data[:_HEAD_BYTES]
    size = max(SHORT + 1, sum(len(data) for data in pages.values()))
    return await texts.read(size, tasks.heads, pages) if pages else {}
