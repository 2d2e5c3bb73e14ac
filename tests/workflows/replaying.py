"""Which tests are run a second time without a workflow cache, so that every task replays the history so far.

These cover each stage, wait, message and ending of the process once; a variation of one of them need not replay too.
"""

import pytest

CACHED, REPLAYING = 500, 0


def also_replaying(desk: str = "desk") -> pytest.MarkDecorator:
    """Run the test once with the cache of a worker and once without any; `desk` names its fixture."""
    return pytest.mark.parametrize(desk, [CACHED, REPLAYING], ids=["cached", "replaying"], indirect=True)


def cache_of(request: pytest.FixtureRequest) -> int:
    """Return what `also_replaying` asks a desk's fixture for; a cache where the test has no such mark."""
    cache: int = getattr(request, "param", CACHED)
    return cache
