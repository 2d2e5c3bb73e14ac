"""`python -m tests.chaos.flood [9000]`: so many junk decisions against one waiting request, on a server as shipped.

Shows that a person's earlier approval is kept, that the request answers all the while, that its histories stay bounded
(Temporal asks to go on in a new one at 4,096 events), and that the right second approval then ends it, with one refund.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import starter
from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import WorkerUnavailableError
from dispatch.models.request.status import Ending
from runtime.connection import connect
from runtime.lifecycle import run_to_end
from runtime.settings import Settings
from tests.desk import Case, quick, running_desk
from tests.workflows.requests_made import two_held_refunds

MANY, AT_ONCE = 9_000, 50


async def main(many: int) -> int:
    """Flood, look, approve; prints what was seen and gives 0 where all held."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var_dir=Path(folder) / "server")
        async with TemporalServer(settings, headless=True, port=free_port()) as server:
            client = await connect("flood", server.address)
            async with running_desk(client, Path(folder), quick) as desk:
                case = await two_held_refunds(desk)
                accepted, why = await case.decide("approve")
                runs, slowest = await _flood(case, many)
                print(
                    f"{many} junk decisions: {len(runs)} histories, slowest answer to a query {slowest:.2f} s"
                )
                again, _ = await case.decide("approve")
                outcome = await case.outcome()
                refunds = desk.back_office.refunds()
                print(f"then approved: {outcome.ending}, {len(refunds)} refunds, first approval: {why}")
                longest = max([await _events(case, run) for run in runs])
                print(f"the longest of its histories has {longest} events")
                held = accepted and again and outcome.ending is Ending.DONE and len(refunds) == 2
    return 0 if held else 1


async def _flood(case: Case, many: int) -> tuple[set[str], float]:
    left, runs, slowest = iter(range(many)), set[str](), 0.0

    async def lane() -> None:
        for number in left:
            await case.signal("decide", {"junk": number, "padding": "x" * (number % 2_000)})

    async with asyncio.TaskGroup() as lanes:
        sending = [lanes.create_task(lane()) for _ in range(AT_ONCE)]
        while not all(task.done() for task in sending):
            begin = time.perf_counter()
            with suppress(WorkerUnavailableError):
                await starter.status_of(case.desk.client, case.id)
            slowest = max(slowest, time.perf_counter() - begin)
            runs.add((await case.handle.describe()).run_id or "")
            await asyncio.sleep(0.2)
    await case.until("waiting_for_approval")
    runs.add((await case.handle.describe()).run_id or "")
    return runs, slowest


async def _events(case: Case, run: str) -> int:
    handle = case.desk.client.get_workflow_handle(case.id, run_id=run)
    return len([event async for event in handle.fetch_history_events()])


if __name__ == "__main__":
    sys.exit(run_to_end(lambda: main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)))
