"""The running mail sink, in a process of its own or inside a test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from aiosmtpd.smtp import SMTP

from devstack.faults import Faults
from devstack.mail_sink.archive import create_app
from devstack.mail_sink.smtp import Handler
from devstack.mail_sink.store import MailStore
from devstack.ports import LOOPBACK
from devstack.settings import StackSettings
from devstack.web import listen, port_of, serving

_SMTP_SETTING, _ARCHIVE_SETTING = "DISPATCH_SMTP_PORT", "DISPATCH_MAIL_ARCHIVE_URL"
_MAX_MAIL = 32 * 1024 * 1024


@asynccontextmanager
async def mail_sink(settings: StackSettings, *, faults: bool = False) -> AsyncIterator[MailStore]:
    """Take mail at settings.smtp_port and show it at settings.mail_archive_url, from var_dir/mail.db.

    Raises DevStackError, one sentence, if a port is taken or the data cannot be used.
    """
    url = settings.mail_archive_url
    archive_host = urlsplit(url).hostname or LOOPBACK
    smtp = listen(settings.smtp_host, settings.smtp_port, purpose="the mail sink", setting=_SMTP_SETTING)
    with smtp:
        port = port_of(url, _ARCHIVE_SETTING)
        archive = listen(archive_host, port, purpose="the mail archive", setting=_ARCHIVE_SETTING)
        with archive:
            store = MailStore(settings.var_dir / "mail.db")
            try:
                rules = Faults() if faults else None
                app = create_app(
                    store, archive_key=settings.mail_archive_key.get_secret_value(), faults=rules
                )
                async with serving(app, archive), _taking_mail(Handler(store, rules), smtp):
                    yield store
            finally:
                store.close()


@asynccontextmanager
async def _taking_mail(handler: Handler, listener: socket.socket) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    conversations: WeakSet[Any] = WeakSet()

    def conversation() -> Any:
        # The name is set because aiosmtpd would otherwise look it up in the network, and wait.
        made = SMTP(handler, hostname="mail-sink", data_size_limit=_MAX_MAIL, loop=loop)
        conversations.add(made)
        return made

    server = await loop.create_server(conversation, sock=listener)
    try:
        yield
    finally:
        server.close()
        for each in list(conversations):
            if each.transport is not None:
                each.transport.abort()
        await asyncio.sleep(0)  # the conversations must end before the store closes
