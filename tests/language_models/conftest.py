"""The scripted model server for every test of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.language_models.scripted_server import ScriptedServer, scripted_server


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running
