"""Parses answers of an IMAP server: a mail's size, time and bytes, a response code, the personal namespace."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from imap_tools.imap_utf7 import utf7_decode

from channels.mail.bounds import header_of
from channels.mail.encoded_words import decoded_words
from dispatch.text.file_name import safe_name

_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE: Final = re.compile(rb'\bINTERNALDATE "([^"]{1,60})"')
_CODE: Final = re.compile(r"\[([A-Z\-]+)[ \]]")
_PERSONAL: Final = re.compile(rb'^\(\("((?:[^"\\]|\\.)*)" (?:"(\\?.)"|NIL)', re.IGNORECASE)
_SUBJECT: Final = re.compile(
    rb"^subject[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_MOST_SUBJECT: Final = 2_000
_NAME_CHARS: Final = 60


class Arrived(NamedTuple):
    """One mail of a mailbox; `raw` is only its header if `size` is above the limit."""

    name: str
    raw: bytes
    size: int
    received_at: datetime | None


class Size(NamedTuple):
    """The data of a mail before it is fetched."""

    size: int
    received_at: datetime | None


def size_of(answer: Iterable[Any], uid: str) -> Size | None:
    """Read the answer to a FETCH of RFC822.SIZE and INTERNALDATE; None if the mail is gone."""
    for text, _ in _of(answer, uid):
        if size := _SIZE.search(text):
            return Size(int(size[1]), _moment(_DATE.search(text)))
    return None


def content_of(answer: Iterable[Any], uid: str) -> bytes | None:
    """Read the answer to a FETCH of a mail's bytes; None if the mail is gone."""
    return next((literal for _, literal in _of(answer, uid) if literal is not None), None)


def _of(answer: Iterable[Any], uid: str) -> Iterable[tuple[bytes, bytes | None]]:
    """Yield text and literal of each response about `uid`; a server may report other mails in between."""
    text, literal = b"", None
    for part in answer:
        if isinstance(part, tuple):
            text, literal = text + part[0], part[1]
            continue
        whole = text + b" " + (part or b"")
        if (found := _UID.search(whole)) and found[1].decode() == uid:
            yield whole, literal
        text, literal = b"", None


def _moment(found: re.Match[bytes] | None) -> datetime | None:
    try:
        return parsedate_to_datetime(found[1].decode().strip()).astimezone(UTC) if found else None
    except (ValueError, OverflowError):
        return None


def name_of(raw: bytes) -> str:
    """Return a mail's name for people: its subject as a file name; it does not depend on the folder."""
    found = _SUBJECT.search(header_of(raw))
    subject = found[1][:_MOST_SUBJECT].decode("utf-8", "surrogateescape") if found else ""
    plain = safe_name(decoded_words(subject.strip())[0].replace("/", "_").replace("\\", "_"), "")
    return f"{plain[:_NAME_CHARS].strip(' .') or 'without a subject'}.eml"


def code_of(data: Sequence[Any]) -> str:
    """Return the response code of a refusal (RFC 5530), such as AUTHENTICATIONFAILED; empty where it has none."""
    found = _CODE.search(words_of(data))
    return found[1] if found else ""


def features_of(data: Sequence[Any]) -> frozenset[str]:
    """Return a server's capabilities, from the answer to CAPABILITY."""
    return frozenset(
        word
        for one in data
        if isinstance(one, bytes)
        for word in one.decode("ascii", "replace").upper().split()
    )


def words_of(data: Sequence[Any]) -> str:
    """Return a server's message."""
    words = (one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in data if one)
    return " ".join(words)[:300] or "it gives no reason"


def personal_namespace(answer: Sequence[Any]) -> tuple[str, str]:
    """Return prefix and delimiter of a person's own folders, from the answer to NAMESPACE (RFC 2342)."""
    found = _PERSONAL.match(answer[0]) if answer and isinstance(answer[0], bytes) else None
    if found is None:
        return "", "/"
    prefix = utf7_decode(re.sub(rb"\\(.)", rb"\1", found[1]))
    return prefix, (found[2] or b"/")[-1:].decode("ascii", "replace")
