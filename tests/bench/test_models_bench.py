"""`make bench-models`, tiny: it runs to its end and writes every figure; how fast, no test may say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.processes import ROOT
from tests.sizes import THOROUGH_ONLY

LIMIT_SECONDS = 280


@THOROUGH_ONLY
@pytest.mark.timeout(LIMIT_SECONDS + 20)
def test_it_writes_what_parallel_roles_take(tmp_path: Path) -> None:
    """Ten specialists at once never take as long as ten one after the other, on however busy a machine."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.models"],
        cwd=ROOT,
        env={**os.environ, "BENCH_FOLDER": str(tmp_path), "BENCH_REQUESTS": "3", "BENCH_MODEL_SECONDS": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    result = json.loads((tmp_path / "models.json").read_text(encoding="utf-8"))
    parallel, in_flight = result["parallel"], result["in_flight"]
    assert parallel["specialists"] == 10
    assert 1 <= parallel["slowest_seconds"] <= parallel["wall_seconds"] < 10 * parallel["slowest_seconds"]
    assert in_flight["requests_per_second"] > 0
    assert in_flight["requests_per_second_by_rules"] > 0
    assert result["worker_memory_mb"]["after"] > 0
