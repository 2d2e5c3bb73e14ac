"""The mail sink: answers like a mail server, keeps everything, lets its archive be read by who may."""

import asyncio
import contextlib
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from devstack.mail_sink.service import mail_sink as serve
from dispatch.http import http_client
from dispatch.models.errors import DevStackError
from tests.servers import BackOfficeService, MailSinkService, running_mail_sink, settings_from


def mail(recipient: str, message_id: str | None = "<one@test.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@test.example", recipient, "Grüße"
    if message_id is not None:
        message["Message-ID"] = message_id
    message.set_content("Erste Zeile\n.Zweite mit Punkt\n")
    return message


async def deliver(sink: MailSinkService, *messages: EmailMessage) -> None:
    """Send by the standard library's client: another program than the one our clients use."""

    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", sink.smtp_port, timeout=30) as smtp:
            for message in messages:
                smtp.send_message(message)

    await asyncio.to_thread(talk)


async def test_what_is_received_is_archived_as_it_came(mail_sink: MailSinkService) -> None:
    """Envelope, subject, text and every byte can be read back; a leading dot survives SMTP."""
    await deliver(mail_sink, mail("anna@post.example"))
    async with http_client(base_url=mail_sink.url, key=mail_sink.archive_key, timeout_seconds=5) as http:
        [found] = (await http.get("/messages", params={"recipient": "ANNA@post.example"})).json()["data"]
        assert found["subject"] == "Grüße"
        assert found["text"] == "Erste Zeile\n.Zweite mit Punkt"
        assert (found["sender"], found["recipient"]) == ("desk@test.example", "anna@post.example")
        assert (await http.get(f"/messages/{found['archive_id']}")).json() == found
        raw = await http.get(f"/messages/{found['archive_id']}/raw")
        assert raw.content == mail_sink.messages()[0]["raw"]
        assert (await http.get("/messages/99")).json()["error"]["code"] == "message_not_found"
        assert (await http.get("/messages")).status_code == 400


async def test_a_second_delivery_is_a_second_row(mail_sink: MailSinkService) -> None:
    """The sink does not hide a duplicate: tests count them."""
    await deliver(mail_sink, mail("anna@post.example"), mail("anna@post.example"))
    assert [row["message_id"] for row in mail_sink.messages()] == ["<one@test.example>"] * 2


async def test_a_mail_without_message_id_gets_one(mail_sink: MailSinkService) -> None:
    """It is archived all the same, under an id made of its content."""
    await deliver(mail_sink, mail("anna@post.example", None))
    assert mail_sink.messages()[0]["message_id"].endswith("@mail-sink.invalid>")


async def test_a_bouncing_domain_is_refused_for_good(mail_sink: MailSinkService) -> None:
    """550 at the recipient, and nothing is kept."""
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await deliver(mail_sink, mail("nobody@Bounces.example"))
    assert [code for code, _ in refused.value.recipients.values()] == [550]
    assert mail_sink.messages() == []


async def test_a_slow_domain_takes_the_third_attempt(mail_sink: MailSinkService) -> None:
    """451 twice for each Message-ID, then the mail is taken once."""
    for message_id in ("<one@test.example>", "<two@test.example>"):
        for _ in range(2):
            with pytest.raises(smtplib.SMTPDataError) as put_off:
                await deliver(mail_sink, mail("oscar@tempfail.example", message_id))
            assert put_off.value.smtp_code == 451
        await deliver(mail_sink, mail("oscar@tempfail.example", message_id))
    assert len(mail_sink.messages()) == 2


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_the_archive_needs_its_key(mail_sink: MailSinkService, key: str) -> None:
    """Other people's mail is not for everyone."""
    async with http_client(base_url=mail_sink.url, key=key or "x", timeout_seconds=5) as http:
        assert (await http.get("/messages", params={"recipient": "a@b.example"})).status_code == 401
        assert (await http.get("/health")).json()["status"] == "ok"


async def test_a_taken_smtp_port_names_its_setting(mail_sink: MailSinkService, tmp_path: Path) -> None:
    """A second sink says which setting to change."""
    with pytest.raises(DevStackError, match=r"the mail sink is taken.* set DISPATCH_SMTP_PORT"):
        async with serve(settings_from(mail_sink.environment)):
            pass


async def test_stopping_ends_open_conversations(tmp_path: Path) -> None:
    """A client that stays connected neither holds the sink up nor is left hanging."""
    async with running_mail_sink(tmp_path) as sink:
        reader, writer = await asyncio.open_connection("127.0.0.1", sink.smtp_port)
        assert (await reader.readline()).startswith(b"220 mail-sink")
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


async def test_clearing_the_faults_ends_the_delays_that_run(
    mail_sink: MailSinkService, back_office: BackOfficeService
) -> None:
    """What a rule holds back for minutes is answered at once, and was done before."""
    await mail_sink.arm("SMTP DATA", "slow", delay_seconds=600)
    await back_office.arm("GET /orders/*", "slow", delay_seconds=600)
    late = asyncio.gather(
        deliver(mail_sink, mail("anna@post.example")),
        back_office.http(timeout_seconds=60).get("/orders/DD-10001"),
    )
    async with asyncio.timeout(30):
        while not (mail_sink.messages() and (await back_office.armed())[0]["fired"]):  # noqa: ASYNC110 (services tell it no other way)
            await asyncio.sleep(0.02)
        assert not late.done()
        await asyncio.gather(mail_sink.disarm(), back_office.disarm())
        _, order = await late
    assert order.is_success
