"""Sends mail by SMTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar, Self

import aiosmtplib
from pydantic import Field, ValidationError

from activities.contracts import SystemSettings
from channels.mail.identity import tagged
from channels.mail.message import as_message
from channels.mail.models import OutgoingMail
from dispatch.http import bounded
from dispatch.models.errors import ClientError, OutcomeUnknownError, RefusedError, UnavailableError

_PERMANENT, _TRANSIENT = range(500, 600), range(400, 500)

_LONGEST_LOCAL_PART = 64  # RFC 5321, section 4.5.3.1.1


class MailServer:
    """One SMTP conversation for each mail, upgraded to TLS if the server offers it; `timeout_seconds` is for each step."""

    acting: ClassVar[bool] = True

    class Settings(SystemSettings):
        """Its address and credentials."""

        smtp_host: str = "127.0.0.1"
        smtp_port: int = Field(default=8825, ge=1, le=65535)
        mail_from: str = Field(
            default="support@desk.example",
            description="the sender of every mail of a desk that names none of its own",
        )
        mail_reply_tag: bool = Field(
            default=False,
            description="whether replies go to the sender's address with a tag, such as support+<request>@desk.example; "
            "for mail services that change the Message-ID, where the mailbox takes such addresses",
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Return the server; nothing is kept open between mails."""
        yield cls(
            settings.smtp_host,
            settings.smtp_port,
            sender=settings.mail_from,
            reply_tag=settings.mail_reply_tag,
            timeout_seconds=settings.client_timeout_seconds,
        )

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str = "support@desk.example",
        reply_tag: bool = False,
        timeout_seconds: float,
    ) -> None:
        self._host, self._port, self._timeout = host, port, timeout_seconds
        self._reply_tag = reply_tag
        self.sender = sender
        """The address that mails come from."""

    def reply_to(self, request_id: str, sender: str) -> str | None:
        """Return the Reply-To address of a request; None if replies go to the sender, whose address has no room for a tag."""
        with_tag = tagged(sender, request_id)
        fits = with_tag.rindex("@") <= _LONGEST_LOCAL_PART
        return with_tag if self._reply_tag and fits else None

    async def send(self, mail: OutgoingMail) -> None:
        """Hand a mail over; on return the server has taken responsibility for it.

        Raises Refused (5xx, or what cannot be a mail), Unavailable (4xx, no connection: not sent) or OutcomeUnknown
        (connection lost while the text was being sent: search for its Message-ID in the archive).
        """
        try:
            content = as_message(mail).as_bytes()
        except ValidationError as error:
            wrong = ", ".join(str(each["loc"][0]) for each in error.errors())
            raise RefusedError(bounded(f"mail cannot be written: {wrong}"), "invalid_mail") from None
        smtp = aiosmtplib.SMTP(hostname=self._host, port=self._port, timeout=self._timeout)
        try:
            await self._offer(smtp, mail)
            await self._deliver(smtp, content)
        finally:
            # Without QUIT: the server has accepted the mail, and waiting for its answer could only turn a success into an error.
            smtp.close()

    async def _offer(self, smtp: aiosmtplib.SMTP, mail: OutgoingMail) -> None:
        try:
            await smtp.connect()
            await smtp.mail(mail.sender)
            await smtp.rcpt(mail.recipient)
        except aiosmtplib.SMTPResponseException as error:
            raise _answered(error, UnavailableError) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UnavailableError(bounded(f"mail server: not reached ({type(error).__name__})")) from error

    async def _deliver(self, smtp: aiosmtplib.SMTP, content: bytes) -> None:
        try:
            await smtp.data(content)
        except aiosmtplib.SMTPResponseException as error:
            raise _answered(error, OutcomeUnknownError) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise OutcomeUnknownError(
                bounded(f"mail server: lost after the text was sent ({type(error).__name__})")
            ) from error


def _answered(
    error: aiosmtplib.SMTPResponseException, otherwise: type[UnavailableError | OutcomeUnknownError]
) -> ClientError:
    """Return the error of a reply; `otherwise` is for one that is neither 5xx nor 4xx, such as a line that is not SMTP."""
    text = bounded(f"mail server: {error.code} {error.message}")
    if error.code in _PERMANENT:
        return RefusedError(text, f"smtp_{error.code}")
    return UnavailableError(text) if error.code in _TRANSIENT else otherwise(text)
