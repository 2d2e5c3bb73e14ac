"""Desks that do not wait long."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from tests.desk import Desk, quick, running_desk
from tests.workflows.replaying import cache_of
from tests.workflows.waiting.impatience import impatient


@pytest.fixture
async def hasty(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    async with running_desk(client, tmp_path, quick, impatient, workflow_cache=cache_of(request)) as running:
        yield running


@pytest.fixture
async def unhurried(request: pytest.FixtureRequest, client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Run a desk that gives up after a time in which an extension gets through on a busy machine."""

    def give_up_later(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["tiers"]["medium"]["waiting"] |= {
            "reminders": [],
            "escalate_after": "5 seconds",
            "deadline": "8 seconds",
        }

    async with running_desk(
        client, tmp_path, quick, give_up_later, workflow_cache=cache_of(request)
    ) as running:
        yield running
