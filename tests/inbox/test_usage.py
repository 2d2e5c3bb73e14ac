"""The page of language models: whoever is signed in sees what was asked, by day and model, and what that cost."""

import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.audit.query.usage import Question
from dispatch.models.work.model_use import ModelOutcome, ModelUse
from inbox.pages.usage import plot_of
from tests.chromium import NEEDS_CHROMIUM, running_chromium
from tests.inbox.stand import Browser, Inbox, running_inbox, with_people
from tests.inbox.windows import looks_right, signed_in_window
from tests.language_models.model_desk import ask, model_desk, sorting_playbook
from tests.language_models.scripted_server import says, scripted_server

pytestmark = NEEDS_CHROMIUM
PRICE = {"currency": "EUR", "per_million_in": 10, "per_million_out": 100}
SINCE = date(2026, 5, 1)


@pytest.fixture(scope="module")
async def asked(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inbox]:
    """Yield an inbox of a desk whose model has answered once and failed once."""
    folder: Path = tmp_path_factory.mktemp("usage")
    async with scripted_server() as server:
        server.play(says({"item-1": {"garden": 0.9, "house": 0.1}}, usage=(1200, 34)), says("no"))
        async with model_desk(client, folder, server, sorting_playbook(), price=PRICE) as desk:
            for _ in range(2):
                await (await ask(desk)).outcome()
            desk.settings = with_people(desk.settings, folder)
            async with running_inbox(client, desk.settings) as inbox:
                yield inbox


async def test_the_page_is_for_who_is_signed_in(inbox: Inbox) -> None:
    """Anybody else is asked to sign in."""
    page = await inbox.browser().get("/usage")
    assert page.path == "/sign-in"


async def test_where_no_model_was_asked_the_page_says_so(dora: Browser) -> None:
    """A desk of rules alone has the page too."""
    page = await dora.get("/usage")
    assert page.status == 200
    assert "No model was asked in these days" in page.text


async def test_it_shows_sums_by_what_is_chosen_with_a_plot(asked: Inbox) -> None:
    """Tokens, cost and what became of the answers; every figure of the plot is in its bar's words."""
    browser = asked.browser()
    await browser.sign_in("dora")
    page = await browser.get("/usage?by=model&days=7")
    assert page.status == 200
    assert "small 2 1 0 1 1," in page.text
    assert "EUR 0.0" in page.text
    (told,) = re.findall(r"<title>(20[^<]*small[^<]*)</title>", page.response.text)
    assert "2 questions" in told
    assert 'href="/usage"' in page.response.text
    assert "loans.purpose 2 1 0 1" in (await browser.get("/usage?by=nonsense&days=x")).text


async def test_it_is_readable_on_a_screen_and_on_a_phone(asked: Inbox) -> None:
    """Axe finds no barrier, and nothing is wider than the window."""
    async with running_chromium() as chromium, signed_in_window(chromium, asked, "dora") as page:
        await page.get_by_role("link", name="Models").click()
        await page.get_by_role("link", name="By day").click()
        await looks_right(page, "models")
        assert await page.locator("svg.plot rect").count() == 1
        if folder := os.environ.get("LOOK_AT"):
            await page.screenshot(path=f"{folder}/usage.png")


def test_many_models_are_stacked_and_the_least_used_are_one_colour() -> None:
    """The bars of a day stand on each other and reach the top on the day with the most tokens."""
    questions = [
        Question(
            request_id="r",
            desk="d",
            at=datetime(2026, 5, 1 + day, tzinfo=UTC),
            use=ModelUse(role="r", model=f"m{model}", outcome=ModelOutcome.ACCEPTED, tokens_in=100 - model),
        )
        for day in range(2)
        for model in range(6 - 5 * day)
    ]
    plot = plot_of(questions, SINCE, 7)
    assert plot.names == ("m0", "m1", "m2", "others")
    first = [bar for bar in plot.bars if SINCE.isoformat() in bar.told]
    second = [bar for bar in plot.bars if (SINCE + timedelta(days=1)).isoformat() in bar.told]
    assert [bar.series for bar in first] == [0, 1, 2, 3]
    assert first[-1].y == pytest.approx(8, abs=0.5)
    assert all(upper.y + upper.height == pytest.approx(lower.y, abs=0.2) for lower, upper in pairwise(first))
    assert second[0].x > first[0].x
