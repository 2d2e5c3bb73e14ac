"""A worker's stop is bounded, whatever keeps it: the process ends by itself, and says what still ran."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from devstack.processes import Program
from devstack.temporal_server import TemporalServer
from runtime.worker_parts.shutdown import HARD_END_CODE, WorkerStuckError, running_workers
from tests.shutdown.stuck import WITHIN, DeafActivity, begin, deaf_worker

PATIENCE_SECONDS = 30


async def ended(how: str, temporal: TemporalServer, log: Path) -> tuple[int, str]:
    """Run tests/shutdown/stuck.py, send it SIGTERM while it works; returns its exit code and what it wrote."""
    arguments = ["-m", "tests.shutdown.stuck", how, temporal.address]
    async with Program("stuck program", arguments, log, says="working") as program:
        os.kill(program.pid, signal.SIGTERM)
        async with asyncio.timeout(WITHIN.total_seconds() + PATIENCE_SECONDS):
            while (code := program.ended()) is None:  # noqa: ASYNC110 (another process ends)
                await asyncio.sleep(0.05)
    return code, await asyncio.to_thread(log.read_text)


@pytest.mark.parametrize(
    ("how", "where"),
    [
        ("deaf", "DeafActivity.deaf > Event.wait (locks.py:"),
        ("sleeps", "in _sleeps"),
        ("leaves-a-thread", "in _sleeps"),
    ],
)
async def test_a_stop_that_takes_too_long_ends_with_70_and_says_what_ran(
    temporal: TemporalServer, tmp_path: Path, how: str, where: str
) -> None:
    """An activity that does not listen, a loop that never comes back, a thread that outlives the interpreter's end."""
    code, said = await ended(how, temporal, tmp_path / "log")
    assert code == HARD_END_CODE, said
    assert "the stop took too long; the process is ended" in said
    assert where in said


async def test_code_that_keeps_the_interpreter_is_ended_too(temporal: TemporalServer, tmp_path: Path) -> None:
    """No thread of Python gets a turn then; the stacks are printed all the same, and the code is 1."""
    code, said = await ended("computes-in-c", temporal, tmp_path / "log")
    assert code == 1, said
    assert "in _computes_in_c" in said


async def test_a_worker_in_a_test_that_does_not_stop_is_given_up(client: Client) -> None:
    """The test fails with the line where the worker waits, instead of a run that hangs; what the block did stands."""
    does = DeafActivity()
    worker = deaf_worker(client, does)
    with pytest.raises(
        WorkerStuckError, match=r"1 of 1 workers did not stop(.|\n)*DeafActivity\.deaf > Event\.wait"
    ):
        async with running_workers(worker, give_up_after=timedelta(seconds=1)):
            await begin(client, worker, does)
    does.released.set()
    await worker.shutdown()
