"""A watched mailbox on each kind of IMAP server: what is taken in, refused, set apart, and what happens to the mails."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imap_tools import BaseMailBox
from structlog.testing import LogCapture
from temporalio.client import Client

from channels.mail.mailbox.account import MailboxAccount
from channels.mail.mailbox.answers import Arrived
from channels.mail.mailbox.session import MailboxRefusedError
from dispatch.models.request.submission import Submission
from runtime.doors.mailbox import MailboxDoor, watch_mailboxes
from runtime.doors.refusals import not_taken_in, take_in_anyway
from runtime.gateway import Gateway
from tests.channels.mailbox.dovecot import PASSWORD
from tests.channels.mailbox.imap_servers import Server
from tests.channels.mailbox.watched import (
    PATIENCE_SECONDS,
    Watched,
    has_number,
    holds,
    mail,
    on_each_kind,
    until,
)


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
        await until(lambda: holds(lambda: bool(watched.said("watching"))))
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
        await until(lambda: has_number(watched.mailbox.mails("Taken"), 1))
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


def test_a_plain_connection_stays_on_this_machine() -> None:
    """Elsewhere it must be permitted by name."""
    entry = {"name": "a", "host": "mail.desk.example", "security": "none", "user": "u", "password": "p"}
    with pytest.raises(ValueError, match=r"the password would go to mail\.desk\.example unencrypted"):
        MailboxAccount.model_validate(entry)
    assert MailboxAccount.model_validate(entry | {"allow_plain": True}).port_in_use == 143
