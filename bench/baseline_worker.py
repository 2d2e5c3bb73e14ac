"""The baselines' own worker process, made as ours is: two queues in one process, the SDK's sandbox, our connection.

`python -m bench.baseline_worker QUEUE`: on the queue `baseline` the activities do nothing, on `baseline-with-calls` they make the
calls to outside systems that ours make.
"""

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from temporalio import activity
from temporalio.worker import Worker

from bench.baseline import STEP, Baseline, Call, step
from bench.calls import Caller, calling
from devstack.settings import load_stack_settings
from runtime.connection import connect
from runtime.lifecycle import run_to_end, stop_event
from runtime.worker_parts.shutdown import MARGIN, HardEnd, running_workers

QUEUE, QUEUE_WITH_CALLS = "baseline", "baseline-with-calls"


class StepWithCalls:
    """The baseline's step, which makes its activity's calls first."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @activity.defn(name=STEP)
    async def step(self, call: Call) -> str:
        await self._caller.make(call.instead_of)
        return await step(call)


async def main(queue: str) -> int:
    """Work until SIGINT or SIGTERM."""
    hard_end = HardEnd(MARGIN)  # its workers have no grace
    stop = stop_event(on_signal=hard_end.begin)
    client = await connect("baseline")
    async with AsyncExitStack() as stack:
        does: Callable[..., Any] = step
        if queue == QUEUE_WITH_CALLS:
            does = StepWithCalls(await stack.enter_async_context(calling(load_stack_settings()))).step
        desk = Worker(
            client, task_queue=queue, workflows=[Baseline], activities=[does], max_cached_workflows=500
        )
        actions = Worker(client, task_queue=f"{queue}-actions", activities=[does])
        async with running_workers(desk, actions, on_stop=hard_end.begin):
            print("working", flush=True)
            await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(run_to_end(lambda: main(sys.argv[1])))
