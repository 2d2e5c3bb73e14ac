"""The closed browser: what a page may do in it, how wide it is on a phone, and what axe finds."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from desks.website.look import Look
from desks.website.systems.page_browser import PageBrowser
from devstack.ports import LOOPBACK
from dispatch.models.errors import UnavailableError
from tests.chromium import NEEDS_CHROMIUM, PROGRAM

WIDTH = 390
STYLE = b"body{margin:0} .wide{width:900px}"


async def files(path: str) -> bytes | None:
    return STYLE if path == "style.css" else None


async def looked_at(body: str, seconds: float = 40) -> Look:
    browser = PageBrowser(PROGRAM, seconds)
    page = f'<!doctype html><html lang="en"><head><title>t</title><link rel="stylesheet" href="/style.css"></head><body><main><h1>Hi</h1>{body}</main></body></html>'
    try:
        return await browser.look(page.encode(), "a/b.html", files, WIDTH)
    finally:
        await browser.close()


async def test_without_a_browser_nothing_is_said_of_a_page() -> None:
    """It is unavailable, with the reason, and never clean."""
    browser = PageBrowser(Path("/nowhere/chromium"), 5)
    assert "no browser" in browser.missing
    with pytest.raises(UnavailableError):
        await browser.look(b"<p>x", "a.html", files, WIDTH)


class TestChromium:
    pytestmark = NEEDS_CHROMIUM

    async def test_a_page_is_shown_with_the_sites_files(self) -> None:
        """The site's style makes it too wide for a phone; axe names what breaks its rules; the picture is a PNG."""
        found = await looked_at('<div class="wide">x</div><img src="none.png"><a href="/x"></a>')
        assert found.too_wide == 900 - WIDTH
        assert {"image-alt", "link-name"} <= {one.rule for one in found.violations}
        with Image.open(io.BytesIO(found.picture)) as picture:
            assert picture.size[0] == WIDTH

    async def test_a_sound_page_is_clean(self) -> None:
        """Nothing too wide, and no rule broken."""
        found = await looked_at("<p>All is well.</p>")
        assert (found.too_wide, found.violations) == (0, ())

    async def test_no_request_leaves_the_browser(self) -> None:
        """Scripts of a page reach neither a server of this machine nor any other; names are not looked up."""
        asked: list[str] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append((await reader.readline()).decode())
            writer.close()

        server = await asyncio.start_server(serve, LOOPBACK, 0)
        port = server.sockets[0].getsockname()[1]
        url = f"{LOOPBACK}:{port}"
        async with server:
            await looked_at(
                f'<img src="http://{url}/i.png"><iframe src="http://{url}/f"></iframe><script>'
                f'fetch("http://{url}/s").catch(() => 0); navigator.sendBeacon("http://{url}/b", "x");'
                f'new WebSocket("ws://{url}/w"); window.open("http://{url}/o"); new Image().src = "http://localhost:{port}/l";'
                f'const pc = new RTCPeerConnection({{iceServers: [{{urls: "stun:{url}"}}]}}); pc.createDataChannel("x"); '
                "pc.createOffer().then(o => pc.setLocalDescription(o));</script>"
                f'<link rel="preconnect" href="http://{url}"><meta http-equiv="refresh" content="9;url=http://{url}/r">'
            )
        assert asked == []

    async def test_a_page_that_never_ends_is_given_up(self) -> None:
        """The browser is ended with it, and the next page gets a new one."""
        browser = PageBrowser(PROGRAM, 20)
        try:
            with pytest.raises(UnavailableError):
                await browser.look(b"<script>while (true) {}</script>", "a.html", files, WIDTH)
            again = await browser.look(
                b'<!doctype html><html lang="en"><title>t</title><p>x', "a.html", files, WIDTH
            )
            assert again.picture
        finally:
            await browser.close()
