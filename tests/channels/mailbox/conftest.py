"""A server for each module of tests, and a mailbox under watch for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture
from temporalio.client import Client

from tests.channels.mailbox.imap_servers import MOST_CAPABLE, Server, running
from tests.channels.mailbox.watched import Watched


@pytest.fixture(scope="module", params=[MOST_CAPABLE])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    async with running(request.param) as server:
        yield server


@pytest.fixture
def log() -> Iterator[LogCapture]:
    captured = LogCapture()
    structlog.configure(processors=[captured])
    yield captured
    structlog.reset_defaults()


@pytest.fixture
def watched(client: Client, server: Server, tmp_path: Path, log: LogCapture) -> Watched:
    return Watched(client, server.mailbox(), tmp_path, log)
