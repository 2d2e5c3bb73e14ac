"""A desk for each test, with the shipped playbook; once as shipped and once without a workflow cache."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.desk import Desk, quick, running_desk


@pytest.fixture(params=[500, 0], ids=["cached", "replaying"])
async def desk(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, workflow_cache=request.param) as running:
        yield running
