"""Windows of Chromium in which a person is signed in, and what is wrong with what they show."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, ViewportSize, expect

from tests.inbox.stand import PASSPHRASE, Inbox

PHONE: ViewportSize = {"width": 390, "height": 844}
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 900}, "phone": PHONE}
OF_COLOUR = ("color-contrast", "link-in-text-block")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@asynccontextmanager
async def signed_in_window(chromium: Chromium, inbox: Inbox, name: str, **more: Any) -> AsyncIterator[Page]:
    """Open a window of a person's own, signed in; what goes wrong in its scripts fails the test."""
    context: BrowserContext = await chromium.new_context(base_url=inbox.url, **more)
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None
    )
    await page.goto("/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Passphrase").fill(PASSPHRASE)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting for you")
    try:
        yield page
    finally:
        await context.close()
    assert wrong == []


async def looks_right(page: Page, name: str) -> None:
    """Look at the open page in each size and colour scheme, without loading it again.

    The style's dark half sets colours alone, so there only what axe says of colours is asked again.
    """
    for device, size in SIZES.items():
        await page.set_viewport_size(size)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            where = f"{name}, {device}, {scheme}"
            assert await barriers(page, OF_COLOUR if scheme == "dark" else ()) == [], where
            wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, where


async def barriers(page: Page, rules: Sequence[str]) -> list[str]:
    """Return what axe finds by these of its rules, by all where none is named."""
    chosen = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = await Axe().run(page, options={"resultTypes": ["violations"], **chosen})
    return [
        f"{violation['id']}: {[node['target'] for node in violation['nodes']]}"
        for violation in found.response["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
