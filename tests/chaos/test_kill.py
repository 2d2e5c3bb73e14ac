"""kill -9 and SIGTERM, of real processes: each request ends as it would have, with each effect once.

All cases begin together, when the first test runs, for a killed worker's activity is tried again only after half a
minute; each test waits for its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

import starter
from tests.chaos.stage import Stage, stage, temporal
from tests.servers import back_office_process, mail_sink_process

pytestmark = [pytest.mark.xdist_group("chaos"), pytest.mark.timeout(300)]
Story = Callable[[Stage], Awaitable[None]]


async def worker_killed(on: Stage) -> None:
    """One request is with a specialist, one between its refund and the result, and one waits when the worker is killed."""
    waits = await on.refund("DD-10001", "anna.mueller@post.example")
    acts = await on.refund("DD-10015", "i.bergmann@bergmann-buero.example")
    await on.waits(waits)
    decision = await waits.decision("approve")
    await on.slow("POST /refunds", 20, "PAY-10015")
    await on.approve(acts)
    await on.paid_back("PAY-10015")
    looking = "GET /customers/CU-1002/orders"
    await on.slow(looking, 20)
    asks = await on.refund("DD-10003", "sean.obrien@mail.example")
    await on.fired(looking)
    await on.worker.kill9()
    await starter.leave_signal(on.desk.client, waits.id, "decide", decision)
    assert on.refunds("PAY-10001") == []
    await on.worker.start()
    await on.once(waits, "PAY-10001", "anna.mueller@post.example")
    await on.once(asks, "PAY-10003", "sean.obrien@mail.example")
    outcome = await on.once(acts, "PAY-10015", "i.bergmann@bergmann-buero.example")
    assert any("found by its key, done by an earlier attempt" in entry.why for entry in outcome.trail)


async def terminated_at_work(on: Stage) -> None:
    await on.slow("POST /refunds", 3, "PAY-10013")
    case = await on.refund("DD-10013", "t.weber@kanzlei-weber.example")
    await on.approve(case)
    await on.paid_back("PAY-10013")
    assert await on.terminate_worker(within_seconds=30) == 0
    events = (await case.handle.fetch_history()).events
    ordered = [event.activity_task_scheduled_event_attributes.activity_type.name for event in events]
    done = [event.activity_task_completed_event_attributes.scheduled_event_id for event in events]
    assert ordered.index("action.issue_refund") + 1 in done
    await on.worker.start()
    await on.once(case, "PAY-10013", "t.weber@kanzlei-weber.example")


async def server_killed(on: Stage) -> None:
    """One request waits and one executes when the server is killed; nobody touches the worker."""
    waits = await on.refund("DD-10011", "thomas.weber@post.example")
    acts = await on.refund("DD-10022", "hanako.yamada@mail.example")
    await on.waits(waits)
    await on.waits(acts)
    await on.slow("POST /refunds", 4, "PAY-10022")
    await on.approve(acts)
    await on.paid_back("PAY-10022")
    await on.server.kill9()
    await on.server.restart()
    await on.approve(waits)
    await on.once(waits, "PAY-10011", "thomas.weber@post.example")
    await on.once(acts, "PAY-10022", "hanako.yamada@mail.example")


@pytest.fixture(scope="module")
async def stories(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[Story, asyncio.Task[None]]]:
    """Begin every case at once; what none of the tests waited for is cancelled."""
    folder = tmp_path_factory.mktemp("chaos")
    async with AsyncExitStack() as stack:
        back_office = await stack.enter_async_context(back_office_process(folder))
        mail_sink = await stack.enter_async_context(mail_sink_process(folder))
        steady, doomed = folder / "steady", folder / "doomed"
        servers = [await stack.enter_async_context(temporal(place)) for place in (steady, doomed)]

        async def tell(story: Story) -> None:
            server = servers[story is server_killed]
            async with stage(story.__name__, folder, server, back_office, mail_sink) as on:
                await story(on)

        cases = (worker_killed, terminated_at_work, server_killed)
        async with _all_begun({story: asyncio.create_task(tell(story)) for story in cases}) as tasks:
            yield tasks


@asynccontextmanager
async def _all_begun(
    tasks: dict[Story, asyncio.Task[None]],
) -> AsyncIterator[dict[Story, asyncio.Task[None]]]:
    try:
        yield tasks
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_a_worker_killed_amid_three_requests(stories: dict[Story, asyncio.Task[None]]) -> None:
    """The next worker asks the specialist again, finds the refund by its key, and carries out what was approved meanwhile."""
    await stories[worker_killed]


async def test_a_worker_asked_to_end_finishes_what_is_under_way(
    stories: dict[Story, asyncio.Task[None]],
) -> None:
    """SIGTERM: it completes its activity, exits 0 within its grace, and the next worker goes on."""
    await stories[terminated_at_work]


async def test_a_server_killed_while_one_request_waits_and_one_acts(
    stories: dict[Story, asyncio.Task[None]],
) -> None:
    """After a restart on the same file both go on; the effect that was under way stands once."""
    await stories[server_killed]
