"""An export that is killed at any point goes on where it was."""

from pathlib import Path

import pytest

from tests.audit_store.kills import kill_and_look
from tests.audit_store.worker_kills import kill_workers_and_look
from tests.sizes import rounds


def test_an_export_killed_at_random_points_leaves_no_gap_and_no_duplicate(tmp_path: Path) -> None:
    """Three kills here and fifty in a thorough run, as by `python -m tests.audit_store.kills 50`."""
    kill_and_look(tmp_path, rounds(3, 50), seed=5)


@pytest.mark.timeout(rounds(300, 1_200))
async def test_a_worker_killed_at_random_points_leaves_no_gap_and_no_duplicate(tmp_path: Path) -> None:
    """One life of a worker that exports by sweep and follower here, ten in a thorough run; then one that is not killed.

    `python -m tests.audit_store.kills worker 50` does fifty.
    """
    await kill_workers_and_look(tmp_path, rounds(1, 10), seed=5)
