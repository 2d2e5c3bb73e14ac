"""One desk and one inbox for all tests of this folder; a test that decides to the end has an order of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.desk import Desk, at_work, resting_desk
from tests.inbox.stand import Browser, Inbox, running_inbox, with_people


@pytest.fixture(scope="session")
async def inbox_desk(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("inbox")
    async with resting_desk(client, folder) as desk:
        desk.settings = with_people(desk.settings, folder)
        async with at_work(desk):
            yield desk


@pytest.fixture(scope="session")
async def standing_inbox(inbox_desk: Desk) -> AsyncIterator[Inbox]:
    async with running_inbox(inbox_desk.client, inbox_desk.settings) as inbox:
        yield inbox


@pytest.fixture
async def inbox(standing_inbox: Inbox) -> AsyncIterator[Inbox]:
    """Yield the inbox with its clock put right, and nobody locked out by the test before."""
    standing_inbox.fresh()
    yield standing_inbox
    await standing_inbox.close_browsers()


@pytest.fixture
async def dora(inbox: Inbox) -> Browser:
    """Return a browser that dora, who holds every role, has signed in with."""
    browser = inbox.browser()
    await browser.sign_in("dora")
    return browser
