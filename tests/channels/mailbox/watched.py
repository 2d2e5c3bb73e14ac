"""A mailbox under watch, for tests: its door, its log, and its folders as a person sees them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import LogCapture
from temporalio.client import Client

from channels.mail.mailbox.watch import MailboxWatch
from runtime.doors.mailbox import MailboxDoor
from runtime.gateway import Gateway
from runtime.settings import Settings
from tests.channels.mailbox.imap_servers import KINDS, Mailbox

PATIENCE_SECONDS = 20
RETRY_SECONDS = 0.1
WAITS = "waiting; mails stay where they are and are taken in later"

on_each_kind = pytest.mark.parametrize("server", KINDS, indirect=True, scope="module")


class Watched:
    """A mailbox of a user of its own under watch, with the door that a test may close."""

    def __init__(self, client: Client, mailbox: Mailbox, folder: Path, log: LogCapture) -> None:
        self.client, self.mailbox, self.log = client, mailbox, log
        self.settings = Settings(
            var_dir=folder / "var", task_queue=f"mailbox-{uuid.uuid4().hex[:8]}", max_mail_bytes=20_000
        )
        self.account = mailbox.account(desk="support")
        self.door = MailboxDoor(Gateway.over(client), self.settings, self.account)

    def said(self, event: str) -> list[dict[str, Any]]:
        return [dict(entry) for entry in self.log.entries if entry["event"] == event]

    async def folders(self) -> dict[str, list[bytes]]:
        places = ("INBOX", "Taken", "Automatic", "Refused")
        return {place: sorted(mails) for place in places if (mails := await self.mailbox.mails(place))}

    async def is_empty(self) -> bool:
        return not await self.mailbox.mails()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        watch = MailboxWatch(
            self.account, self.door, self.settings.max_mail_bytes, retry_seconds=RETRY_SECONDS
        )
        task = asyncio.create_task(watch.run(stop))
        try:
            yield
        finally:
            stop.set()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await task

    async def take_all(self) -> None:
        async with self.watching():
            await until(self.is_empty)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 (the mailbox is another's to change)
            await asyncio.sleep(0.05)


def mail(text: str = "When do you open?", *more: str, subject: str = "a question") -> bytes:
    """Write a mail of its own; `more` are header lines."""
    lines = ["From: Ole Brandt <ole@brandt.example>", f"Message-ID: <{uuid.uuid4()}@brandt.example>", *more]
    return "\n".join([*lines, f"Subject: {subject}", "", text, ""]).encode()


async def holds(condition: Callable[[], bool]) -> bool:
    return condition()


async def has_number(mails: Awaitable[list[bytes]], number: int) -> bool:
    return len(await mails) == number
