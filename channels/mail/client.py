"""Sends mail by SMTP and reads back, from the mail system's archive, what was sent."""

import re
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.utils import format_datetime, localtime

import aiosmtplib
import httpx
from pydantic import TypeAdapter, ValidationError

from channels.mail.identity import OWN_HEADER
from channels.mail.models import ArchivedMail, OutgoingMail
from dispatch.http import USER_AGENT, Listing, bounded, exchange
from dispatch.models.errors import ClientError, OutcomeUnknownError, RefusedError, UnavailableError

_MAX_LINE = 900  # a header line has 998 characters; what has no space in it cannot be folded
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_PERMANENT, _TRANSIENT = range(500, 600), range(400, 500)
_ARCHIVE = "mail archive"
_ARCHIVED = TypeAdapter(Listing[ArchivedMail])


class MailClient:
    """One SMTP conversation for each mail, upgraded to TLS where the server offers it; `timeout_seconds` a step."""

    def __init__(self, host: str, port: int, *, timeout_seconds: float) -> None:
        self._host, self._port, self._timeout = host, port, timeout_seconds

    async def send(self, mail: OutgoingMail) -> None:
        """Hand a mail over; on return the server has taken responsibility for it.

        Raises Refused (5xx, or what cannot be a mail), Unavailable (4xx, no connection: not sent) or OutcomeUnknown
        (lost once the text was under way: look for its Message-ID in the archive).
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
            # Not QUIT: the server has answered for the mail, and waiting for its farewell could only fail a success.
            smtp.close()

    async def close(self) -> None:
        """Nothing is kept open between mails."""

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


class MailArchiveClient:
    """Reads the mail system's archive; takes an httpx client with base URL and archive key (see http_client)."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def find(self, message_id: str) -> ArchivedMail | None:
        """Return the first delivery of a mail, None if it was never received; raises Unavailable or Refused."""
        deliveries = await self.deliveries(message_id)
        return deliveries[0] if deliveries else None

    async def deliveries(self, message_id: str) -> tuple[ArchivedMail, ...]:
        """Return every delivery of a mail, oldest first: more than one where it was sent twice."""
        return await self._messages({"message_id": message_id})

    async def sent_to(self, recipient: str) -> tuple[ArchivedMail, ...]:
        """Return all that was delivered to an address, oldest first."""
        return await self._messages({"recipient": recipient})

    async def close(self) -> None:
        await self._http.aclose()

    async def _messages(self, params: dict[str, str]) -> tuple[ArchivedMail, ...]:
        listing = await exchange(
            self._http, "GET", "/messages", system=_ARCHIVE, answer=_ARCHIVED, params=params
        )
        return listing.data


def as_message(mail: OutgoingMail) -> Message:
    """Write the mail as RFC 5322 wants it, in seven-bit ASCII; raises ValidationError for one that breaks its contract."""
    # Once more, because pydantic's model_copy and model_construct do not: nothing here may become another header.
    mail = OutgoingMail.model_validate(mail.model_dump())
    message = _body(mail.text.rstrip("\n"), mail.html)
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(localtime())
    message["From"] = mail.sender
    message["To"] = mail.recipient
    message["Subject"] = _unstructured(mail.subject)
    message["User-Agent"] = USER_AGENT
    # Keeps two machines that answer automatically from answering each other for ever (RFC 3834).
    message["Auto-Submitted"] = "auto-replied" if mail.in_reply_to else "auto-generated"
    # The same for Exchange, which does not look at the line above ([MS-OXCMAIL], section 2.1.3.2.20).
    message["X-Auto-Response-Suppress"] = "All"
    message[OWN_HEADER] = mail.message_id
    thread = _thread(mail)
    if thread:
        message["References"] = " ".join(thread)
    if mail.in_reply_to in thread:
        message["In-Reply-To"] = mail.in_reply_to
    return message


def _body(text: str, html: str | None) -> Message:
    """Give the text alone, or both forms in one, the plain one first (RFC 2046, section 5.1.4)."""
    if html is None:
        return _part(text, "plain")
    both = Message()
    both["MIME-Version"] = "1.0"
    both["Content-Type"] = "multipart/alternative"
    both.attach(_part(text, "plain"))
    both.attach(_part(html, "html"))
    return both


def _part(text: str, kind: str) -> Message:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = Message()
    part["Content-Type"] = f"text/{kind}"
    part.set_payload(text, charset)
    return part


def _unstructured(text: str) -> str:
    """Encode what is not plain, folded.

    Text that only looks encoded ('=?utf-8?q?...?=') is encoded itself: read as an encoded word it could say anything,
    line breaks included. The newer EmailMessage reads it so, and before Python 3.11.10 sends those line breaks (CVE-2024-6923).
    """
    plain = text.isascii() and "=?" not in text and len(text) <= _MAX_LINE
    return Header(text, "us-ascii" if plain else "utf-8", header_name="Subject").encode()


def _thread(mail: OutgoingMail) -> list[str]:
    """Keep what are Message-IDs and fit on a line: a stranger's odd one must not cost them their answer."""
    named = dict.fromkeys([*mail.references, *([mail.in_reply_to] if mail.in_reply_to else [])])
    return [each for each in named if len(each) <= _MAX_LINE and _MESSAGE_ID.fullmatch(each)]


def _answered(
    error: aiosmtplib.SMTPResponseException, otherwise: type[UnavailableError | OutcomeUnknownError]
) -> ClientError:
    """Read a reply; `otherwise` is for one that is neither no nor later, such as a line that is not SMTP."""
    text = bounded(f"mail server: {error.code} {error.message}")
    if error.code in _PERMANENT:
        return RefusedError(text, f"smtp_{error.code}")
    return UnavailableError(text) if error.code in _TRANSIENT else otherwise(text)
