"""The embedded back office and mail sink, fresh for each test, with clients as worker.py builds them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dispatch.clients.toolbox import ActionClients, ReadClients
from tests.servers import BackOfficeService, MailSinkService, running_back_office, running_mail_sink


@pytest.fixture
async def back_office(tmp_path: Path) -> AsyncIterator[BackOfficeService]:
    async with running_back_office(tmp_path) as service:
        yield service


@pytest.fixture
async def mail_sink(tmp_path: Path) -> AsyncIterator[MailSinkService]:
    async with running_mail_sink(tmp_path) as service:
        yield service


@pytest.fixture
async def read_clients(
    back_office: BackOfficeService, mail_sink: MailSinkService
) -> AsyncIterator[ReadClients]:
    async with AsyncExitStack() as stack:
        clients = ReadClients(records=back_office.records(), archive=mail_sink.archive())
        stack.push_async_callback(clients.records.close)
        stack.push_async_callback(clients.archive.close)
        yield clients


@pytest.fixture
async def action_clients(
    back_office: BackOfficeService, mail_sink: MailSinkService
) -> AsyncIterator[ActionClients]:
    async with AsyncExitStack() as stack:
        clients = ActionClients(
            payments=back_office.payments(),
            mail=mail_sink.mail(timeout_seconds=1),
            archive=mail_sink.archive(),
            mail_from="support@desk.example",
        )
        stack.push_async_callback(clients.payments.close)
        stack.push_async_callback(clients.archive.close)
        yield clients
