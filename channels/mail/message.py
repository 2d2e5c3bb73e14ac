"""Serialises an outgoing mail."""

import re
from collections.abc import Sequence
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.utils import format_datetime, localtime

from channels.mail.identity import OWN_HEADER
from channels.mail.models import MailAttachment, OutgoingMail
from dispatch.http import USER_AGENT

_MAX_LINE = 900  # a header line has at most 998 characters; a value without spaces cannot be folded
# RFC 6838, section 4.2; a message/* must not be encoded, and is sent as bytes with the others.
_MEDIA_TYPE = re.compile(
    r"(application|audio|font|image|model|text|video)/([a-z0-9][a-z0-9!#$&^_.+-]{0,126})"
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")


def as_message(mail: OutgoingMail) -> Message:
    """Return the mail in the form of RFC 5322, in seven-bit ASCII; raises ValidationError if it breaks its contract."""
    # Validated again, because pydantic's model_copy and model_construct do not: no value may become another header.
    mail = OutgoingMail.model_validate(mail.model_dump())
    message = _with_attachments(_body(mail.text.rstrip("\n"), mail.html), mail.attachments)
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(localtime())
    message["From"] = mail.sender
    message["To"] = mail.recipient
    if mail.reply_to is not None:
        message["Reply-To"] = mail.reply_to
    message["Subject"] = _unstructured(mail.subject)
    message["User-Agent"] = USER_AGENT
    # Prevents two automatic responders from answering each other endlessly (RFC 3834).
    message["Auto-Submitted"] = "auto-replied" if mail.in_reply_to else "auto-generated"
    # The same for Exchange, which ignores the header above ([MS-OXCMAIL], section 2.1.3.2.20).
    message["X-Auto-Response-Suppress"] = "All"
    message[OWN_HEADER] = mail.message_id
    thread = _thread(mail)
    if thread:
        message["References"] = " ".join(thread)
    if mail.in_reply_to in thread:
        message["In-Reply-To"] = mail.in_reply_to
    return message


def _body(text: str, html: str | None) -> Message:
    """Return the text alone, or both forms in one, the plain one first (RFC 2046, section 5.1.4)."""
    if html is None:
        return _part(text, "plain")
    both = Message()
    both["MIME-Version"] = "1.0"
    both["Content-Type"] = "multipart/alternative"
    both.attach(_part(text, "plain"))
    both.attach(_part(html, "html"))
    return both


def _with_attachments(body: Message, attachments: Sequence[MailAttachment]) -> Message:
    """Return the body, and behind it each document; a media type that is none is sent as plain bytes."""
    if not attachments:
        return body
    del body["MIME-Version"]  # the whole has it
    whole = MIMEMultipart("mixed")
    whole.attach(body)
    for attached in attachments:
        known = _MEDIA_TYPE.fullmatch(attached.media_type)
        main, sub = (known[1], known[2]) if known else ("application", "octet-stream")
        part = MIMEBase(main, sub)
        part.set_payload(attached.data)
        encode_base64(part)
        part.add_header("Content-Disposition", "attachment", filename=_file_name(attached.name))
        whole.attach(part)
    return whole


def _file_name(name: str) -> str | tuple[str, str, str]:
    """Return a name for a header (RFC 2231): without folders, and without what does not print."""
    plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip(". ")
    plain = plain or "document"
    return plain if plain.isascii() else ("utf-8", "", plain)


def _part(text: str, kind: str) -> Message:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = Message()
    part["Content-Type"] = f"text/{kind}"
    part.set_payload(text, charset)
    return part


def _unstructured(text: str) -> str:
    """Return a header value, encoded if it is not plain ASCII, and folded.

    Text that only looks encoded ('=?utf-8?q?...?=') is encoded itself: decoded as an encoded word it could contain
    anything, line breaks included. The newer EmailMessage decodes it, and before Python 3.11.10 sends those line breaks
    (CVE-2024-6923).
    """
    plain = text.isascii() and "=?" not in text and len(text) <= _MAX_LINE
    return Header(text, "us-ascii" if plain else "utf-8", header_name="Subject").encode()


def _thread(mail: OutgoingMail) -> list[str]:
    """Keep only valid Message-IDs that fit on a line: a malformed one must not prevent the answer."""
    named = dict.fromkeys([*mail.references, *([mail.in_reply_to] if mail.in_reply_to else [])])
    return [each for each in named if len(each) <= _MAX_LINE and _MESSAGE_ID.fullmatch(each)]
