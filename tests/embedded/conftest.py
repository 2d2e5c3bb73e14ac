"""A service with its own data for each test that changes some; one for all that only read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers import BackOfficeService, MailSinkService, running_back_office, running_mail_sink


@pytest.fixture
async def back_office(tmp_path: Path) -> AsyncIterator[BackOfficeService]:
    async with running_back_office(tmp_path) as service:
        yield service


@pytest.fixture
async def mail_sink(tmp_path: Path) -> AsyncIterator[MailSinkService]:
    async with running_mail_sink(tmp_path) as service:
        yield service


@pytest.fixture(scope="session")
async def standing_back_office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BackOfficeService]:
    async with running_back_office(tmp_path_factory.mktemp("standing")) as service:
        yield service


@pytest.fixture
async def read_only(standing_back_office: BackOfficeService) -> AsyncIterator[BackOfficeService]:
    """Not to be changed by a test; its faults are cleared after each."""
    yield standing_back_office
    await standing_back_office.disarm()
