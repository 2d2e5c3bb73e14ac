"""How large the tests are that do a thing at random, again and again: small in each run, large in a thorough one.

A thorough run is `make thorough`, which sets TEST_THOROUGH to 1.
"""

import os
from typing import Final

import pytest

THOROUGH: Final = os.environ.get("TEST_THOROUGH", "") not in {"", "0"}

THOROUGH_ONLY: Final = pytest.mark.skipif(not THOROUGH, reason="for a thorough run; see CONTRIBUTING.md")
"""For what takes long and of which another test shows the most."""


def rounds(ordinary: int, thorough: int) -> int:
    """Return how often a thing is done in this run."""
    return thorough if THOROUGH else ordinary
