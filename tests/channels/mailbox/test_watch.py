"""A watched mailbox on each kind of IMAP server: what is taken in, refused, set apart, and what happens to the mails."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from imap_tools import BaseMailBox
from structlog.testing import LogCapture
from temporalio.client import Client

import runtime.doors.reading
from channels.mail.mailbox.account import MailboxAccount
from channels.mail.mailbox.answers import Arrived
from channels.mail.mailbox.session import MailboxAwayError, MailboxRefusedError, MailboxSession
from channels.mail.mailbox.watch import MailboxWatch
from dispatch.models.errors import TemporalUnavailableError
from dispatch.models.request.submission import Submission
from runtime.doors.mailbox import MailboxDoor, watch_mailboxes
from runtime.doors.refusals import not_taken_in, take_in_anyway
from runtime.gateway import Gateway
from runtime.settings import Settings
from tests.channels.mailbox.dovecot import PASSWORD
from tests.channels.mailbox.imap_servers import KINDS, MOST_CAPABLE, Mailbox, Server, running

PATIENCE_SECONDS = 20
RETRY_SECONDS = 0.1
WAITS = "waiting; mails stay where they are and are taken in later"


on_each_kind = pytest.mark.parametrize("server", KINDS, indirect=True, scope="module")


@pytest.fixture(scope="module", params=[MOST_CAPABLE])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    async with running(request.param) as server:
        yield server


@pytest.fixture
def log() -> Iterator[LogCapture]:
    captured = LogCapture()
    structlog.configure(processors=[captured])
    yield captured
    structlog.reset_defaults()


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


@pytest.fixture
def watched(client: Client, server: Server, tmp_path: Path, log: LogCapture) -> Watched:
    return Watched(client, server.mailbox(), tmp_path, log)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 (the mailbox is another's to change)
            await asyncio.sleep(0.05)


def mail(text: str = "When do you open?", *more: str, subject: str = "a question") -> bytes:
    """Write a mail of its own; `more` are header lines."""
    lines = ["From: Ole Brandt <ole@brandt.example>", f"Message-ID: <{uuid.uuid4()}@brandt.example>", *more]
    return "\n".join([*lines, f"Subject: {subject}", "", text, ""]).encode()


@on_each_kind
async def test_each_kind_of_mail_goes_to_its_folder(watched: Watched) -> None:
    """Mails are taken in as they came, unread still, automatic mail is set apart, what cannot be read is refused."""
    question, away = mail(), mail("I am away.", "Auto-Submitted: auto-replied")
    broken = b"Subject: hello\n\nWho am I?\n"
    await watched.mailbox.put(question, away, broken)
    await watched.take_all()
    assert await watched.folders() == {"Taken": [question], "Automatic": [away], "Refused": [broken]}
    (taken, apart) = watched.said("taken in")
    assert taken["request_id"].startswith("support-")
    described = await watched.client.get_workflow_handle(taken["request_id"]).describe()
    assert described.workflow_type == "Coordinator"
    assert (taken["moved_to"], apart["moved_to"]) == ("Taken", "Automatic")
    (refused,) = watched.said("refused")
    assert refused["reason"].startswith("hello.eml is no mail: it has no From header")

    def flags(box: BaseMailBox) -> list[object]:
        box.folder.set(watched.mailbox.named("Taken"), readonly=True)
        return list(box.client.uid("FETCH", "1:*", "(FLAGS)")[1])

    assert b"\\Seen" not in str(await watched.mailbox.do(flags)).encode()


@on_each_kind
async def test_a_mail_that_comes_while_it_waits_is_taken_in(watched: Watched) -> None:
    """Told by IDLE where the server can, else at the next look."""
    async with watched.watching():
        await until(lambda: _is(lambda: bool(watched.said("watching"))))
        await watched.mailbox.put(mail())
        await until(watched.is_empty)
    assert [len(mails) for mails in (await watched.folders()).values()] == [1]


async def test_what_is_refused_waits_for_a_person_who_takes_it_in_anyway(watched: Watched) -> None:
    """The list names mailbox and folder, and has the content; the same mail again is not listed twice."""
    empty = mail("", subject="")
    await watched.mailbox.put(empty)
    await watched.take_all()
    await watched.mailbox.put(empty)
    await watched.take_all()
    (entry,) = not_taken_in(watched.settings).waiting()
    assert (entry.name, entry.place, entry.door, entry.desk) == (
        "without a subject.eml",
        f"{watched.account.name}/INBOX",
        "mailbox",
        "support",
    )
    assert "it has neither subject, text nor attachments" in entry.reason
    assert entry.begins.startswith("From: Ole Brandt")
    submitted = await take_in_anyway(Gateway.over(watched.client), watched.settings, entry, "carla")
    assert submitted.new


@on_each_kind
async def test_of_a_huge_mail_only_the_header_is_fetched(watched: Watched) -> None:
    """It is refused with its size, and a person sees who wrote."""
    huge = mail("All of it.\n" * 4_000, subject="a film")
    await watched.mailbox.put(huge)
    fetched = list[Arrived]()

    class Looking(MailboxDoor):
        async def read(self, mail: Arrived) -> Submission:
            fetched.append(mail)
            return await super().read(mail)

    watched.door = Looking(Gateway.over(watched.client), watched.settings, watched.account)
    await watched.take_all()
    assert await watched.folders() == {"Refused": [huge]}
    assert len(fetched[0].raw) < 300
    (entry,) = not_taken_in(watched.settings).waiting()
    assert entry.reason.startswith("a film.eml has 0.0 MB, more than the 0.0 MB that are taken")
    assert "ole@brandt.example" in entry.begins
    assert "All of it" not in entry.begins


async def test_the_time_of_the_mailbox_is_when_it_was_received(watched: Watched) -> None:
    """A mail that waited over a weekend was not received today."""
    received = (datetime.now(UTC) - timedelta(days=3)).replace(microsecond=0)
    await watched.mailbox.put(mail(), at=received)
    read = list[Submission]()

    class Looking(MailboxDoor):
        async def start(self, mail: Arrived, submission: Submission) -> Any:
            read.append(submission)
            return await super().start(mail, submission)

    watched.door = Looking(Gateway.over(watched.client), watched.settings, watched.account)
    await watched.take_all()
    assert read[0].trigger.received_at == received


async def test_a_subject_in_any_letters_is_a_name(watched: Watched) -> None:
    """Encoded words, slashes, no text at all: what people see in the list is a name that a file could have."""
    await watched.mailbox.put(
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe/../x?=\n\nno sender\n", b"Subject: \xff\xfe\x00\n\nno sender\n"
    )
    await watched.take_all()
    names = {entry.name for entry in not_taken_in(watched.settings).waiting()}
    assert "Grüße_.._x.eml" in names
    assert len(names) == 2


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
        await until(lambda: _is(lambda: bool(watched.said(WAITS))))
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
        await until(lambda: _is_async(watched.mailbox.mails("Taken"), 2))
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
        if uid == "1":
            raise MailboxRefusedError("the mailbox is over its quota")
        moved(self, uid, place, may_be_there=may_be_there)

    monkeypatch.setattr(MailboxSession, "move", move)
    async with watched.watching():
        await until(lambda: _is_async(watched.mailbox.mails("Taken"), 1))
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
    """As on two machines; no mail is lost, and whoever comes second sees the same request."""
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


async def test_one_mail_in_two_mailboxes_is_one_request(
    client: Client, server: Server, tmp_path: Path, log: LogCapture
) -> None:
    """Both are moved; for two desks it would be two requests."""
    one, two = (Watched(client, server.mailbox(), tmp_path, log) for _ in range(2))
    sent, stop = mail(), asyncio.Event()
    await one.mailbox.put(sent)
    await two.mailbox.put(b"Received: by another way\n" + sent)
    watching = asyncio.create_task(
        watch_mailboxes(Gateway.over(client), one.settings, (one.account, two.account), stop)
    )
    await until(one.is_empty)
    await until(two.is_empty)
    stop.set()
    await watching
    assert len(one.said("taken in")) == len(one.said("taken in before")) == 1
    assert one.said("taken in")[0]["request_id"] == one.said("taken in before")[0]["request_id"]


async def test_another_folder_is_named_by_levels(watched: Watched) -> None:
    """With letters beyond ASCII, under the server's own prefix and delimiter."""

    def make(box: BaseMailBox) -> None:
        box.folder.create(watched.mailbox.named("Anfragen Köln"))

    await watched.mailbox.do(make)
    watched.account = watched.mailbox.account(folder="Anfragen Köln")
    sent = mail()
    await watched.mailbox.put(sent, folder="Anfragen Köln")
    async with watched.watching():
        await until(lambda: _is_async(watched.mailbox.mails("Taken"), 1))
    assert await watched.mailbox.mails("Anfragen Köln") == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"password": "wrong"}, "does not let the desk in: .*; correct 'user' or the password"),
        ({"folder": "Nothing"}, "does not give its folders: "),
        ({"security": "starttls"}, "offers no STARTTLS; write 'security: tls'"),
    ],
)
async def test_what_is_refused_at_first_is_one_sentence(
    watched: Watched, more: dict[str, Any], words: str
) -> None:
    """Whose mailbox, what the server says, what to correct; nothing of the password."""
    watched.account = watched.mailbox.account(**more)
    with pytest.raises(MailboxRefusedError, match=words) as refused:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await watch_mailboxes(
                Gateway.over(watched.client), watched.settings, (watched.account,), asyncio.Event()
            )
    assert str(refused.value).startswith(f"the mailbox '{watched.account.name}' ({watched.account.user} at ")
    assert PASSWORD not in str(refused.value)


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
        await until(lambda: _is(lambda: bool(watched.said("watching"))))
        refuses = True
        with monkeypatch.context() as patch:
            patch.setattr(MailboxSession, "wait", waits)
            await until(
                lambda: _is(lambda: any(e["why"] == "the password has expired" for e in watched.said(WAITS)))
            )
        await watched.mailbox.put(mail())
        refuses = False
        await until(watched.is_empty)
    assert watched.said("going on")


async def _is(condition: Callable[[], bool]) -> bool:
    return condition()


async def _is_async(mails: Awaitable[list[bytes]], number: int) -> bool:
    return len(await mails) == number


def test_a_plain_connection_stays_on_this_machine() -> None:
    """Elsewhere it must be permitted by name."""
    entry = {"name": "a", "host": "mail.desk.example", "security": "none", "user": "u", "password": "p"}
    with pytest.raises(ValueError, match=r"the password would go to mail\.desk\.example unencrypted"):
        MailboxAccount.model_validate(entry)
    assert MailboxAccount.model_validate(entry | {"allow_plain": True}).port_in_use == 143
