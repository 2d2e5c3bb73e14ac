"""Figures and the file they are kept in: laps, percentiles, the machine they were taken on."""

import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from devstack.processes import Program

LOOKS = int(os.environ.get("BENCH_LOOKS", "40"))
"""How often each page is looked at."""


@dataclass(frozen=True)
class Lap:
    """So many done in so many seconds, and how long each took (ms)."""

    seconds: float
    each_ms: list[float]

    @property
    def per_second(self) -> float:
        return len(self.each_ms) / self.seconds


async def lap(one: Callable[[], Awaitable[object]], count: int, concurrent: int) -> Lap:
    """Do `count` of them, `concurrent` at any time until the last are under way."""
    left = iter(range(count))
    each: list[float] = []

    async def lane() -> None:
        for _ in left:
            begin = time.perf_counter()
            await one()
            each.append((time.perf_counter() - begin) * 1000)

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as lanes:
        for _ in range(min(concurrent, count)):
            lanes.create_task(lane())
    return Lap(time.perf_counter() - begin, each)


async def looks(look: Callable[[], Awaitable[object]]) -> dict[str, float]:
    """Look LOOKS times, one after the other; gives the percentiles in ms."""
    return p50_p95((await lap(look, LOOKS, 1)).each_ms)


def p50_p95(values: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile (the nearest measured value at or above it)."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = -(-95 * len(ordered) // 100) - 1
    return {"p50": round(statistics.median(ordered), 1), "p95": round(ordered[rank], 1)}


def resident_mb(program: Program) -> float:
    """Return the memory that a process holds now."""
    pages = int(Path(f"/proc/{program.pid}/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1024**2, 1)


def machine() -> dict[str, Any]:
    """Describe where and when it was measured; a load above nought at the start means that others worked too."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "temporalio": version("temporalio"),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2,
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def write(path: Path, result: dict[str, Any]) -> None:
    """Write a result whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)
