"""The report as a person sees it: in Chromium, by day and by night, on a telephone, and on paper."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import trail_of_events
from dispatch.audit.report.report import as_html
from tests.chromium import NEEDS_CHROMIUM, running_chromium
from tests.replay.recorded import all_recorded

RECORDED = next(recorded for recorded in all_recorded() if recorded.name == "13-outcome-unknown")

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    file = tmp_path / "trail.html"
    file.write_text(as_html(trail_of_events(events_in(RECORDED.path))), encoding="utf-8")
    return file


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with running_chromium() as running:
        yield running


def _asked(page: Page) -> list[str]:
    """Return the list that fills with what the page asks for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


async def test_it_can_be_read_by_everybody(browser: Browser, page_file: Path) -> None:
    """No violation that axe knows of, in light and in dark; nothing is asked for over the network."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        # Its own policy forbids all script, and axe is one.
        context = await browser.new_context(color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        asked = _asked(page)
        await page.goto(page_file.as_uri())
        assert asked == [page_file.as_uri()]
        found: dict[str, Any] = (await Axe().run(page)).response
        assert [violation["id"] for violation in found["violations"]] == []
        await context.close()


async def test_it_fits_a_telephone_and_prints(browser: Browser, page_file: Path, tmp_path: Path) -> None:
    """Nothing runs out of a narrow screen, and paper gets pages."""
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await page.goto(page_file.as_uri())
    assert await page.evaluate("document.querySelector('main').getBoundingClientRect().width") <= 390
    await page.evaluate("window.scrollTo(1000, 0)")
    assert await page.evaluate("window.scrollX") == 0
    printed = tmp_path / "trail.pdf"
    await page.pdf(path=printed, format="A4", prefer_css_page_size=True)
    assert printed.read_bytes().startswith(b"%PDF")
