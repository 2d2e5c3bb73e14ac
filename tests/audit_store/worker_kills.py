"""A worker process that exports by sweep and by follower is killed (kill -9) at random points, again and again.

Before each of its lives requests are ended that no worker has seen, and one is sent in that it has to carry through. A
sweep and a follower of that life's own are started beside the desk's, for those wait, after a kill, until Temporal misses
their heartbeat. In the last life nothing is started by hand; what was begun before comes back by itself. Then every
request must be in the store exactly once, and `audit verify` must find nothing.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

from temporalio.service import RPCError

from cli.audit.commands import run as run_audit
from cli.commands import parsed
from runtime.audit.parts import audit_export
from tests.audit_store.followed import exported, untouched
from tests.audit_store.made import lines_of
from tests.chaos.stage import Stage, stage, temporal
from tests.desk import Case
from tests.servers import running_back_office, running_mail_sink
from tests.workflows.requests_made import status_question
from workflows.audit_follow import AuditFollow
from workflows.audit_sweep import AuditSweep

REQUESTS_PER_LIFE: Final = 30
LONGEST_LIFE_SECONDS: Final = 1.0
"""After it says that it works or, two times out of three, after its first export, so that most kills meet one."""
LONGEST_WAIT_SECONDS: Final = 15
"""For a first export on a busy machine."""
PATIENCE_SECONDS: Final = 240
"""For the last life: two sweeps of a minute each, and what they export."""


async def kill_workers_and_look(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many workers and let one finish; raises AssertionError for a gap, a duplicate or a broken chain."""
    chance = random.Random(seed)  # noqa: S311 (moments of a test, no secret)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(temporal(folder))
        back_office = await stack.enter_async_context(running_back_office(folder))
        mail_sink = await stack.enter_async_context(running_mail_sink(folder))
        on = await stack.enter_async_context(
            stage(
                "audit-kills",
                folder,
                server,
                back_office,
                mail_sink,
                DISPATCH_AUDIT_FOLLOW_SECONDS="0.2",
                DISPATCH_AUDIT_SWEEP_MINUTES="1",
                DISPATCH_GRACEFUL_SHUTDOWN_SECONDS="5",
            )
        )
        await on.worker.kill9()
        ended, cases, met, torn = list[str](), list[Case](), 0, 0
        for number in range(kills):
            ended += await asyncio.gather(*(_ended(on) for _ in range(REQUESTS_PER_LIFE)))
            cases.append(await status_question(on.desk))
            met += await _lived(on, number, chance)
            torn += bool(_manifest(on).rpartition(b"\n")[2])
        before = _lines(on)
        await on.worker.start()
        for case in cases:
            assert (await on.end(case)).ending == "done"
        await _until_nothing_is_missing(on)
        assert await on.terminate_worker(within_seconds=10) == 0
        _look(on, [*ended, *(case.id for case in cases)])
        assert await run_audit(parsed(["audit", "verify"]), on.desk.settings) == 0
        requests = len(ended) + len(cases)
        return {"kills": kills, "met": met, "torn": torn, "before": before, "requests": requests}


async def _ended(on: Stage) -> str:
    """End a request that no worker has seen."""
    request_id = await untouched(on.desk)
    await on.desk.client.get_workflow_handle(request_id).terminate("ended by hand")
    return request_id


async def _lived(on: Stage, number: int, chance: random.Random) -> bool:
    """Let a worker live for a while and kill it; tells whether the kill met an export under way."""
    client, queue = on.desk.client, on.desk.settings.task_queue
    sweep = await client.start_workflow(AuditSweep.run, id=f"own-sweep-{number}", task_queue=queue)
    follower = await client.start_workflow(AuditFollow.run, id=f"own-follower-{number}", task_queue=queue)
    had, waits_for_export = _lines(on), chance.random() < 2 / 3
    await on.worker.start()
    waited = 0.0
    while waits_for_export and _lines(on) == had and waited < LONGEST_WAIT_SECONDS:
        await asyncio.sleep(0.01)
        waited += 0.01
    await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))
    await on.worker.kill9()
    # The desk's own come back in a later life. Were these to do so too, each would export all that the others do.
    for own in (sweep, follower):
        with suppress(RPCError):
            await own.terminate("its life is over")
    made = (number + 1) * (REQUESTS_PER_LIFE + 1)
    return had < _lines(on) < made


def _manifest(on: Stage) -> bytes:
    file = on.desk.settings.audit_dir / "store" / "manifest.jsonl"
    return file.read_bytes() if file.exists() else b""


def _lines(on: Stage) -> int:
    """Count the whole lines; a worker that was killed may have left a part of one."""
    return _manifest(on).count(b"\n")


async def _until_nothing_is_missing(on: Stage) -> None:
    audit = audit_export(on.desk.client, on.desk.settings)
    give_up = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while (missing := await audit.list_missing()).total:
        assert asyncio.get_running_loop().time() < give_up, f"{missing.total} of {missing.closed} are missing"
        await asyncio.sleep(0.5)


def _look(on: Stage, ids: Sequence[str]) -> None:
    """Each request is there once, in the chain and as an object, and nothing else is."""
    assert exported(on.desk).keys() == set(ids)
    store = on.desk.settings.audit_dir / "store"
    objects = [file for file in (store / "objects").glob("*/*") if not file.name.startswith(".")]
    assert len(objects) == len(lines_of(on.desk.settings.audit_dir)) == len(ids)
