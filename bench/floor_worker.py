"""The floor's own worker process, made as ours is: two queues in one process, the SDK's sandbox, our connection."""

import sys

from temporalio.worker import Worker

from bench.floor import Floor, step
from dispatch.connection import connect
from dispatch.lifecycle import run_to_end, stop_event

QUEUE = "floor"


async def main() -> int:
    """Work until SIGINT or SIGTERM."""
    stop = stop_event()
    client = await connect("floor")
    desk = Worker(client, task_queue=QUEUE, workflows=[Floor], activities=[step], max_cached_workflows=500)
    actions = Worker(client, task_queue=f"{QUEUE}-actions", activities=[step])
    async with desk, actions:
        print("working", flush=True)
        await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(run_to_end(main))
