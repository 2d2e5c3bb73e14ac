"""An export that is killed at any point goes on where it was."""

from pathlib import Path

import pytest

from tests.audit_store.kills import kill_and_look
from tests.audit_store.worker_kills import kill_workers_and_look


def test_an_export_killed_at_random_points_leaves_no_gap_and_no_duplicate(tmp_path: Path) -> None:
    """Five kills here; `python -m tests.audit_store.kills 50` does fifty."""
    kill_and_look(tmp_path, 5, seed=5)


@pytest.mark.timeout(600)
async def test_a_worker_killed_at_random_points_leaves_no_gap_and_no_duplicate(tmp_path: Path) -> None:
    """Two lives of a worker that exports by sweep and follower; `python -m tests.audit_store.kills worker 50` does fifty."""
    await kill_workers_and_look(tmp_path, 2, seed=5)
