"""Mail through SMTP and back from the archive: what arrives, what is refused, what stays unknown."""

import asyncio
import time
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from pydantic import ValidationError

from channels.mail.models import OutgoingMail
from channels.mail.systems.mail_server import MailServer
from devstack.ports import free_port
from dispatch.models.errors import OutcomeUnknownError, RefusedError, UnavailableError
from tests.servers import MailSinkService


def mail(**changes: Any) -> OutgoingMail:
    values: dict[str, Any] = {
        "message_id": "<request-1.reply@desk.example>",
        "sender": "support@desk.example",
        "recipient": "anna.mueller@post.example",
        "subject": "Your order",
        "text": "Hello",
    }
    return OutgoingMail.model_validate(values | changes)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Your order DD-10001", "Hello Anna,\n\nEUR 49.90 are on their way.\n.\n..dots\nFrom here"),
        ("Größe: 返金 💶 " * 20, "Grüße 山田 花子\nنورة\n💶" * 50),
        ("x" * 900, "y" * 5000),
        ("  spaced", "tabs\tand trailing space \nlast"),
        ("=?utf-8?q?looks_encoded?=", "=3D looks quoted =\n=?utf-8?q?x?="),
        ("z" * 998, "> From"),
        ("é" * 998, "\u2028 line separators \x0b\x0c\x85 of other kinds"),
    ],
)
async def test_subject_and_text_come_back_as_they_were(
    mail_sink: MailSinkService, subject: str, text: str
) -> None:
    """Any script, any length, leading dots and odd lines survive the way through SMTP."""
    await mail_sink.mail().send(mail(subject=subject, text=text))
    found = await mail_sink.archive().find("<request-1.reply@desk.example>")
    assert found is not None
    assert found.text == text
    assert found.subject == subject.strip()
    assert (found.sender, found.recipient) == ("support@desk.example", "anna.mueller@post.example")
    raw = mail_sink.messages()[0]["raw"]
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998


@pytest.mark.parametrize("local", ["question.1", "x" * 180, "x" * 880])
async def test_a_reply_is_threaded_and_marked_as_automatic(mail_sink: MailSinkService, local: str) -> None:
    """The requester's program shows it in its place, however long its id, and another machine does not answer it."""
    asked = f"<{local}@post.example>"
    await mail_sink.mail().send(mail(in_reply_to=asked, references=("<first@post.example>", asked)))
    message = message_from_bytes(mail_sink.messages()[0]["raw"], policy=default)
    assert message["In-Reply-To"].strip() == asked
    assert message["References"].split() == ["<first@post.example>", asked]
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Dispatch-Desk-ID"] == message["Message-ID"]
    assert message["Date"].datetime.tzinfo is not None
    [found] = await mail_sink.archive().sent_to("Anna.Mueller@post.example")
    assert found.in_reply_to == asked


async def test_an_encoded_word_in_a_subject_adds_no_header(mail_sink: MailSinkService) -> None:
    """A line break hidden in an encoded word stays what it is: letters of the subject."""
    subject = "=?utf-8?q?a=0D=0ABcc:_everyone@evil.example?= hello"
    await mail_sink.mail().send(mail(subject=subject))
    raw = mail_sink.messages()[0]["raw"]
    assert b"\nBcc" not in raw
    assert message_from_bytes(raw, policy=default)["Bcc"] is None
    [found] = await mail_sink.archive().deliveries("<request-1.reply@desk.example>")
    assert found.subject == subject


@pytest.mark.parametrize("odd", ["no angle brackets", "<two words@x>", f"<{'x' * 950}@y>", ""])
async def test_an_odd_message_id_of_the_requester_costs_only_the_thread(
    mail_sink: MailSinkService, odd: str
) -> None:
    """What their mail claims as its id is theirs; the answer goes out all the same."""
    await mail_sink.mail().send(mail(in_reply_to=odd))
    [found] = await mail_sink.archive().deliveries("<request-1.reply@desk.example>")
    assert found.in_reply_to is None


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "hello\r\nBcc: everyone@evil.example"},
        {"subject": "hello\nX: y"},
        {"subject": "hello\x00"},
        {"subject": "hello\u2028X: y"},
        {"in_reply_to": "<a@b>\r\nBcc: everyone@evil.example"},
        {"references": ("<a@b>\r\n\r\nbody",)},
        {"recipient": "anna@post.example\r\nBcc: everyone@evil.example"},
        {"recipient": "anna@post.example, everyone@evil.example"},
        {"recipient": "Anna <anna@post.example>"},
        {"recipient": "anna@post.example\n"},
        {"recipient": "anna@post.example> SIZE=1"},
        {"recipient": "anna@@post.example"},
        {"sender": "support@desk.example\r\nRCPT TO:<everyone@evil.example>"},
        {"message_id": "<a@b>\r\nX: y"},
        {"message_id": "a@b"},
        {"text": ""},
    ],
)
def test_no_value_can_become_another_header_or_recipient(change: dict[str, Any]) -> None:
    """The contract itself refuses it, before any client sees it."""
    with pytest.raises(ValidationError):
        mail(**change)


@pytest.mark.parametrize(
    "change", [{"subject": "hello\r\nBcc: everyone@evil.example"}, {"recipient": "a@b.example, c@d.example"}]
)
async def test_the_client_does_not_rely_on_the_contract_alone(
    mail_sink: MailSinkService, change: dict[str, str]
) -> None:
    """A value that came round the validation is refused as well, and nothing is sent."""
    smuggled = mail().model_copy(update=change)
    with pytest.raises(RefusedError) as refused:
        await mail_sink.mail().send(smuggled)
    assert refused.value.code == "invalid_mail"
    assert mail_sink.messages() == []


async def test_a_mailbox_that_is_not_there_is_refused(mail_sink: MailSinkService) -> None:
    """5xx is final and carries its number."""
    with pytest.raises(RefusedError) as refused:
        await mail_sink.mail().send(mail(recipient="remi.fournier@bounces.example"))
    assert refused.value.code == "smtp_550"


async def test_a_mailbox_that_is_busy_takes_it_later(mail_sink: MailSinkService) -> None:
    """4xx is 'not now': the third attempt is taken, and only that one arrives."""
    for _ in range(2):
        with pytest.raises(UnavailableError, match="451"):
            await mail_sink.mail().send(mail(recipient="oscar.nunez@tempfail.example"))
    await mail_sink.mail().send(mail(recipient="oscar.nunez@tempfail.example"))
    assert len(mail_sink.messages()) == 1


@pytest.mark.parametrize(
    ("status", "expected"), [(554, RefusedError), (421, UnavailableError), (452, UnavailableError)]
)
async def test_a_mail_turned_away_after_its_text_was_not_taken(
    mail_sink: MailSinkService, status: int, expected: type[Exception]
) -> None:
    """A clear no after DATA is still a clear no."""
    await mail_sink.arm("SMTP DATA", "status", status=status)
    with pytest.raises(expected):
        await mail_sink.mail().send(mail())
    assert mail_sink.messages() == []


async def test_a_closed_port_means_nothing_was_sent() -> None:
    """No server, no mail."""
    with pytest.raises(UnavailableError, match="not reached"):
        await MailServer("127.0.0.1", free_port(), timeout_seconds=1).send(mail())


async def test_a_connection_lost_after_the_text_leaves_it_unknown_and_the_archive_tells(
    mail_sink: MailSinkService,
) -> None:
    """Taken or not looks the same to the client; the Message-ID in the archive decides."""
    await mail_sink.arm("SMTP DATA", "drop_after_commit", recipient="anna.mueller@post.example")
    with pytest.raises(OutcomeUnknownError):
        await mail_sink.mail().send(mail())
    assert await mail_sink.archive().find("<request-1.reply@desk.example>") is not None
    await mail_sink.arm("SMTP DATA", "drop_before_commit")
    with pytest.raises(OutcomeUnknownError):
        await mail_sink.mail().send(mail(message_id="<request-2.reply@desk.example>"))
    assert await mail_sink.archive().find("<request-2.reply@desk.example>") is None


async def test_an_answer_that_does_not_come_leaves_it_unknown(mail_sink: MailSinkService) -> None:
    """A timeout after the text is the same uncertainty, and the client does not wait on."""
    await mail_sink.arm("SMTP DATA", "slow", delay_seconds=30)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        await mail_sink.mail(timeout_seconds=0.4).send(mail())
    assert time.monotonic() - started < 5
    assert len(await mail_sink.archive().deliveries("<request-1.reply@desk.example>")) == 1


async def test_an_archive_that_is_down_is_not_an_empty_one(mail_sink: MailSinkService) -> None:
    """Not reached is Unavailable with its Retry-After, never 'was not sent'."""
    await mail_sink.arm("GET /messages", "status", status=503, retry_after=2)
    with pytest.raises(UnavailableError) as failed:
        await mail_sink.archive().find("<request-1.reply@desk.example>")
    assert failed.value.retry_after_seconds == 2


async def test_a_mail_sent_twice_shows_twice(mail_sink: MailSinkService) -> None:
    """The archive tells how often, oldest first."""
    for text in ("first", "second"):
        await mail_sink.mail().send(mail(text=text))
    deliveries = await mail_sink.archive().deliveries("<request-1.reply@desk.example>")
    assert [delivery.text for delivery in deliveries] == ["first", "second"]


@pytest.mark.parametrize("greeting", [b"", b"554 go away\r\n", b"421 busy\r\n", b"nonsense\r\n"])
async def test_a_server_that_does_not_greet_was_sent_nothing(greeting: bytes) -> None:
    """Whatever stands there instead of a mail server: nothing went out, so nothing is unknown."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        client = MailServer("127.0.0.1", server.sockets[0].getsockname()[1], timeout_seconds=1)
        with pytest.raises((UnavailableError, RefusedError)) as failed:
            await client.send(mail())
    assert isinstance(failed.value, RefusedError) == greeting.startswith(b"5")
