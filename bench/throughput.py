"""`make bench`: requests per second and what one costs, beside a bare workflow on the same server in the same run.

There are two such baselines, both of a fixed shape: the activities of the one do nothing, those of the other make the calls to
outside systems that ours make. The sides alternate, lap by lap, so that a machine that gets busier or hotter does so for all. A rate is the
median of its laps. `ratio_to_baseline` is our time over the baseline's for as many: the median over neighbouring laps, for
from minute to minute these machines differ by a quarter. BENCH_REQUESTS sets how many are submitted at 50 concurrent
(500), everything else in proportion, and BENCH_LAPS the number of laps (5).
"""

import asyncio
import os
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from bench.baseline import SHAPE, Baseline
from bench.baseline_worker import QUEUE, QUEUE_WITH_CALLS
from bench.environment import (
    GRACE_SECONDS,
    BenchEnvironment,
    circumstances,
    results_folder,
    running_environment,
)
from bench.figures import Lap, lap, machine, p50_p95, resident_mb, write
from bench.history import cost_of, events_of
from bench.requests import AUTOMATIC, HELD, Requests, approve, outcome_of, until_waiting
from devstack.processes import Program
from runtime.lifecycle import run_to_end

CONCURRENT = (1, 50)
LAPS = int(os.environ.get("BENCH_LAPS", "5"))
ENOUGH_SECONDS, LIMIT_SECONDS = 180, 290
"""On a slow machine no lap after the first begins later than the one; the other ends it all, as an error."""

RATES = {
    "requests_per_second": "ours",
    "baseline_requests_per_second": "baseline",
    "baseline_with_calls_requests_per_second": "calls",
}
RATIOS = {"ratio_to_baseline": "baseline", "ratio_to_baseline_with_calls": "calls"}
"""What the result gives by concurrency, and of which side; a ratio is our time over that side's."""

One = Callable[[], Awaitable[object]]


async def main() -> int:
    """Measure, print, write latest.json."""
    facts = machine()
    count = max(LAPS, int(os.environ.get("BENCH_REQUESTS", "500")))
    async with asyncio.timeout(LIMIT_SECONDS), running_environment("throughput") as environment:
        baseline_worker, calling_worker = (_worker(environment, queue) for queue in (QUEUE, QUEUE_WITH_CALLS))
        async with baseline_worker, calling_worker:
            result = await _measure(environment, count)
            result["baseline_worker_rss_mb"] = resident_mb(baseline_worker)
    result["machine"] = facts
    write(results_folder() / "latest.json", result)
    _show(result)
    return 0


def _worker(environment: BenchEnvironment, queue: str) -> Program:
    return Program(
        f"worker of {queue}",
        ["-m", "bench.baseline_worker", queue],
        environment.settings.var_dir / "logs" / f"{queue}-worker.log",
        environment.worker_variables,
        says="working",
        grace_seconds=4 * GRACE_SECONDS,
    )


async def _measure(environment: BenchEnvironment, count: int) -> dict[str, Any]:
    begin = time.perf_counter()
    ours = Requests(environment, AUTOMATIC)
    first = await ours.submit()
    await outcome_of(environment.client, first)

    async def request() -> None:
        await outcome_of(environment.client, await ours.submit())

    events = await events_of(environment.client, first)
    sides: dict[str, One] = {
        "ours": request,
        "baseline": _baseline(environment.client, QUEUE),
        "calls": _baseline(environment.client, QUEUE_WITH_CALLS),
    }
    for warm in sides.values():
        await lap(warm, max(2, count // 6), CONCURRENT[-1])
    laps = {(side, n): list[Lap]() for side in sides for n in CONCURRENT}
    for n in CONCURRENT:
        many = max(1, count // LAPS if n > 1 else count // (5 * LAPS))
        for turn in range(LAPS):
            if turn and time.perf_counter() - begin > ENOUGH_SECONDS:
                break
            for side in list(sides) if turn % 2 == 0 else list(sides)[::-1]:
                laps[side, n].append(await lap(sides[side], many, n))
    signal_to_done = await _signals(environment, max(2, count // 15))
    baseline_events = await events_of(environment.client, await _one_baseline(environment.client, QUEUE))
    rate = {key: statistics.median(each.per_second for each in done) for key, done in laps.items()}
    ratios = {
        (side, n): [
            round(theirs.per_second / mine.per_second, 3)
            for mine, theirs in zip(laps["ours", n], laps[side, n], strict=True)
        ]
        for side in RATIOS.values()
        for n in CONCURRENT
    }
    return {
        **{name: {str(n): round(rate[side, n], 2) for n in CONCURRENT} for name, side in RATES.items()},
        **{
            name: {str(n): round(statistics.median(ratios[side, n]), 3) for n in CONCURRENT}
            for name, side in RATIOS.items()
        },
        "ratio_of_each_lap": {str(n): ratios["baseline", n] for n in CONCURRENT},
        "submit_to_done_ms": _times(laps["ours", 1]),
        "submit_to_done_at_50_ms": _times(laps["ours", 50]),
        "baseline_submit_to_done_ms": _times(laps["baseline", 1]),
        "baseline_submit_to_done_at_50_ms": _times(laps["baseline", 50]),
        "signal_to_done_ms": p50_p95(signal_to_done),
        **cost_of(events),
        "baseline": cost_of(baseline_events),
        "worker_rss_mb": resident_mb(environment.worker),
        **circumstances(environment.settings),
        "requests_measured": {str(n): sum(len(done.each_ms) for done in laps["ours", n]) for n in CONCURRENT},
    }


def _times(laps: list[Lap]) -> dict[str, float]:
    return p50_p95([each for done in laps for each in done.each_ms])


def _baseline(client: Client, queue: str) -> One:
    async def one() -> None:
        await _one_baseline(client, queue)

    return one


async def _one_baseline(client: Client, queue: str) -> str:
    baseline_id = f"baseline-{uuid.uuid4()}"
    handle = await client.start_workflow(Baseline.run, SHAPE, id=baseline_id, task_queue=queue)
    await handle.result()
    return baseline_id


async def _signals(environment: BenchEnvironment, count: int) -> list[float]:
    """Approve held requests one by one; gives the time from each signal to the request's end."""
    held, took = Requests(environment, HELD), list[float]()
    for _ in range(count):
        request_id = await held.submit()
        status = await until_waiting(environment.client, request_id)
        begin = time.perf_counter()
        await approve(environment.client, request_id, status)
        await outcome_of(environment.client, request_id)
        took.append((time.perf_counter() - begin) * 1000)
    return took


def _show(result: dict[str, Any]) -> None:
    table = Table(
        "",
        *(f"{n} concurrent" for n in CONCURRENT),
        title=f"durability {result['durability']}, audit follower {result['audit_follower']}",
    )
    for name in (*RATES, *RATIOS):
        table.add_row(name, *(str(result[name][str(n)]) for n in CONCURRENT))
    console = Console()
    console.print(table)
    for name in ("submit_to_done_ms", "signal_to_done_ms"):
        console.print(f"{name}: p50 {result[name]['p50']}, p95 {result[name]['p95']}")
    names = (
        "history_events",
        "history_bytes",
        "workflow_tasks",
        "activities",
        "billable_actions",
        "worker_rss_mb",
    )
    console.print(", ".join(f"{name} {result[name]}" for name in names))
    console.print(f"written to {results_folder() / 'latest.json'}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(run_to_end(main))
