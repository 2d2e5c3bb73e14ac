"""Two whole desks for each test, support and helpdesk, with both their systems; the third desk is the reception."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.two_desks import TwoDesks, running_two_desks
from tests.workflows.replaying import cache_of


@pytest.fixture
async def desks(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[TwoDesks]:
    async with running_two_desks(client, tmp_path, workflow_cache=cache_of(request)) as running:
        yield running
