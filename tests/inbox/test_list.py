"""The list: ranked, page by page, and never with what has been decided."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from dispatch.models.status import RequestState
from inbox.desk import Connect
from inbox.desk import Desk as InboxDesk
from inbox.waiting import WaitingList
from tests.inbox.stand import Browser, Inbox, Page
from workflows.standing import DESK, OWNER, PRIORITY, REVIEW_POINT, STATE


@pytest.fixture(scope="module")
async def listed(client: Client) -> AsyncIterator[str]:
    """Put sixty requests that no worker knows on the list, of a desk of their own; gives the desk's name."""
    name = f"list-{uuid.uuid4().hex[:8]}"
    begin = datetime.now(UTC) + timedelta(days=1)

    async def one(number: int) -> WorkflowHandle[object, object]:
        # Priorities 3, 2, 1, none in turn; what is later in the row falls due earlier.
        priority = (3, 2, 1, None)[number % 4]
        due = begin - timedelta(minutes=number)
        pairs: list[SearchAttributePair[Any]] = [
            SearchAttributePair(DESK, name),
            SearchAttributePair(STATE, RequestState.WAITING_FOR_APPROVAL.value),
            SearchAttributePair(OWNER, "refunds" if number < 58 else "somebody-else"),
            SearchAttributePair(REVIEW_POINT, due),
            *([SearchAttributePair(PRIORITY, priority)] if priority else []),
        ]
        return await client.start_workflow(
            "Coordinator",
            id=f"{name}-{number:02}",
            task_queue="nobody",
            search_attributes=TypedSearchAttributes(pairs),
        )

    handles = await asyncio.gather(*(one(number) for number in range(60)))
    async with asyncio.timeout(20):
        while (await client.count_workflows(f"Desk = '{name}'")).count < 60:  # noqa: ASYNC110 (visibility lags)
            await asyncio.sleep(0.05)
    yield name
    for handle in handles:
        await handle.terminate()


async def test_the_list_is_ranked_and_comes_page_by_page(listed: str, dora: Browser) -> None:
    """By priority, then by what falls due; every request is on one page, and on one alone."""
    await _read_anew(dora, listed)
    pages = [await dora.get(f"/?whose=all&desk={listed}&page={number}") for number in (1, 2, 3)]
    ids = [number for page in pages for number in _numbers(page, listed)]
    assert [len(_numbers(page, listed)) for page in pages] == [25, 25, 10]
    by_priority = [[n for n in range(59, -1, -1) if n % 4 == rest] for rest in (2, 1, 0, 3)]
    assert ids == [number for group in by_priority for number in group]
    assert "Page 2 of 3" in pages[1].text


async def test_for_me_is_what_is_asked_of_my_names(listed: str, inbox: Inbox, dora: Browser) -> None:
    """My own name and the roles I hold; somebody else's stays in the whole list."""
    await _read_anew(dora, listed)
    assert "58" in (await dora.get(f"/?desk={listed}")).text
    nobody = inbox.browser()
    await nobody.sign_in("nobody")
    assert "Nothing that waits fits this" in (await nobody.get(f"/?desk={listed}")).text


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=99999", "page=" + "9" * 50, "tier=none", "desk=%00", "whose=x"],
)
async def test_a_query_of_ones_own_making_shows_a_page(dora: Browser, query: str) -> None:
    """What is no page, tier or desk is passed over."""
    assert (await dora.get(f"/?{query}")).status == 200


async def test_what_was_decided_is_off_the_page_at_once(client: Client, listed: str) -> None:
    """A row is asked about again before it is shown, however old the reading is."""
    waiting = WaitingList(InboxDesk(_given(client)), lambda: datetime.now(UTC))
    reading = await waiting.current()
    rows = [row for row in reading.ranked if row.request_id.startswith(listed)][:2]
    reading.began -= 3600
    assert await waiting.still_waiting(rows) == rows
    gone = await client.start_workflow("Coordinator", id=f"gone-{listed}", task_queue="nobody")
    await gone.terminate()
    ghost = replace(rows[0], request_id=gone.id)
    assert await waiting.still_waiting([ghost, rows[0]]) == rows[:1]
    await waiting.close()


def _given(client: Client) -> Connect:
    async def connect() -> Client:
        return client

    return connect


async def _read_anew(browser: Browser, name: str) -> None:
    """Wait until the list has been read again since these requests came."""
    async with asyncio.timeout(30):
        while "Page 1 of 3" not in (await browser.get(f"/?whose=all&desk={name}")).text:  # noqa: ASYNC110 (Temporal works)
            await asyncio.sleep(0.2)


def _numbers(page: Page, name: str) -> list[int]:
    return [int(number) for number in re.findall(rf"/requests/{name}-(\d+)", page.response.text)]
