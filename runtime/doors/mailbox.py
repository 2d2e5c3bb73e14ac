"""The door of watched mailboxes: how their mails are read, started and refused."""

import asyncio
from collections.abc import Sequence
from functools import partial

from channels.mail.mailbox.account import MailboxAccount
from channels.mail.mailbox.answers import Arrived
from channels.mail.mailbox.watch import MailboxWatch
from dispatch.models.errors import SubmissionError
from dispatch.models.request.submission import Submission
from dispatch.storage.documents import DocumentStore
from runtime.doors.faults import read_or_refuse
from runtime.doors.reading import too_large
from runtime.doors.refusals import keep_refused
from runtime.doors.starting import read_request, start
from runtime.gateway import Gateway
from runtime.gateway_types import Submitted
from runtime.settings import Settings


async def watch_mailboxes(
    gateway: Gateway, settings: Settings, accounts: Sequence[MailboxAccount], stop: asyncio.Event
) -> None:
    """Take in the mails of the mailboxes until `stop` is set.

    Raises DispatchError if a mailbox refuses the first sign-in; all of them are then stopped.
    """
    watches = [
        asyncio.ensure_future(
            MailboxWatch(account, MailboxDoor(gateway, settings, account), settings.max_mail_bytes).run(stop)
        )
        for account in accounts
    ]
    try:
        await asyncio.wait(watches, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        # Each ends by itself, between two mails.
        stop.set()
        ended = await asyncio.gather(*watches, return_exceptions=True)
    for one in ended:
        if one is not None:
            raise one


class MailboxDoor:
    """How a watched mailbox reads, starts and refuses (channels/mail/mailbox/watch.py)."""

    def __init__(self, gateway: Gateway, settings: Settings, account: MailboxAccount) -> None:
        self._gateway, self._settings, self._account = gateway, settings, account

    async def read(self, mail: Arrived) -> Submission:
        """Return the request of a mail; of a mail that is too large only the header was fetched, and people see that."""
        most = self._settings.max_mail_bytes
        if mail.size > most or len(mail.raw) > most:
            kept = await asyncio.to_thread(
                DocumentStore(self._settings.documents_dir).put, mail.raw[:most], "message/rfc822", mail.name
            )
            raise SubmissionError(too_large(mail.name, max(mail.size, len(mail.raw)), most), kept.sha256)
        read = partial(
            read_request, self._settings, mail.name, mail.raw, self._account.desk, mail.received_at
        )
        return await read_or_refuse(mail.name, read, lambda: mail.raw)

    async def start(self, mail: Arrived, submission: Submission) -> Submitted:
        return await start(self._gateway, self._settings, mail.name, submission)

    async def refuse(self, mail: Arrived, reason: str, sha256: str) -> None:
        place = f"{self._account.name}/{self._account.folder}"
        await asyncio.to_thread(
            keep_refused,
            self._settings,
            mail.name,
            place,
            reason,
            sha256,
            door="mailbox",
            desk=self._account.desk,
        )
