"""The list: ranked, filtered and searched whole, page by page, and never with what has been decided."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import TemporalUnavailableError
from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
from dispatch.models.request.status import RequestState
from dispatch.models.work.playbook import Tier
from dispatch.process.list_summary import as_memo
from inbox.waiting import WaitingList
from runtime.connection import connect
from runtime.gateway import Connect
from runtime.gateway import Gateway as InboxDesk
from runtime.rows import Row
from runtime.settings import Settings
from tests.desk import Desk
from tests.inbox.stand import Browser, Inbox, Page
from workflows.search_attributes import DESK, OWNER, PRIORITY, REVIEW_POINT, STATE


@pytest.fixture(scope="module")
async def listed(client: Client) -> AsyncIterator[str]:
    """Put sixty requests that no worker knows on the list, of a desk of their own; gives the desk's name.

    The last ten say nothing of themselves, as those of another client at work.
    """
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
            memo={LIST_SUMMARY: as_memo(_glance(number))} if number < 50 else None,
        )

    handles = await asyncio.gather(*(one(number) for number in range(60)))
    async with asyncio.timeout(20):
        while (await client.count_workflows(f"Desk = '{name}'")).count < 60:  # noqa: ASYNC110 (visibility lags)
            await asyncio.sleep(0.05)
    yield name
    for handle in handles:
        await handle.terminate()


async def test_the_list_is_ranked_and_comes_page_by_page(listed: str, dora: Browser) -> None:
    """By points, which follow the priority where nothing else is told, then by what falls due; each is on one page alone."""
    await _read_anew(dora, listed)
    pages = [await dora.get(f"/?whose=all&desk={listed}&page={number}") for number in (1, 2, 3)]
    ids = [number for page in pages for number in _numbers(page, listed)]
    assert [len(_numbers(page, listed)) for page in pages] == [25, 25, 10]
    by_priority = [[n for n in range(59, -1, -1) if n % 4 in rests] for rests in ({2}, {1}, {0, 3})]
    assert ids == [number for group in by_priority for number in group]
    assert "Page 2 of 3" in pages[1].text


def test_waiting_lifts_a_request_above_what_is_fresh() -> None:
    """The place in a list is that of the moment when it is read: points of the memo, and those for the time since then."""
    begin = datetime(2026, 11, 2, 9, tzinfo=UTC)
    fresh = begin + timedelta(days=7)
    old, urgent, bare = (
        Row(name, "support", "escalated", "lead", None, None, started, score=score)
        for name, started, score in (("old", begin, -20), ("urgent", fresh, 40), ("bare", fresh, None))
    )
    assert [row.points(fresh) for row in (old, urgent, bare)] == [50, 40, 0]
    assert sorted((bare, urgent, old), key=lambda row: row.place(fresh)) == [old, urgent, bare]
    before = begin + timedelta(days=5)
    assert sorted((old, urgent), key=lambda row: row.place(before)) == [urgent, old]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("tier=high", lambda n: n % 5 == 0),
        ("tier=critical", lambda n: n < 0),
        ("search=STRASSE 7,", lambda n: n == 7),
        ("search=straße 7,", lambda n: n == 7),
        ("search=eur 12.50", lambda n: n == 12),
        ("search=ÅSA 3 öberg", lambda n: n == 3),
        ("search=7,%0Aåsa 7", lambda n: n < 0),
        ("search=because 4", lambda n: n == 4 or 40 <= n < 50),
        ("search=somebody-else", lambda n: n >= 58),
        ("search={desk}-59", lambda n: n == 59),
        ("tier=high&search=because 4", lambda n: n in {40, 45}),
    ],
)
async def test_filter_and_search_know_every_request(
    listed: str, dora: Browser, query: str, wanted: Callable[[int], bool]
) -> None:
    """By risk, and by subject, requester, reason, amount, owner and id in any case, over all pages, with no worker there."""
    await _read_anew(dora, listed)
    asked = f"/?whose=all&desk={listed}&{query.format(desk=listed)}"
    found = [
        number for page in (1, 2, 3) for number in _numbers(await dora.get(f"{asked}&page={page}"), listed)
    ]
    assert set(found) == {number for number in range(60) if number < 50 and wanted(number)} | {
        number
        for number in range(50, 60)
        if wanted(number) and "tier" not in query and "because" not in query
    }


async def test_a_row_says_what_waits_and_one_without_a_memo_says_nothing(listed: str, dora: Browser) -> None:
    """Subject, requester, reason, amount and tier stand there at once; an older request has its id and its state."""
    await _read_anew(dora, listed)
    (row,) = _rows(await dora.get(f"/?whose=all&desk={listed}&search=because 7."), f"{listed}-07")
    for said in ("The lamp, Strasse 7,", "Åsa 7 Öberg: because 7.", "EUR 7.50", "Medium"):
        assert said in row
    assert 'name="pick"' in row
    (bare,) = _rows(await dora.get(f"/?whose=all&desk={listed}&search={listed}-55"), f"{listed}-55")
    assert "waiting for approval" in bare
    assert "Medium" not in bare
    assert 'name="pick"' not in bare


async def test_a_request_of_the_desk_is_a_row_with_all_that_it_waits_for(
    inbox: Inbox, inbox_desk: Desk, dora: Browser
) -> None:
    """From the mail to the row: the list needs no worker for it, and what was approved so far is on it at once."""
    # Orders that no other test has refunded: the desk is shared.
    case = await inbox_desk.submit(
        "Please refund the kettle, order DD-10011.\nPlease refund the toaster, order DD-10012, as well.",
        sender="thomas.weber@post.example",
        name="Thomas O'Weber",
        subject=(subject := f"Kettle {uuid.uuid4().hex[:8]}"),
    )
    await case.until("waiting_for_approval", proposal="p1")
    async with asyncio.timeout(20):
        while not (rows := _rows(await dora.get(f"/?search={subject}"), case.id)):  # noqa: ASYNC110 (Temporal works)
            await asyncio.sleep(0.1)
    assert "EUR 45.00 + EUR 55.00" in rows[0]
    assert "Thomas O&#39;Weber" in rows[0]
    page = await dora.request(case.id)
    await page.send("/decide", decision_type="approve", reason="the first of two")
    async with asyncio.timeout(5):
        while "Approved by dora" not in (await dora.get(f"/?search={subject}")).text:  # noqa: ASYNC110 (Temporal works)
            await asyncio.sleep(0.1)
    await case.decide("reject", by="refunds", reason="the test is over")
    await case.outcome()


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


async def test_a_list_that_cannot_be_read_again_is_not_taken_for_what_waits(tmp_path: Path) -> None:
    """Once Temporal is gone the old rows stand, and nothing is shown of them, nor that nothing waits."""
    settings = Settings(var_dir=tmp_path)
    async with TemporalServer(settings, in_memory=True, headless=True, port=free_port()) as server:
        client = await connect("tests", server.address)
        attributes = TypedSearchAttributes(
            [SearchAttributePair(STATE, RequestState.WAITING_FOR_APPROVAL.value)]
        )
        await client.start_workflow(
            "Coordinator", id="one", task_queue="nobody", search_attributes=attributes
        )
        waiting = WaitingList(InboxDesk(_given(client)), lambda: datetime.now(UTC))
        async with asyncio.timeout(20):
            while not (reading := await waiting.current()).rows:  # noqa: ASYNC110 (Temporal works)
                await asyncio.sleep(0.1)
    reading.began -= 3600

    async def is_away(asked: Sequence[Row]) -> bool:
        try:
            await waiting.still_waiting(asked)
        except TemporalUnavailableError:
            return True
        return False

    rows = (await waiting.current()).ranked
    assert [row.request_id for row in rows] == ["one"]
    assert await is_away(rows)
    # That nothing waits is believed until the reading under way has failed, which takes its time on a busy machine.
    async with asyncio.timeout(60):
        while not await is_away(()):
            await asyncio.sleep(0.1)
            assert [row.request_id for row in (await waiting.current()).ranked] == ["one"]
    assert await is_away(rows)
    await waiting.close()


def _given(client: Client) -> Connect:
    async def connect() -> Client:
        return client

    return connect


def _glance(number: int) -> ListSummary:
    return ListSummary(
        subject=f"The lamp, Strasse {number},",
        requester=f"Åsa {number} Öberg",
        tier=Tier.HIGH if number % 5 == 0 else Tier.MEDIUM,
        amount=f"EUR {number}.50",
        why=f"because {number}.",
        proposal_id="p1",
        digests=("0" * 64,),
    )


def _rows(page: Page, request_id: str) -> list[str]:
    rows = re.findall(r"<tr>.*?</tr>", page.response.text, flags=re.DOTALL)
    return [row for row in rows if f"/requests/{request_id}" in row]


async def _read_anew(browser: Browser, name: str) -> None:
    """Wait until the list has been read again since these requests came."""
    async with asyncio.timeout(30):
        while "Page 1 of 3" not in (await browser.get(f"/?whose=all&desk={name}")).text:  # noqa: ASYNC110 (Temporal works)
            await asyncio.sleep(0.2)


def _numbers(page: Page, name: str) -> list[int]:
    return [int(number) for number in re.findall(rf"/requests/{name}-(\d+)", page.response.text)]
