"""The generic roles of these tests, beside the engine's own, and a ticket system with what is opened for it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from activities import catalogue as catalogue_module
from activities.contracts import Action, Systems
from activities.permits import Permits
from dispatch.storage.approvers_file import ApproversFile
from runtime.systems import open_systems
from tests.roles.access_desk import environment
from tests.roles.granting import catalogue
from tests.roles.ticket_api import Tickets, ticket_api
from tests.roles.yaml_desk import own_desks


@pytest.fixture
def _test_roles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let playbooks name the generic roles of tests/roles/generic too."""
    monkeypatch.setattr(
        catalogue_module, "GENERIC_ROLES", [*catalogue_module.GENERIC_ROLES, "tests.roles.generic"]
    )
    with own_desks():
        yield


@pytest.fixture
def tickets() -> Iterator[Tickets]:
    with ticket_api() as api:
        api.accounts["kim"] = {"id": "kim", "email": "kim@club.example", "state": "open"}
        api.accounts["lee"] = {"id": "lee", "email": "lee@club.example", "state": "open"}
        yield api


@pytest.fixture
async def opened(tickets: Tickets) -> AsyncIterator[Systems]:
    async with open_systems(catalogue().systems(acting=True), environment(tickets)) as systems:
        yield systems


@pytest.fixture
def action(opened: Systems, tmp_path: Path) -> Action:
    kind = catalogue().action_classes["grant_access"]
    return kind(opened.only(kind.uses).beside(Permits(ApproversFile(tmp_path / "approvers.yaml"))))
