"""Parses a received mail with the standard library's email package, without trusting its content.

RFC 5322 and MIME as real programs write them: broken but readable mails are read, with a note; ambiguous ones are
refused. Everything that is left out of the text is an attachment or still in the source file.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from typing import Final, TypeVar

from channels.mail.automatic import recognise
from channels.mail.bounds import MAX_FIELD_BYTES, BoundedPolicy, bounded
from channels.mail.charset import decode
from channels.mail.encoded_words import decoded_words
from channels.mail.header.facts import facts_of, written_at
from channels.mail.header.sender import MailSender, only_address, sender_of
from channels.mail.header.thread import thread_of
from channels.mail.html_text import text_of
from channels.mail.unreadable import unreadable_kind, unreadable_text
from dispatch.models.errors import SubmissionError
from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.request_form import Attachment
from dispatch.models.request.requester import SenderDoubt
from dispatch.text.file_name import safe_name
from dispatch.text.normalise import encodable, one_line, says_something

MAX_ATTACHMENTS: Final = 100
MAX_HTML_CHARS: Final = 1_000_000
_MAX_SUBJECT: Final = 998
_MAX_NAME: Final = 200
_NOTED_DEFECTS: Final = 5
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,990}>")
# The header parser of the standard library raises these for some headers.
_UNREADABLE: Final = (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError)

T = TypeVar("T")


@dataclass
class ParsedMail:
    """The content of a mail; `message_id` is None if it has none, `address` is empty if nobody can be answered.

    `answers_to` is the one address of Reply-To, empty if there is none.
    """

    address: str
    name: str = ""
    subject: str = ""
    text: str = ""
    message_id: str | None = None
    answers_to: str = ""
    thread: tuple[str, ...] = ()
    attachments: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_broken: bool = False
    doubt: SenderDoubt | None = None
    automatic: AutomaticMail | None = None
    written_at: datetime | None = None
    unreadable: list[str] = field(default_factory=list)

    @property
    def unread(self) -> str:
        """Return why the text could not be read; empty if there is a text, or the mail has none."""
        kinds = " and ".join(dict.fromkeys(self.unreadable))
        return f"the mail holds {kinds}, and no other text" if kinds and not says_something(self.text) else ""


def parse_mail(file: str, raw: bytes, own_addresses: tuple[str, ...] = ()) -> ParsedMail:
    """Read a mail; `file` is for the message, `own_addresses` are those that the desk writes from.

    Raises SubmissionError for a file without a usable sender, unless it is automatic mail, which nobody answers.
    """
    within = bounded(raw)
    try:
        message: EmailMessage = message_from_bytes(within.raw, policy=BoundedPolicy())  # type: ignore[arg-type]  # the base of our policy makes these, and cannot be subscripted to say so
    except _UNREADABLE as error:
        raise SubmissionError(
            f"{file} cannot be read as a mail ({type(error).__name__}); save it again from the mail program"
        ) from None
    sender, automatic = _sender(file, within.raw, message, own_addresses)
    mail = ParsedMail(
        address=sender.address,
        name=sender.name,
        doubt=sender.doubt,
        automatic=automatic,
        message_id=_first_id(message, "Message-ID"),
        answers_to=only_address(message, "Reply-To"),
        thread=thread_of(message, automatic, own_addresses),
        written_at=written_at(_header(message, "Date")),
        notes=[*within.notes, *([sender.note] if sender.note else [])],
    )
    subject = _subject(message, mail)
    if len(subject) > _MAX_SUBJECT:
        mail.notes.append(f"the subject was cut after {_MAX_SUBJECT} of {len(subject):,} characters")
    mail.subject = subject[:_MAX_SUBJECT]
    texts = list(_texts(message, mail))
    mail.text = "\n\n".join(text for text in texts if text.strip())
    mail.notes += [f"{kind}, could not be read; it is attached" for kind in dict.fromkeys(mail.unreadable)]
    if not within.is_open:
        mail.unreadable.append("parts below too many others")
    _note_defects(message, mail)
    return mail


def _sender(
    file: str, raw: bytes, message: EmailMessage, own_addresses: tuple[str, ...]
) -> tuple[MailSender, AutomaticMail | None]:
    try:
        sender = sender_of(file, raw, message)
    except SubmissionError:
        automatic = recognise(facts_of(message, ""), own_addresses)
        if automatic is None:
            raise
        return MailSender(""), automatic
    return sender, recognise(facts_of(message, sender.address), own_addresses)


def _tried(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except _UNREADABLE:
        return otherwise


def _header(message: EmailMessage, name: str) -> str:
    return _tried(lambda: str(message.get(name, "")), "")


def _subject(message: EmailMessage, mail: ParsedMail) -> str:
    value = next((str(value) for name, value in message.raw_items() if name.lower() == "subject"), "")
    text, notes = decoded_words(value[:MAX_FIELD_BYTES])
    mail.notes += [f"the subject: {note}" for note in notes]
    return one_line(encodable(text))


def _first_id(message: EmailMessage, name: str) -> str | None:
    match = _MESSAGE_ID.search(_header(message, name))
    return encodable(match[0]) if match else None


def _texts(part: EmailMessage, mail: ParsedMail) -> Iterator[str]:
    """Yield the readable texts of a part in order; everything else goes to the attachments."""
    kind = _tried(part.get_content_type, "text/plain")
    if kind == "message/rfc822":
        _attach_message(part, mail)
    elif part.is_multipart():
        parts = [p for p in part.iter_parts() if isinstance(p, EmailMessage)]
        if kind == "multipart/alternative":
            yield from _alternative(parts, mail)
        else:
            for inner in parts:
                yield from _texts(inner, mail)
    elif _is_attachment(part) or not kind.startswith(("text/plain", "text/html", "multipart/")):
        _attach(part, kind, mail)
    else:
        text = _text(part, kind, mail)
        encrypted = unreadable_text(text)
        if encrypted is None:
            yield text
        else:
            mail.unreadable.append(encrypted)
            _keep(Attachment(_payload(part), kind, f"message-{len(mail.attachments) + 1}.asc"), mail)


def _alternative(parts: list[EmailMessage], mail: ParsedMail) -> Iterator[str]:
    """Choose one of several forms of the same text: plain if it is not empty, else another one."""
    plain = [part for part in parts if _tried(part.get_content_type, "") == "text/plain"]
    texts = [
        text
        for part in plain
        if not _is_attachment(part) and (text := _text(part, "text/plain", mail)).strip()
    ]
    yield from texts
    for part in parts:
        kind = _tried(part.get_content_type, "")
        if part in plain and not _is_attachment(part):
            continue
        if texts and kind == "text/html":
            continue
        found = list(_texts(part, mail))
        if not texts:
            yield from found
            texts = [text for text in found if text.strip()]


def _is_attachment(part: EmailMessage) -> bool:
    return _tried(part.get_content_disposition, None) == "attachment"


def _payload(part: EmailMessage) -> bytes:
    content = _tried(lambda: part.get_payload(decode=True), None)
    return content if isinstance(content, bytes) else b""


def _text(part: EmailMessage, kind: str, mail: ParsedMail) -> str:
    text, note = decode(_payload(part), (_tried(part.get_content_charset, None) or "")[:100] or None)
    text = encodable(text)
    if note:
        mail.notes.append(note)
    if kind != "text/html":
        return text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_HTML_CHARS:
        mail.notes.append(f"the HTML was cut after {MAX_HTML_CHARS:,} of {len(text):,} characters")
    converted = text_of(text[:MAX_HTML_CHARS])
    mail.notes += ["the text was converted from HTML", *converted.notes]
    return converted.text


def _attach(part: EmailMessage, kind: str, mail: ParsedMail) -> None:
    name = safe_name(_tried(part.get_filename, None), f"attachment-{len(mail.attachments) + 1}")
    if found := unreadable_kind(kind, name):
        mail.unreadable.append(found)
    _keep(Attachment(_payload(part), kind[:_MAX_NAME], name), mail)


def _attach_message(part: EmailMessage, mail: ParsedMail) -> None:
    inner = _tried(lambda: part.get_payload(0), None)
    data = _tried(inner.as_bytes, b"") if isinstance(inner, EmailMessage) else _payload(part)
    title = _header(inner, "Subject") if isinstance(inner, EmailMessage) else ""
    fallback = f"message-{len(mail.attachments) + 1}.eml"
    name = safe_name(_tried(part.get_filename, None) or (f"{title}.eml" if title else None), fallback)
    mail.notes.append(f"a forwarded mail was kept as the attachment {name!r}")
    _keep(Attachment(data, "message/rfc822", name), mail)


def _keep(attachment: Attachment, mail: ParsedMail) -> None:
    if len(mail.attachments) < MAX_ATTACHMENTS:
        mail.attachments.append(attachment)
        return
    note = f"only the first {MAX_ATTACHMENTS} attachments were taken out; all are in the source file"
    if note not in mail.notes:
        mail.notes.append(note)


def _note_defects(message: EmailMessage, mail: ParsedMail) -> None:
    found = [type(defect).__name__ for part in message.walk() for defect in part.defects]
    kinds = list(dict.fromkeys(found))
    if kinds:
        mail.is_broken = True
        shown = ", ".join(_spoken(kind) for kind in kinds[:_NOTED_DEFECTS])
        mail.notes.append(f"the mail is not built as it should be: {shown}")


def _spoken(defect: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", defect.removesuffix("Defect")).lower()
