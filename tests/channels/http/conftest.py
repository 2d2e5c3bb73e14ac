"""One door for the tests of a module that change nothing of it but its requests and keys."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from runtime.gateway import Gateway
from tests.channels.http.serving import Served, served


@pytest.fixture(scope="module")
async def door(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    gateway = Gateway.over(client)
    async with served(gateway, tmp_path_factory.mktemp("door"), http_calls_a_minute=10_000) as door:
        yield door
