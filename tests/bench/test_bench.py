"""Each bench, tiny: it runs to its end and writes the file with every key; how fast, no test may say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.baseline import SHAPE
from devstack.processes import ROOT
from tests.sizes import THOROUGH_ONLY

LIMIT_SECONDS = 280
pytestmark = pytest.mark.timeout(LIMIT_SECONDS + 20)
PERCENTILES = {"p50", "p95"}
COUNTS = (
    "history_events",
    "history_bytes",
    "workflow_tasks",
    "activities",
    "activities_local",
    "activities_regular",
    "billable_actions",
)


def run(module: str, folder: Path, *arguments: str, **environment: str) -> str:
    """Run a bench as `make` does, its results in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "BENCH_FOLDER": str(folder), "BENCH_LOOKS": "3", **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read(file: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(file.read_text())
    return result


def holds_a_cost(result: dict[str, Any]) -> None:
    for name in COUNTS:
        assert isinstance(result[name], int), name
        assert result[name] > 0, name
    assert result["activities"] == result["activities_local"] + result["activities_regular"]
    assert result["billable_actions_counted_as"]


def holds_times(result: dict[str, Any], *names: str) -> None:
    for name in names:
        assert set(result[name]) == PERCENTILES, name
        assert 0 < result[name]["p50"] <= result[name]["p95"], name


def holds_an_inbox(result: dict[str, Any]) -> None:
    pages = ("page", "middle_page", "last_page", "search", "search_for_many", "tier")
    holds_times(result, *(f"inbox_{name}_ms" for name in pages))
    for name in ("cold_first_page_ms", "cold_until_whole_seconds", "renewed_after_seconds", "rss_mb"):
        assert result[f"inbox_{name}"] > 0, name


def holds_its_circumstances(result: dict[str, Any]) -> None:
    assert result["durability"] in {"FULL", "NORMAL"}
    assert result["audit_follower"] == "off"
    assert result["worker_rss_mb"] > 1
    assert result["machine"]["cores"] > 0
    assert result["machine"]["temporalio"]


def test_throughput_writes_every_figure_beside_the_baseline(tmp_path: Path) -> None:
    """One run gives both sides; the baseline's shape is fixed, whatever a request takes."""
    said = run("bench.throughput", tmp_path, BENCH_REQUESTS="2", BENCH_LAPS="2")
    result = read(tmp_path / "latest.json")
    for name in (
        "requests_per_second",
        "baseline_requests_per_second",
        "baseline_with_calls_requests_per_second",
        "ratio_to_baseline",
        "ratio_to_baseline_with_calls",
    ):
        assert set(result[name]) == {"1", "50"}, name
        assert all(isinstance(value, float) and value > 0 for value in result[name].values()), name
    holds_times(
        result,
        "submit_to_done_ms",
        "submit_to_done_at_50_ms",
        "baseline_submit_to_done_ms",
        "signal_to_done_ms",
    )
    holds_a_cost(result)
    holds_a_cost(result["baseline"])
    holds_its_circumstances(result)
    shape = [step.where == "local" for step in SHAPE.steps]
    baseline = result["baseline"]
    assert (baseline["activities_local"], baseline["activities_regular"]) == (
        shape.count(True),
        shape.count(False),
    )
    assert "latest.json" in said
    assert "audit follower off" in said


@THOROUGH_ONLY
def test_waiting_writes_what_was_measured_while_they_wait(tmp_path: Path) -> None:
    """All of them wait at once when the figures are taken; the inbox shows more than one page holds, and each is on it."""
    said = run("bench.waiting", tmp_path, BENCH_WAITING="26", BENCH_SIGNALS="3")
    result = read(tmp_path / "waiting.json")
    assert (result["waiting"], result["inbox_pages"]) == (26, 2)
    assert result["signals"] == 3
    assert result["signalled_out_of_cache"] is False
    assert result["requests_per_second"]["50"] > 0
    holds_times(result, "page_of_50_ms", "count_ms", "signal_to_next_step_ms", "signal_to_done_ms")
    holds_an_inbox(result)
    holds_a_cost(result)
    holds_its_circumstances(result)
    assert "26 of 26 wait" in said
