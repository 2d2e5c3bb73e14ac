"""A watched mailbox in trouble: what is away, breaks, is refused or done by others, loses no mail and doubles no request."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from imap_tools import BaseMailBox

import channels.watching
import runtime.doors.reading
from channels.mail.mailbox.answers import Arrived
from channels.mail.mailbox.session import MailboxAwayError, MailboxRefusedError, MailboxSession
from devstack.ports import LOOPBACK
from dispatch.models.errors import TemporalUnavailableError
from dispatch.models.request.submission import Submission
from runtime.doors.mailbox import MailboxDoor
from runtime.doors.refusals import not_taken_in
from runtime.gateway import Gateway
from tests.channels.mailbox.imap_servers import KINDS
from tests.channels.mailbox.watched import (
    PATIENCE_SECONDS,
    RETRY_SECONDS,
    WAITS,
    Watched,
    has_number,
    holds,
    mail,
    on_each_kind,
    until,
)

STOPS_WITHIN_SECONDS = 8
"""A goodbye that is not answered takes two of them."""


class Closed(MailboxDoor):
    """A door behind which Temporal is away until it is opened; a mail with the words that it is given never gets through."""

    away = True
    stuck = b"no such words"

    async def start(self, mail: Arrived, submission: Submission) -> Any:
        if self.away or self.stuck in mail.raw:
            raise TemporalUnavailableError("Temporal is away")
        return await super().start(mail, submission)


async def test_while_temporal_is_away_mails_wait_and_it_is_said_once(watched: Watched) -> None:
    """Nothing is moved or refused; when it is back everything is taken in."""
    watched.door = door = Closed(Gateway.over(watched.client), watched.settings, watched.account)
    mails = sorted(mail() for _ in range(3))
    await watched.mailbox.put(*mails)
    async with watched.watching():
        await until(lambda: holds(lambda: bool(watched.said(WAITS))))
        await asyncio.sleep(5 * RETRY_SECONDS)
        assert await watched.folders() == {"INBOX": mails}
        door.away = False
        await until(watched.is_empty)
    assert await watched.folders() == {"Taken": mails}
    assert [len(watched.said(WAITS)), len(watched.said("going on"))] == [1, 1]


async def test_one_mail_that_never_gets_through_holds_up_no_other(watched: Watched) -> None:
    """It is tried again after the others."""
    watched.door = door = Closed(Gateway.over(watched.client), watched.settings, watched.account)
    door.away, door.stuck = False, b"stuck here"
    await watched.mailbox.put(mail("stuck here"), mail(), mail())
    async with watched.watching():
        await until(lambda: has_number(watched.mailbox.mails("Taken"), 2))
    assert len(await watched.mailbox.mails()) == 1


class BrokenError(Exception):
    """Ends a test's watcher as a kill would."""


@on_each_kind
async def test_a_watcher_that_ends_between_start_and_move_loses_and_doubles_nothing(watched: Watched) -> None:
    """The next one starts the same request again and moves the mail."""
    sent, broken = mail(), asyncio.Event()
    await watched.mailbox.put(sent)

    class Ending(MailboxDoor):
        async def start(self, mail: Arrived, submission: Submission) -> Any:
            await super().start(mail, submission)
            broken.set()
            raise BrokenError

    watched.door = Ending(Gateway.over(watched.client), watched.settings, watched.account)
    with pytest.raises(BrokenError):
        async with watched.watching(), asyncio.timeout(PATIENCE_SECONDS):
            await broken.wait()
    assert await watched.folders() == {"INBOX": [sent]}
    watched.door = MailboxDoor(Gateway.over(watched.client), watched.settings, watched.account)
    await watched.take_all()
    assert await watched.folders() == {"Taken": [sent]}
    assert len(watched.said("taken in before")) == 1


@pytest.mark.parametrize(
    ("server", "command"),
    [
        *((kind, "MOVE") for kind in KINDS if "without" not in kind),
        *((kind, command) for kind in KINDS if "without" in kind for command in ("COPY", "STORE", "EXPUNGE")),
    ],
    indirect=["server"],
    scope="module",
)
async def test_a_connection_that_breaks_at_any_step_of_the_move_makes_no_second_copy(
    watched: Watched, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the command and after it; the mail ends in its folder once, whether a copy was there already or not."""
    sent = mail()
    await watched.mailbox.put(sent)
    with breaking(monkeypatch, command) as breaks:
        await watched.take_all()
    assert await watched.folders() == {"Taken": [sent]}
    # After the first break at the last step the mail is marked as deleted, and left to the person's program.
    assert len(breaks) == (1 if command == "EXPUNGE" else 2)


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch, command: str) -> Iterator[list[str]]:
    """End the connection once before and once after a command is done."""
    breaks = list[str]()
    connected = MailboxSession._connected

    def with_breaks(self: MailboxSession) -> BaseMailBox:
        box = connected(self)
        plain = box.client.uid

        def uid(name: str, *arguments: str) -> Any:
            if name == command and len(breaks) < 2:
                breaks.append(name)
                if len(breaks) == 2:
                    plain(name, *arguments)
                self.cut()
            return plain(name, *arguments)

        monkeypatch.setattr(box.client, "uid", uid)
        return box

    with monkeypatch.context() as patch:
        patch.setattr(MailboxSession, "_connected", with_breaks)
        yield breaks


@on_each_kind
async def test_what_a_person_marked_as_deleted_stays_and_is_not_taken_in(watched: Watched) -> None:
    """A whole folder is never expunged: another program's marks are none of ours."""
    theirs, ours = mail("theirs"), mail("ours")
    await watched.mailbox.put(theirs)

    def mark(box: BaseMailBox) -> None:
        box.client.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")

    await watched.mailbox.do(mark)
    await watched.mailbox.put(ours)
    await watched.take_all()

    def marked(box: BaseMailBox) -> list[str]:
        return box.uids("DELETED")

    assert len(await watched.mailbox.do(marked)) == 1
    assert await watched.folders() == {"Taken": [ours]}


async def test_a_mail_that_a_person_moves_meanwhile_is_theirs(watched: Watched) -> None:
    """It is neither refused nor an error, and the others go on."""
    first, second = mail("first"), mail("second")
    await watched.mailbox.put(first, second)

    def take_away(box: BaseMailBox) -> None:
        uids = box.uids()
        box.client.uid("STORE", uids[-1], "+FLAGS", r"(\Deleted)")
        box.client.expunge()

    class Slow(MailboxDoor):
        async def read(self, mail: Arrived) -> Submission:
            if b"first" in mail.raw:
                await watched.mailbox.do(take_away)
            return await super().read(mail)

    watched.door = Slow(Gateway.over(watched.client), watched.settings, watched.account)
    await watched.take_all()
    assert await watched.folders() == {"Taken": [first]}
    assert not watched.said("left alone for now")


async def test_a_mail_that_the_server_refuses_to_move_holds_up_no_other(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is mentioned once, stays, and is one request however often it is tried."""
    stuck, free = mail("stuck"), mail("free")
    await watched.mailbox.put(stuck, free)
    moved = MailboxSession.move

    def move(self: MailboxSession, uid: str, place: str, *, may_be_there: bool) -> None:
        if uid == self.uids()[0]:
            raise MailboxRefusedError("the mailbox is over its quota")
        moved(self, uid, place, may_be_there=may_be_there)

    monkeypatch.setattr(MailboxSession, "move", move)
    async with watched.watching():
        await until(lambda: has_number(watched.mailbox.mails("Taken"), 1))
        await asyncio.sleep(5 * RETRY_SECONDS)
    assert await watched.folders() == {"INBOX": [stuck], "Taken": [free]}
    assert [entry["why"] for entry in watched.said("left alone for now")] == ["the mailbox is over its quota"]


async def test_a_folder_that_a_person_removed_is_made_again(watched: Watched) -> None:
    """While it watches too."""
    async with watched.watching():
        await watched.mailbox.put(mail())
        await until(watched.is_empty)
        await watched.mailbox.do(lambda box: box.folder.delete(watched.mailbox.named("Taken")))
        again = mail("again")
        await watched.mailbox.put(again)
        await until(watched.is_empty)
        assert await watched.folders() == {"Taken": [again]}


async def test_a_fault_of_the_desk_refuses_one_mail_and_stops_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person gets the mail, with its content, and the others are taken in."""
    good, bad = mail("good"), mail("bad")
    await watched.mailbox.put(bad, good)
    read = runtime.doors.reading._read_form

    def faulty(form: Any, name: str, raw: bytes, limits: Any) -> Any:
        if b"bad" in raw:
            raise ZeroDivisionError
        return read(form, name, raw, limits)

    monkeypatch.setattr(runtime.doors.reading, "_read_form", faulty)
    await watched.take_all()
    assert await watched.folders() == {"Taken": [good], "Refused": [bad]}
    (entry,) = not_taken_in(watched.settings).waiting()
    assert "met a fault of the desk (ZeroDivisionError)" in entry.reason
    assert entry.sha256


async def test_two_watchers_on_one_mailbox_make_one_request_of_each_mail(watched: Watched) -> None:
    """Two watchers, as on two machines: no mail is lost, and the second one gets the same request."""
    mails = sorted(mail(f"number {number}") for number in range(12))
    await watched.mailbox.put(*mails)
    async with watched.watching(), watched.watching():
        await until(watched.is_empty)
    folders = await watched.folders()
    assert sorted(set(folders["Taken"])) == mails
    assert folders.keys() == {"Taken"}
    begun = [entry["request_id"] for entry in watched.said("taken in")]
    assert len(begun) == len(set(begun)) == 12
    assert {entry["request_id"] for entry in watched.said("taken in before")} <= set(begun)


async def test_a_sign_in_that_is_refused_later_waits(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a password is changed; it goes on when it is let in again."""
    refuses = False
    opened = MailboxSession.open

    def open_(self: MailboxSession, *places: str) -> None:
        if refuses:
            raise MailboxRefusedError("the password has expired")
        opened(self, *places)

    def waits(_self: MailboxSession, _seconds: float) -> None:
        raise MailboxAwayError("the server has closed the connection")

    monkeypatch.setattr(MailboxSession, "open", open_)
    async with watched.watching():
        await until(lambda: holds(lambda: bool(watched.said("watching"))))
        refuses = True
        with monkeypatch.context() as patch:
            patch.setattr(MailboxSession, "wait", waits)
            await until(
                lambda: holds(
                    lambda: any(e["why"] == "the password has expired" for e in watched.said(WAITS))
                )
            )
        await watched.mailbox.put(mail())
        refuses = False
        await until(watched.is_empty)
    assert watched.said("going on")


async def test_a_server_that_falls_silent_holds_up_nobody_who_stops(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """During a command that is never answered, a stopped watcher ends after its grace."""
    monkeypatch.setattr(channels.watching, "GRACE_SECONDS", 0.3)
    silent = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, command = line.split()[:2]
            if command == b"CAPABILITY":
                writer.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif command == b"SELECT":
                silent.set()
                continue
            elif command == b"LIST":
                writer.write(b'* LIST () "/" ""\r\n')
            writer.write(tag + b" OK done\r\n")
        writer.close()

    async with await asyncio.start_server(converse, LOOPBACK, 0) as server:
        watched.account = watched.mailbox.account(port=server.sockets[0].getsockname()[1])
        async with watched.watching():
            await asyncio.wait_for(silent.wait(), PATIENCE_SECONDS)
            begin = time.monotonic()
        assert time.monotonic() - begin < STOPS_WITHIN_SECONDS


async def test_a_folder_that_is_made_anew_while_it_is_watched(watched: Watched) -> None:
    """Its mails have the numbers of others before them (another UIDVALIDITY); each is taken in, and none mistaken."""
    folder = watched.mailbox.named("Requests")
    watched.account = watched.mailbox.account(folder="Requests")
    await watched.mailbox.do(lambda box: box.folder.create(folder))
    first, second = sorted((mail("first"), mail("second")))
    await watched.mailbox.put(first, folder="Requests")
    async with watched.watching():
        await until(lambda: has_number(watched.mailbox.mails("Taken"), 1))

        def make_anew(box: BaseMailBox) -> None:
            box.folder.delete(folder)
            box.folder.create(folder)

        await watched.mailbox.do(make_anew)
        await watched.mailbox.put(second, folder="Requests")
        await until(lambda: has_number(watched.mailbox.mails("Taken"), 2))
    assert await watched.folders() == {"Taken": [first, second]}
