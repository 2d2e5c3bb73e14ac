"""A browser for looking at pages, closed to the outside: it gets the page and the site's own files, and nothing else.

Scripts of a page run in it, so it has no network: every request is answered here or refused, names are not looked up,
and what would still go out goes to a proxy that is not there.
"""

import asyncio
import hashlib
import mimetypes
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Final, Self
from urllib.parse import unquote, urlsplit

import axe_playwright_python
from playwright.async_api import Browser, Error, Page, Playwright, Route, WebSocketRoute, async_playwright
from pydantic import Field

from activities.contracts import SystemSettings
from desks.website.look import Files, Look, Violation
from dispatch.models.errors import UnavailableError

_HOST: Final = "http://site.invalid"
_ARGUMENTS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    # Port 9 discards: nothing listens there, so that even a connection that no rule foresaw fails.
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=256",
    "--renderer-process-limit=2",
)
_AXE: Final = Path(axe_playwright_python.__file__).with_name("axe.min.js")
_RUN_AXE: Final = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']});
  return found.violations.slice(0, 60).map(v => [v.id, v.impact || '', v.help.slice(0, 200), v.nodes.length,
    v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]);
}"""
_HIGH: Final = 844
_MOST_HIGH: Final = 2_600
_KEPT: Final = 40
"""Looks that are remembered: a page is looked at again before it is published, and in each round."""


class PageBrowser:
    """Looks at one page at a time; started when it is first needed."""

    acting: ClassVar[bool] = False

    class Settings(SystemSettings):
        """The browser, and how long it may take for one page."""

        browser_program: str = Field(
            default="/usr/bin/chromium",
            description="Chromium; where it is not, pages are not looked at",
        )
        browser_seconds: float = Field(default=25, gt=0, le=300, description="for one page")

    def __init__(self, program: Path, seconds: float) -> None:
        self._program, self._seconds = program, seconds
        self._turn = asyncio.Lock()
        self._looks: dict[str, asyncio.Task[Look]] = {}
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open it for the length of the block, and end the browser after it."""
        made = cls(Path(settings.browser_program), settings.browser_seconds)
        try:
            yield made
        finally:
            await made.close()

    @property
    def missing(self) -> str:
        """Return why there is no browser; empty where there is one."""
        return "" if self._program.is_file() else f"there is no browser at {self._program}"

    async def look(self, data: bytes, path: str, files: Files, width: int) -> Look:
        """Show a page at a phone's width, with what the site holds beside it.

        A look goes on where its caller is cancelled, for the browser must not be left in the middle of it; whoever asks
        for the same page again gets what it came to. Raises Unavailable where there is no browser, or the page keeps it
        busy for too long; the browser is then ended.
        """
        if self.missing:
            raise UnavailableError(self.missing)
        which = hashlib.sha256(f"{path} {width} ".encode() + data).hexdigest()
        if which not in self._looks:
            for old in [key for key, task in self._looks.items() if task.done()][: -_KEPT or None]:
                del self._looks[old]
            self._looks[which] = asyncio.ensure_future(self._in_turn(data, path, files, width))
        task = self._looks[which]
        try:
            return await asyncio.shield(task)
        finally:
            if task.done() and (task.cancelled() or task.exception() is not None):
                self._looks.pop(which, None)

    async def _in_turn(self, data: bytes, path: str, files: Files, width: int) -> Look:
        async with self._turn:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._look(data, path, files, width)
            except (TimeoutError, Error) as error:
                await self._end()
                why = f"within {self._seconds:g} s" if isinstance(error, TimeoutError) else "at all"
                raise UnavailableError(f"the browser could not show the page {why}") from None

    async def _look(self, data: bytes, path: str, files: Files, width: int) -> Look:
        browser = await self._started()
        context = await browser.new_context(
            viewport={"width": width, "height": _HIGH},
            service_workers="block",
            accept_downloads=False,
            reduced_motion="reduce",
        )
        try:
            await context.route("**/*", lambda route: _answer(route, data, path, files))
            await context.route_web_socket("**/*", _close)
            page = await context.new_page()
            # One that another page opens is not looked at, and must not stay.
            context.on("page", lambda other: asyncio.ensure_future(_closed(other)))
            await page.goto(f"{_HOST}/{path}", wait_until="load", timeout=self._seconds * 500)
            too_wide = await page.evaluate(
                "() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
            )
            high = await page.evaluate("() => document.documentElement.scrollHeight")
            picture = await page.screenshot(
                full_page=True,
                animations="disabled",
                clip={"x": 0, "y": 0, "width": width, "height": max(1, min(int(high or _HIGH), _MOST_HIGH))},
                timeout=self._seconds * 500,
            )
            await page.add_script_tag(path=_AXE)
            found = await page.evaluate(_RUN_AXE)
            return Look(picture, int(too_wide), tuple(_violation(one) for one in found))
        finally:
            with suppress(Error):
                await context.close()

    async def _started(self) -> Browser:
        if self._browser is not None and self._browser.is_connected():
            return self._browser
        await self._end()
        self._playwright = await async_playwright().start()
        # Chromium's own sandbox does not work for root, as which containers often run.
        more = ("--no-sandbox",) if os.geteuid() == 0 else ()
        self._browser = await self._playwright.chromium.launch(
            executable_path=self._program, args=[*_ARGUMENTS, *more], timeout=self._seconds * 1000
        )
        return self._browser

    async def _end(self) -> None:
        browser, playwright = self._browser, self._playwright
        self._browser = self._playwright = None
        for end in (browser.close if browser else None, playwright.stop if playwright else None):
            if end is not None:
                with suppress(Exception):
                    async with asyncio.timeout(5):
                        await end()

    async def close(self) -> None:
        """End the browser, with what it is still looking at."""
        tasks = [task for task in self._looks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with self._turn:
            await self._end()


async def _answer(route: Route, data: bytes, path: str, files: Files) -> None:
    with suppress(Error):
        url = route.request.url
        if not url.startswith(f"{_HOST}/") or route.request.method != "GET":
            await route.abort()
            return
        wanted = unquote(urlsplit(url).path).lstrip("/")
        if wanted == path and route.request.resource_type == "document":
            await route.fulfill(status=200, body=data, content_type="text/html")
            return
        found = await _file(files, wanted)
        if found is None:
            await route.abort()
            return
        await route.fulfill(
            status=200, body=found, content_type=mimetypes.guess_type(wanted)[0] or "application/octet-stream"
        )


async def _file(files: Files, path: str) -> bytes | None:
    try:
        return await files(path)
    except Exception:  # noqa: BLE001 (whatever the site's file is, the page is shown without it)
        return None


def _close(socket: WebSocketRoute) -> None:
    asyncio.ensure_future(_ended(socket))  # noqa: RUF006 (it ends with the context)


async def _ended(socket: WebSocketRoute) -> None:
    with suppress(Error):
        await socket.close()


async def _closed(page: Page) -> None:
    with suppress(Error):
        await page.close()


def _violation(raw: list[Any]) -> Violation:
    rule, impact, text, count, examples = raw
    return Violation(
        str(rule)[:80], str(impact)[:20], str(text)[:200], int(count), tuple(str(e)[:200] for e in examples)
    )
