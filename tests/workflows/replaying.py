"""Which tests are run a second time without a workflow cache, so that every task replays the history so far.

These cover each stage, wait, message and ending of the process once; a variation of one of them need not replay too.
All of them do so in a thorough run, and of each kind one in every run, for each ending is reached without a cache by the
samples (test_samples.py) and replayed from its recorded history (tests/replay).
"""

import pytest

from tests.sizes import THOROUGH

CACHED, REPLAYING = 500, 0


def also_replaying(desk: str = "desk", *, in_each_run: bool = False) -> pytest.MarkDecorator:
    """Run the test once with the cache of a worker and, in a thorough run or `in_each_run`, once without any.

    `desk` names its fixture.
    """
    runs = {"cached": CACHED, "replaying": REPLAYING} if in_each_run or THOROUGH else {"cached": CACHED}
    return pytest.mark.parametrize(desk, runs.values(), ids=runs, indirect=True)


def cache_of(request: pytest.FixtureRequest) -> int:
    """Return what `also_replaying` asks a desk's fixture for; a cache where the test has no such mark."""
    cache: int = getattr(request, "param", CACHED)
    return cache
