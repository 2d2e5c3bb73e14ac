"""One Temporal server for the whole run: the real program, in memory, tuned as the embedded one is."""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.connection import connect
from dispatch.settings import Settings
from embedded.ports import free_port
from embedded.temporal_server import TemporalServer


@pytest.fixture(scope="session")
def _collected_before_the_end() -> Iterator[None]:
    """Free what ran workers while the loop still lives; see dispatch/lifecycle.py."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    settings = Settings(var_dir=Path(tmp_path_factory.mktemp("temporal")))
    async with TemporalServer(settings, in_memory=True, headless=True, port=free_port()) as server:
        yield server


@pytest.fixture(scope="session")
async def client(temporal: TemporalServer, _collected_before_the_end: None) -> Client:
    return await connect("tests", temporal.address)
