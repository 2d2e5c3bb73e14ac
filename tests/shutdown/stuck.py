"""`python -m tests.shutdown.stuck HOW ADDRESS`: a program with a real worker whose stop never ends by itself.

It says `working` and is then sent SIGTERM. A hard end bounds it, as it does worker.py.
"""

import asyncio
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from runtime.lifecycle import run_to_end, stop_event
from runtime.logs import set_up_logs
from runtime.worker_parts.shutdown import HardEnd, running_workers

WITHIN = timedelta(seconds=1)
GRACE = timedelta(seconds=0.2)


@workflow.defn
class Deaf:
    """Runs the activity of the same name."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("deaf", start_to_close_timeout=timedelta(minutes=1))


class DeafActivity:
    """Goes on when it is cancelled, until `released` is set."""

    def __init__(self) -> None:
        self.started, self.released = asyncio.Event(), asyncio.Event()

    @activity.defn(name="deaf")
    async def deaf(self) -> None:
        self.started.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue


def deaf_worker(client: Client, does: DeafActivity) -> Worker:
    """Build a worker on a queue of its own."""
    return Worker(
        client,
        task_queue=f"deaf-{uuid.uuid4()}",
        workflows=[Deaf],
        workflow_runner=UnsandboxedWorkflowRunner(),
        activities=[does.deaf],
        graceful_shutdown_timeout=GRACE,
    )


async def begin(client: Client, worker: Worker, does: DeafActivity) -> None:
    """Have the worker run the activity."""
    await client.start_workflow(Deaf.run, id=f"deaf-{uuid.uuid4()}", task_queue=worker.task_queue)
    async with asyncio.timeout(60):
        await does.started.wait()


def _sleeps() -> None:
    time.sleep(60)


def _computes_in_c() -> None:
    """Keep the interpreter, so that no other thread gets a turn."""
    re.match(r"(a|a)*b", "a" * 40)


LOOP_IS_STUCK: dict[str, Callable[[], None]] = {"sleeps": _sleeps, "computes-in-c": _computes_in_c}


async def main(how: str, address: str) -> int:
    """Work until SIGTERM."""
    set_up_logs("console", "info")
    hard_end = HardEnd(WITHIN)
    stop = stop_event(on_signal=hard_end.begin)
    client, does = await Client.connect(address), DeafActivity()
    worker = deaf_worker(client, does)
    async with running_workers(worker, on_stop=hard_end.begin):
        if how == "deaf":
            await begin(client, worker, does)
        print("working")
        if how in LOOP_IS_STUCK:
            LOOP_IS_STUCK[how]()
        await stop.wait()
    if how == "leaves-a-thread":
        threading.Thread(target=_sleeps, daemon=False).start()
    return 0


if __name__ == "__main__":
    sys.exit(run_to_end(lambda: main(sys.argv[1], sys.argv[2])))
