"""kill -9 over requests for two desks: each ends as it would have, tells each part, and does each effect once."""

from pathlib import Path

import pytest

from tests.chaos.family_kills import kill_over_families
from tests.sizes import rounds

KILLS = rounds(4, 200)

pytestmark = [pytest.mark.xdist_group("chaos-families"), pytest.mark.timeout(rounds(420, 10_800))]


async def test_workers_killed_over_the_samples_of_two_desks(tmp_path: Path) -> None:
    """However often a worker dies: the same endings, no letter twice, no part untold, no effect lost or doubled."""
    families = await kill_over_families(tmp_path, KILLS, seed=20261129)
    assert families.kills == KILLS
    assert families.outcomes
