"""TLS from the start and after STARTTLS, against a real server with a certificate of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.mail.mailbox.session import MailboxRefusedError, MailboxSession
from tests.certificates import write_certificate
from tests.channels.mailbox import dovecot
from tests.channels.mailbox.imap_servers import Mailbox

pytestmark = pytest.mark.skipif(not dovecot.is_there(), reason=dovecot.MISSING)


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[dovecot.Dovecot, Path]]:
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    write_certificate(file)
    server = dovecot.Dovecot(certificate=file)
    try:
        await server.start()
        yield server, file
    finally:
        await server.remove()


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_mailbox_behind_tls_is_read_and_waits_for_news(
    secured: tuple[dovecot.Dovecot, Path], security: str
) -> None:
    """What comes while it waits ends the wait, encrypted or not."""
    server, file = secured
    mailbox = Mailbox(server.port, dovecot.USERS[security == "tls"], "dovecot")
    port = server.tls_port if security == "tls" else server.port
    session = MailboxSession(
        mailbox.account(security=security, port=port, ca_file=file), halt := threading.Event()
    )
    await asyncio.to_thread(session.open, "Taken")
    try:
        assert await asyncio.to_thread(session.uids) == []
        waiting = asyncio.create_task(asyncio.to_thread(session.wait, 60))
        await mailbox.put(b"From: a@b.example\nSubject: new\n\nhello\n")
        await asyncio.wait_for(waiting, 20)
        assert await asyncio.to_thread(session.uids) == ["1"]
    finally:
        halt.set()
        await asyncio.to_thread(session.close)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    secured: tuple[dovecot.Dovecot, Path], security: str
) -> None:
    """Before the password is sent; the sentence says what to do."""
    server, _ = secured
    mailbox = Mailbox(server.port, dovecot.USERS[0], "dovecot")
    port = server.tls_port if security == "tls" else server.port
    session = MailboxSession(mailbox.account(security=security, port=port), threading.Event())
    with pytest.raises(MailboxRefusedError, match=r"a certificate that is not trusted .*'ca_file'"):
        await asyncio.to_thread(session.open)
    await asyncio.to_thread(session.close)
