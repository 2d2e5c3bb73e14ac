"""`make bench-waiting`: ten thousand requests waiting for approval, and whether the desk still answers at once.

Measured while they wait: the worker's memory, a page of the list, a count, and for 200 of them the time from a person's
signal to the next step (the answer's activity scheduled, by the server's clock on this same machine) and to the end.
Those 200 are submitted and looked at first: by the time they are approved the worker has long put them out of its
memory, and has to replay each from its history, as after days of waiting. Before that the inbox shows them (bench/inbox.py).
BENCH_WAITING sets another count, BENCH_SIGNALS of how many are approved. `python -m bench.waiting inbox` measures the inbox alone and writes inbox.json.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.environment import BenchEnvironment, circumstances, results_folder, running_environment
from bench.figures import lap, looks, machine, p50_p95, resident_mb, write
from bench.history import cost_of, events_of
from bench.inbox import measure_inbox
from bench.requests import HELD, Requests, approve, outcome_of, until_waiting
from dispatch.models.request.status import RequestState
from runtime.gateway import Gateway
from runtime.lifecycle import run_to_end

MANY, CONCURRENT, PAGE = 10_000, 50, 50
SIGNALS = int(os.environ.get("BENCH_SIGNALS", "200"))
LIMIT_SECONDS = 45 * 60
WAITING = f"RequestState = '{RequestState.WAITING_FOR_APPROVAL}' AND ExecutionStatus = 'Running'"


async def main() -> int:
    """Measure, print, write waiting.json."""
    facts, inbox_alone = machine(), sys.argv[1:] == ["inbox"]
    many = max(2, int(os.environ.get("BENCH_WAITING", str(MANY))))
    async with asyncio.timeout(LIMIT_SECONDS), running_environment("waiting") as environment:
        result = await (_measure_inbox if inbox_alone else _measure)(environment, many)
    result["machine"] = facts
    file = results_folder() / ("inbox.json" if inbox_alone else "waiting.json")
    write(file, result)
    _show(result, file)
    return 0


async def _measure_inbox(environment: BenchEnvironment, many: int) -> dict[str, Any]:
    waiting = await _fill(environment.client, Requests(environment, HELD), 0, many, time.perf_counter())
    return {
        "waiting": waiting,
        **await measure_inbox(environment, waiting),
        "worker_rss_mb": resident_mb(environment.worker),
        **circumstances(environment.settings),
    }


async def _measure(environment: BenchEnvironment, many: int) -> dict[str, Any]:
    client, held = environment.client, Requests(environment, HELD)
    idle = resident_mb(environment.worker)
    ids: list[str] = []

    async def one_to_approve() -> None:
        ids.append(await held.submit())

    begin = time.perf_counter()
    await lap(one_to_approve, min(SIGNALS, many // 2), CONCURRENT)
    await _until(client, len(ids), many, begin)
    # Looked at only now: amid a burst of new requests a query may wait longer than it is given.
    sample = [(request_id, await until_waiting(client, request_id)) for request_id in ids]
    rest, waiting = many - len(sample), await _fill(client, held, len(sample), many, begin)
    seconds = time.perf_counter() - begin
    figures = {
        "waiting": waiting,
        "seconds_until_all_wait": round(seconds, 1),
        "requests_per_second": {str(CONCURRENT): round(many / seconds, 2)},
        "worker_rss_mb": resident_mb(environment.worker),
        "worker_rss_mb_idle": idle,
        "page_of_50_ms": await looks(lambda: _page(client)),
        "count_ms": await looks(lambda: _count(client)),
        **await measure_inbox(environment, waiting),
    }
    next_step, done = list[float](), list[float]()
    for request_id, status in sample:
        signalled, begin = datetime.now(UTC), time.perf_counter()
        await approve(client, request_id, status)
        await outcome_of(client, request_id)
        done.append((time.perf_counter() - begin) * 1000)
        next_step.append((await _acted_at(client, request_id) - signalled).total_seconds() * 1000)
    return figures | {
        "signals": len(sample),
        "signalled_out_of_cache": rest > environment.settings.workflow_cache,
        "signal_to_next_step_ms": p50_p95(next_step),
        "signal_to_done_ms": p50_p95(done),
        "worker_rss_mb_after_signals": resident_mb(environment.worker),
        **cost_of(await events_of(client, sample[0][0])),
        **circumstances(environment.settings),
    }


async def _fill(client: Client, held: Requests, waiting: int, many: int, begin: float) -> int:
    """Submit all at once what `many` lack, where `waiting` wait already, and stay until all do; returns how many do."""
    await lap(held.submit, many - waiting, CONCURRENT)
    return await _until(client, many, many, begin)


async def _until(client: Client, wanted: int, many: int, begin: float) -> int:
    """Wait until so many wait, saying how far it is; returns how many do."""
    while True:
        waiting = await _count(client)
        _progress(waiting, many, time.perf_counter() - begin)
        if waiting >= wanted:
            return waiting
        await asyncio.sleep(1)


async def _count(client: Client) -> int:
    return (await client.count_workflows(WAITING)).count


async def _page(client: Client) -> None:
    """Read a page as the inbox does."""
    _ = [row async for row in Gateway.over(client).rows(waiting_only=True, limit=PAGE)]


async def _acted_at(client: Client, request_id: str) -> datetime:
    """Return the time of the step after the approval: its first activity."""
    approved = False
    for event in await events_of(client, request_id):
        approved = approved or event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        if approved and event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            return event.event_time.ToDatetime(tzinfo=UTC)
    raise RuntimeError(f"{request_id} took no step after its approval")


def _progress(waiting: int, many: int, seconds: float) -> None:
    end = "\r" if sys.stdout.isatty() and waiting < many else "\n"
    print(
        f"{waiting} of {many} wait, {seconds:.0f} s, {waiting / max(seconds, 1):.1f}/s", end=end, flush=True
    )


def _show(result: dict[str, Any], file: Path) -> None:
    table = Table(
        "",
        "p50",
        "p95",
        title=f"{result['waiting']} waiting, durability {result['durability']}, audit follower {result['audit_follower']}",
    )
    for name, figure in result.items():
        if name.endswith("_ms") and isinstance(figure, dict):
            table.add_row(name, str(figure["p50"]), str(figure["p95"]))
    console = Console()
    console.print(table)
    names = ("worker_rss_mb", "history_events", "inbox_rss_mb", "inbox_cold_first_page_ms")
    console.print(", ".join(f"{name} {result[name]}" for name in names if name in result))
    console.print(f"written to {file}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(run_to_end(main))
