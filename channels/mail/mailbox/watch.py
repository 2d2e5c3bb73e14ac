"""Watches a mailbox and takes in its mails.

A mail is moved to another folder of the mailbox only after its start was accepted, or its refusal was kept for people, so
that a crash at any point leaves it where it is found again; its second start is the same request. Nothing is remembered
from one connection to the next but how often a mail failed.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, ParamSpec, TypeVar

import structlog

from channels.mail.mailbox.account import MailboxAccount
from channels.mail.mailbox.answers import Arrived
from channels.mail.mailbox.session import MailboxAwayError, MailboxRefusedError, MailboxSession
from channels.watching import Door, Hindrance, what_became_of, within_grace
from dispatch.models.errors import DispatchError, SubmissionError

TAKEN: Final = "Taken"
AUTOMATIC: Final = "Automatic"
REFUSED: Final = "Refused"
PLACES: Final = (TAKEN, AUTOMATIC, REFUSED)
RETRY_SECONDS: Final = 1.0
"""The pause after a failure; it doubles with each further one."""
MOST_RETRY_SECONDS: Final = 60.0

P = ParamSpec("P")
T = TypeVar("T")


class MailboxWatch:
    """One mailbox; `run` works until it is told to stop, and stops between two mails.

    Of a mail with more than `most_bytes` only the header is fetched.
    """

    def __init__(
        self,
        account: MailboxAccount,
        door: Door[Arrived],
        most_bytes: int,
        *,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._account, self._door, self._most = account, door, most_bytes
        self._retry_seconds = retry_seconds
        self._log = structlog.get_logger("mailbox").bind(mailbox=account.name)
        self._server, self._desk = Hindrance(self._log, "mails"), Hindrance(self._log, "mails")
        self._halt = threading.Event()
        # A separate thread: the loop has few threads, and this one is always in use.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"mailbox {account.name}")
        self._failed: dict[tuple[str, str], int] = {}
        self._mentioned = set[tuple[str, str]]()

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set.

        Raises MailboxRefusedError if the first attempt to sign in or to open the folder is refused; after a later
        refusal it waits and retries, as for an unavailable server.
        """
        halting = asyncio.ensure_future(self._halt_with(stop))
        try:
            await within_grace(self._connections(stop), stop)
        finally:
            self._halt.set()
            halting.cancel()
            self._thread.shutdown(wait=False)
        self._log.info("stopped")

    async def _halt_with(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._halt.set()

    async def _connections(self, stop: asyncio.Event) -> None:
        failures, is_first = 0, True
        while not stop.is_set():
            session = MailboxSession(self._account, self._halt)
            try:
                await self._blocking(session.open, *PLACES)
                if is_first:
                    self._log.info("watching", folder=self._account.folder)
                self._server.is_over()
                failures, is_first = 0, False
                await self._looks(session, stop)
            except asyncio.CancelledError:
                session.cut()
                raise
            except MailboxRefusedError as error:
                if is_first:
                    raise
                self._server.waits(error)
            except MailboxAwayError as error:
                if not stop.is_set():
                    self._server.waits(error)
            finally:
                await self._blocking(session.close)
            is_first = False
            failures += 1
            await self._pause(stop, failures)

    async def _looks(self, session: MailboxSession, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            failures = 0 if await self._look(session, stop) else failures + 1
            wait = self._account.poll_seconds
            if failures:
                wait = min(wait, self._delay(failures))
            if not stop.is_set():
                await self._blocking(session.wait, wait)

    async def _look(self, session: MailboxSession, stop: asyncio.Event) -> bool:
        """Take in the mails, those that failed before last. Return whether nothing is left.

        If something that every mail needs is unavailable, the rest waits for the next look.
        """
        uids = await self._blocking(session.uids)
        known = {(session.validity, uid) for uid in uids}
        self._failed = {key: number for key, number in self._failed.items() if key in known}
        self._mentioned &= known
        for uid in sorted(uids, key=lambda uid: self._failed.get((session.validity, uid), 0)):
            if stop.is_set():
                return True
            # Counted before the attempt, so that a mail that always fails, or breaks the connection, comes after the others.
            key = (session.validity, uid)
            self._failed[key] = self._failed.get(key, 0) + 1
            try:
                await self._take(session, uid)
            except MailboxRefusedError as error:
                if key not in self._mentioned:
                    self._mentioned.add(key)
                    self._log.warning("left alone for now", uid=uid, why=str(error))
            except MailboxAwayError:
                raise
            except (DispatchError, OSError) as error:
                self._desk.waits(error)
                return False
            else:
                del self._failed[key]
        return not self._failed

    async def _take(self, session: MailboxSession, uid: str) -> None:
        """Take in one mail, or refuse it; ignore a mail that a person has moved away meanwhile."""
        mail = await self._blocking(session.fetch, uid, self._most)
        if mail is None:
            return
        try:
            submission = await self._door.read(mail)
            started = await self._door.start(mail, submission)
        except SubmissionError as error:
            await self._door.refuse(mail, str(error), error.sha256)
            await self._blocking(session.move, uid, REFUSED, may_be_there=True)
            self._log.warning("refused", uid=uid, reason=str(error), moved_to=REFUSED)
            return
        self._desk.is_over()
        place = AUTOMATIC if started.automatic is not None else TAKEN
        is_first = started.new and not started.added
        await self._blocking(session.move, uid, place, may_be_there=not is_first)
        self._log.info(
            what_became_of(started),
            uid=uid,
            request_id=started.request_id,
            moved_to=place,
            **({"automatic": started.automatic.in_words} if started.automatic is not None else {}),
        )

    async def _blocking(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *args, **kwargs))

    async def _pause(self, stop: asyncio.Event, failures: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), self._delay(failures))

    def _delay(self, failures: int) -> float:
        return min(self._retry_seconds * 2.0 ** min(failures - 1, 10), MOST_RETRY_SECONDS)
