"""A desk for each test, with the shipped playbook; see replaying.py for those that run without a workflow cache."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.desk import Desk, quick, running_desk
from tests.workflows.replaying import cache_of


@pytest.fixture
async def desk(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, workflow_cache=cache_of(request)) as running:
        yield running
