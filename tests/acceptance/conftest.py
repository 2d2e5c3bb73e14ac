"""A desk at work and a shell pointed at it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from devstack import temporal_program
from devstack.temporal_server import TemporalServer
from runtime.settings import Settings
from tests.acceptance.shell import Shell, environment_of
from tests.desk import Desk, quick, running_desk


@pytest.fixture
async def desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick) as running:
        yield running


@pytest.fixture
def shell(desk: Desk, temporal: TemporalServer) -> Shell:
    """Return the shell of a person who works with the desk."""
    return Shell(environment_of(desk.settings, temporal.address))


@pytest.fixture
def bare(temporal: TemporalServer, tmp_path: Path) -> Shell:
    """Return a shell that reaches Temporal, and no desk."""
    return Shell({"TEMPORAL_ADDRESS": temporal.address, "DISPATCH_VAR_DIR": str(tmp_path)})


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Find Temporal's own command line."""
    return temporal_program.find(Settings(var_dir=tmp_path_factory.mktemp("program")))
