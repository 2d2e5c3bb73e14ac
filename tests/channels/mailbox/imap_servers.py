"""IMAP servers for tests: pymap, pymap that can neither MOVE nor IDLE, and Dovecot where it is installed."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

import pytest
from imap_tools import BaseMailBox, MailBoxUnencrypted
from pydantic import SecretStr

from channels.mail.mailbox.account import MailboxAccount
from devstack.mailbox.server import mailbox_server
from devstack.ports import LOOPBACK
from devstack.web import listen
from tests.channels.mailbox import dovecot

KINDS: Final = ("pymap", "pymap without MOVE and IDLE", "dovecot", "dovecot without MOVE")
MOST_CAPABLE: Final = "dovecot" if dovecot.is_there() else "pymap"
_PLAIN: Final = "IMAP4rev1 UIDPLUS IDLE NAMESPACE"
_numbers = itertools.count()

T = TypeVar("T")


class Server(NamedTuple):
    """Where a server is, and how a desk and a person sign in; each test takes a user of its own."""

    port: int
    kind: str

    def mailbox(self) -> "Mailbox":
        """Return an empty mailbox that nobody else uses."""
        return Mailbox(self.port, dovecot.USERS[next(_numbers) % len(dovecot.USERS)], self.kind)


class Mailbox(NamedTuple):
    """One user's mailbox, as a person sees it who uses a mail program."""

    port: int
    user: str
    kind: str

    def account(self, **more: object) -> MailboxAccount:
        settings = {
            "name": self.user,
            "host": LOOPBACK,
            "port": self.port,
            "security": "none",
            "user": self.user,
            "password": SecretStr(dovecot.PASSWORD),
            "poll_seconds": 2,
        }
        return MailboxAccount.model_validate(settings | more)

    async def put(self, *mails: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        def append(box: BaseMailBox) -> None:
            for mail in mails:
                box.append(mail, self.named(folder), dt=at)

        await self.do(append)

    async def mails(self, folder: str = "INBOX") -> list[bytes]:
        """Return the mails of a folder with line ends as a file has them; none where there is no such folder."""

        def fetch(box: BaseMailBox) -> list[bytes]:
            if not box.folder.exists(self.named(folder)):
                return []
            box.folder.set(self.named(folder), readonly=True)
            found = [box.client.uid("FETCH", uid, "(BODY.PEEK[])")[1] for uid in box.uids("UNDELETED")]
            return [one[0][1].replace(b"\r\n", b"\n") for one in found if isinstance(one[0], tuple)]

        return await self.do(fetch)

    async def do(self, what: Callable[[BaseMailBox], T]) -> T:
        """Do something as a person does, in a connection of its own."""

        def signed_in() -> T:
            with MailBoxUnencrypted(LOOPBACK, self.port, timeout=10).login(
                self.user, dovecot.PASSWORD
            ) as box:
                return what(box)

        return await asyncio.to_thread(signed_in)

    def named(self, folder: str) -> str:
        """Return a folder's name on this server."""
        return f"INBOX.{folder}" if self.kind.startswith("dovecot") and folder != "INBOX" else folder


@asynccontextmanager
async def running(kind: str) -> AsyncIterator[Server]:
    """Run a server of a kind; skips where it is not installed."""
    if kind.startswith("dovecot"):
        if not dovecot.is_there():
            pytest.skip(dovecot.MISSING)
        server = dovecot.Dovecot(capability=_PLAIN if "without" in kind else "")
        try:
            await server.start()
            yield Server(server.port, kind)
        finally:
            await server.remove()
        return
    with listen(LOOPBACK, 0, purpose="the mailbox", setting="none") as listener:
        without = ("MOVE", "IDLE") if "without" in kind else ()
        users = dict.fromkeys(dovecot.USERS, dovecot.PASSWORD)
        async with mailbox_server(listener, users, without=without):
            yield Server(listener.getsockname()[1], kind)
