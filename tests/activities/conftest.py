"""The clients as worker.py builds them, for the back office and the mail sink of each test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from activities.documents import Documents
from activities.systems import ActionClients, ReadClients
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.documents import DocumentStore
from tests.servers import BackOfficeService, MailSinkService


@pytest.fixture
async def read_clients(
    back_office: BackOfficeService, mail_sink: MailSinkService, tmp_path: Path
) -> AsyncIterator[ReadClients]:
    async with AsyncExitStack() as stack:
        clients = ReadClients(
            records=back_office.records(),
            archive=mail_sink.archive(),
            documents=Documents(DocumentStore(tmp_path / "documents")),
        )
        stack.push_async_callback(clients.records.close)
        stack.push_async_callback(clients.archive.close)
        yield clients


@pytest.fixture
async def action_clients(
    back_office: BackOfficeService, mail_sink: MailSinkService, tmp_path: Path
) -> AsyncIterator[ActionClients]:
    async with AsyncExitStack() as stack:
        clients = ActionClients(
            payments=back_office.payments(),
            mail=mail_sink.mail(timeout_seconds=1),
            archive=mail_sink.archive(),
            mail_from="support@desk.example",
            approvers=ApproversFile(tmp_path / "approvers.yaml"),
        )
        stack.push_async_callback(clients.payments.close)
        stack.push_async_callback(clients.archive.close)
        yield clients
