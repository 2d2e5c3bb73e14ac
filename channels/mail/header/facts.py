"""Header facts: the signs of automatic mail (channels/mail/automatic.py), and when the mail was written."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from channels.mail.automatic import READ_HEADERS
from channels.mail.encoded_words import decoded_words
from channels.mail.identity import own_ids
from dispatch.models.request.automatic import MailFacts
from dispatch.text.normalise import encodable, one_line

_MOST_CHARS: Final = 4_000
_LONGEST_DATE: Final = 200
_MOST_VALUES: Final = 10
_DEPTH: Final = 3
_RETURNED: Final = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"})
_UNREADABLE: Final = (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError)

T = TypeVar("T")


def facts_of(message: EmailMessage, sender: str) -> MailFacts:
    """Read the signs of automatic mail; `sender` is the requester's address, empty if none is readable."""
    headers: dict[str, tuple[str, ...]] = {}
    for field, value in message.raw_items():
        name = field.lower()
        if name in READ_HEADERS and len(headers.get(name, ())) < _MOST_VALUES:
            headers[name] = (*headers.get(name, ()), _text(name, str(value)[:_MOST_CHARS]))
    kind = _tried(message.get_content_type, "text/plain")
    return MailFacts(
        headers=headers,
        sender=sender,
        content_type=kind,
        calendar_method=_calendar_method(message),
        returned_id=_returned_id(message) if kind == "multipart/report" else None,
        no_failure=kind == "multipart/report" and _reports_no_failure(message),
    )


def written_at(value: str) -> datetime | None:
    """Return the moment of a Date field in UTC, a time without a zone read as UTC; None where it cannot be read."""
    try:
        moment = parsedate_to_datetime(value[:_LONGEST_DATE])
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _text(name: str, value: str) -> str:
    """Return a value on one line; encoded words are decoded only in the subject."""
    plain = decoded_words(value)[0] if name == "subject" else value
    return one_line(encodable(plain))


def _calendar_method(message: EmailMessage) -> str:
    """Return the method of a calendar entry that is the mail itself, or one of the forms of its text."""
    part = message
    for _ in range(_DEPTH):
        kind = _tried(part.get_content_type, "")
        if kind == "text/calendar":
            is_file = _tried(part.get_content_disposition, None) == "attachment"
            return "" if is_file else _method(part)
        inner = _parts(part)
        if kind == "multipart/alternative":
            entries = [each for each in inner if _tried(each.get_content_type, "") == "text/calendar"]
            return _method(entries[0]) if entries else ""
        if kind not in {"multipart/mixed", "multipart/related"} or not inner:
            return ""
        part = inner[0]
    return ""


def _parts(part: EmailMessage) -> list[EmailMessage]:
    try:
        parts = list(part.iter_parts())
    except _UNREADABLE:
        return []
    return [each for each in parts if isinstance(each, EmailMessage)]


def _method(part: EmailMessage) -> str:
    try:
        value = part.get_param("method", "")
    except _UNREADABLE:
        return ""
    return one_line(value)[:40] if isinstance(value, str) else ""


def _reports_no_failure(message: EmailMessage) -> bool:
    """Check whether a report is of something other than a mail that failed: RFC 8098, or none of RFC 3464's actions is it."""
    if _tried(lambda: str(message.get_param("report-type", "")), "").lower() == "disposition-notification":
        return True
    actions = [
        str(value).strip().lower()
        for part in _parts(message)[:_MOST_VALUES]
        if _tried(part.get_content_type, "") == "message/delivery-status"
        for block in _parts(part)[:_MOST_VALUES]
        for name, value in block.raw_items()
        if name.lower() == "action"
    ]
    return bool(actions) and not any(action.startswith("failed") for action in actions)


def _returned_id(message: EmailMessage) -> str | None:
    """Return our Message-ID of the mail that a report returns, whole or only its header."""
    for part in _parts(message)[:_MOST_VALUES]:
        if _tried(part.get_content_type, "") not in _RETURNED:
            continue
        inner = _tried(lambda: part.get_payload(0), None)  # noqa: B023 (read at once)
        if isinstance(inner, EmailMessage):
            text = " ".join(str(value) for name, value in inner.raw_items() if name.lower() == "message-id")
        else:
            text = _tried(lambda: str(part.get_payload()), "")  # noqa: B023 (read at once)
        if found := own_ids(text[:100_000]):
            return found[0]
    return None


def _tried(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except _UNREADABLE:
        return otherwise
