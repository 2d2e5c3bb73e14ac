"""`python -m tests.acceptance.exits [COUNT]`: start and stop that many workers, and see that all of them exit with 0.

A process that ran a worker may crash while the interpreter exits (runtime/lifecycle.py says why and what mends it);
50 in a row show it, a handful in the suite keep watch.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console

from devstack.ports import free_port
from devstack.processes import Program
from devstack.temporal_server import TemporalServer
from runtime.lifecycle import run_to_end
from runtime.settings import Settings

AT_ONCE = 6
GRACE_SECONDS = 30


async def exit_codes(address: str, folder: Path, count: int) -> list[int]:
    """Start `count` workers, a few at a time, end each with SIGTERM once it works; returns their exit codes."""
    approval_request = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> int:
        environment = {"TEMPORAL_ADDRESS": address, "DISPATCH_TASK_QUEUE": f"exits-{number}"}
        worker = Program("worker", ["worker.py"], folder / f"exits-{number}.log", environment, says="working")
        async with approval_request, worker:
            os.kill(worker.pid, signal.SIGTERM)
            async with asyncio.timeout(GRACE_SECONDS):
                while (code := worker.ended()) is None:  # noqa: ASYNC110 (another process ends)
                    await asyncio.sleep(0.05)
            return code

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def main() -> int:
    """Return 0 if every worker exited with 0."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with TemporalServer(
            Settings(var_dir=folder), in_memory=True, headless=True, port=free_port()
        ) as server:
            codes = Counter(await exit_codes(server.address, folder, count))
    Console(highlight=False).print(f"{codes[0]} of {count} workers exited with 0; all codes: {dict(codes)}")
    return 0 if set(codes) == {0} else 1


if __name__ == "__main__":
    sys.exit(run_to_end(main))
