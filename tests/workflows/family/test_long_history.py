"""A flood of messages makes the whole's history long; it goes on in a new one and forgets none of its parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Replayer

from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from devstack.temporal_tuning import TUNING
from dispatch.models.request.status import Ending
from runtime.connection import connect
from runtime.settings import Settings
from runtime.worker_parts.sandbox import SANDBOX
from runtime.workers import WORKFLOWS
from tests.desk import PATIENCE_SECONDS
from tests.two_desks import JONAS, TwoDesks, running_two_desks
from tests.workflows.family.test_parts import REFUND_AND_ACCESS

LONG = 90
"""Events after which this server asks to go on in a new history; others ask at 4,096."""


@pytest.fixture(scope="module")
async def brief_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    settings = Settings(var_dir=Path(tmp_path_factory.mktemp("brief")))
    tuning = TUNING | {"limit.historyCount.suggestContinueAsNew": str(LONG)}
    async with TemporalServer(
        settings, in_memory=True, headless=True, port=free_port(), tuning=tuning
    ) as server:
        yield await connect("tests", server.address)


@pytest.fixture
async def desks(brief_server: Client, tmp_path: Path) -> AsyncIterator[TwoDesks]:
    async with running_two_desks(brief_server, tmp_path) as running:
        yield running


async def test_a_whole_that_goes_on_in_a_new_history_still_answers_once(desks: TwoDesks) -> None:
    """Its parts are neither begun again nor lost: one letter tells both, and each history replays."""
    whole = await desks.submit(REFUND_AND_ACCESS, **JONAS)
    support, helpdesk = await desks.begun(whole, "support"), await desks.begun(whole, "helpdesk")
    await support.until("waiting_for_approval")
    await helpdesk.until("waiting_for_approval")
    first = (await whole.handle.describe()).run_id or ""
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while (await whole.handle.describe()).run_id == first:
            await asyncio.gather(*(whole.signal("decide", {"junk": n}) for n in range(LONG)))
            await asyncio.sleep(0.5)
    await whole.until("waiting_for_parts")
    await support.decide("approve")
    await helpdesk.decide("approve", by="design-systems")
    (letter,) = await desks.letters(JONAS, 1)
    assert "Design Library" in letter["text"]
    await asyncio.gather(support.outcome(), helpdesk.outcome())
    # No event of this history tells that the parts have ended: any word of one makes it look.
    with suppress(RPCError):
        await whole.signal("part", {"part": support.id, "at": "settled"})
    outcome = await whole.outcome()
    assert outcome.ending is Ending.DONE, outcome.why
    assert len(desks.letters_to(JONAS)) == 1
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=SANDBOX, data_converter=pydantic_data_converter)
    for run in (first, (await whole.handle.describe()).run_id):
        await replayer.replay_workflow(
            await desks.desk.client.get_workflow_handle(whole.id, run_id=run).fetch_history()
        )
