"""The generic roles of these tests, beside the engine's own."""

from collections.abc import Iterator

import pytest

from activities import catalogue
from tests.roles.yaml_desk import own_desks


@pytest.fixture
def _test_roles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let playbooks name the generic roles of tests/roles/generic too."""
    monkeypatch.setattr(catalogue, "GENERIC_ROLES", [*catalogue.GENERIC_ROLES, "tests.roles.generic"])
    with own_desks():
        yield
