"""Determines a mail's sender from the raw header fields, before a library has parsed them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

import idna
from pydantic import TypeAdapter, ValidationError

from channels.mail.bounds import MAX_STRUCTURED_BYTES
from channels.mail.encoded_words import decoded_words
from channels.mail.header.from_field import (
    MOST_READ,
    FromField,
    read_from,
    read_mailbox,
    shows_another_address,
)
from dispatch.models.errors import SubmissionError
from dispatch.models.request.requester import MailAddress, SenderDoubt
from dispatch.text.normalise import encodable, one_line

_MAX_NAME: Final = 200
_MOST_HEADER_BYTES: Final = 256 * 1024
_CUT_FROM: Final = MAX_STRUCTURED_BYTES - len("From:\r\n")
_ADDRESS: Final[TypeAdapter[str]] = TypeAdapter(MailAddress)
_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n|\r\r")
_FROM_LINE: Final = re.compile(rb"from[ \t\x00]*:", re.IGNORECASE)
_CERTAIN_FROM: Final = re.compile(rb"from:", re.IGNORECASE)
_LINE_ENDS: Final = re.compile(rb"[\r\n\x0b\x0c]+")
_LF_ENDS: Final = re.compile(rb"\r?\n")


@dataclass(frozen=True)
class MailSender:
    """The requester that a mail names; with a doubt, `note` says which address was taken."""

    address: str
    name: str = ""
    doubt: SenderDoubt | None = None
    note: str = ""


def sender_of(file: str, raw: bytes, message: EmailMessage) -> MailSender:
    """Return the sender of a mail; `file` is for the message.

    The address in From where every reader finds the same one. Where they may differ, that of Sender or of Reply-To,
    else what From might mean, with a doubt. Raises SubmissionError where there is no From or no usable address.
    """
    values = fields_of(message, "From")
    if not values and not _raw_from_fields(raw)[0]:
        raise SubmissionError(
            f"{file} is no mail: it has no From header; save the whole mail, with its headers"
        )
    read = _from(raw, values)
    name = _decoded(read.name)
    if read.doubt is None and (address := usable(read.address)):
        if not (shows_another_address(name, read.address) and shows_another_address(name, address)):
            return MailSender(address, name)
        doubt = SenderDoubt.NAME_SHOWS_ANOTHER_ADDRESS
        return MailSender(address, name, doubt, f"{doubt.in_words}: {address} was taken")
    doubt = read.doubt or SenderDoubt.NO_ADDRESS
    for field, address in (
        ("Sender", only_address(message, "Sender")),
        ("Reply-To", only_address(message, "Reply-To")),
        ("From", next((found for a in read.candidates if (found := usable(a))), "")),
    ):
        if address:
            return MailSender(address, name, doubt, f"{doubt.in_words}: {address}, of {field}, was taken")
    shown = ascii(" ".join(values)[:80])
    raise SubmissionError(
        f"{file} has no usable address in From: {shown}; correct it, such as 'Jane Doe <jane@mail.example>'"
    )


def fields_of(message: EmailMessage, name: str) -> list[str]:
    """Return the values of a field as they stand in the mail; raw bytes are read as UTF-8."""
    wanted = name.lower()
    return [
        str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for field, value in message.raw_items()
        if field.lower() == wanted
    ]


def _from(raw: bytes, values: Sequence[str]) -> FromField:
    """Read From; a field that only some readers see as one ('From :', behind a lone carriage return) is a doubt."""
    seen, certain = _raw_from_fields(raw)
    if any(len(value) >= _CUT_FROM for value in values):
        # The text behind the cut is unknown, so the address may be another one.
        return FromField(doubt=SenderDoubt.READ_DIFFERENTLY)
    if len(values) > 1 or len(seen) == certain == len(values):
        return read_from(values)
    read = read_from(values) if values else FromField()
    each = (read, *(read_mailbox(value) for value in seen))
    doubt = SenderDoubt.SEVERAL_FROM_FIELDS if len(seen) > 1 else SenderDoubt.READ_DIFFERENTLY
    candidates = dict.fromkeys(a for one in each for a in (one.address, *one.candidates) if a)
    return FromField(name=read.name, doubt=doubt, candidates=tuple(candidates))


def _raw_from_fields(raw: bytes) -> tuple[list[str], int]:
    """Return the fields that some reader takes for From, and how many of them every reader takes for From."""
    head = raw[:_MOST_HEADER_BYTES]
    end = _END_OF_HEADERS.search(head)
    block = head[: end.start()] if end else head
    # White space before the first field: some readers skip it, for others the field does not exist.
    lines = _LINE_ENDS.split(block.lstrip(b" \t"))
    seen = [line[match.end() :] for line in lines if (match := _FROM_LINE.match(line))]
    certain = _LF_ENDS.split(block) if b"\n" in block else lines
    return [value.decode("utf-8", "replace") for value in seen], sum(
        _CERTAIN_FROM.match(line) is not None for line in certain
    )


def only_address(message: EmailMessage, name: str) -> str:
    """Return the one address of a field; empty where it has none, several, or one that may be read in different ways."""
    values = fields_of(message, name)
    read = read_mailbox(values[0]) if len(values) == 1 else FromField()
    return usable(read.address) if read.doubt is None else ""


def _decoded(name: str) -> str:
    """Decode the encoded words of a name (RFC 2047)."""
    return one_line(encodable(decoded_words(name[:MOST_READ])[0]))[:_MAX_NAME]


def usable(address: str) -> str:
    """Return an address as it is stored, empty where it is none: the domain in its ASCII form (RFC 5890), the rest as it is."""
    local, _, domain = unicodedata.normalize("NFC", address).rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
        # What stands before the @ may have letters beyond ASCII (RFC 6531); everything else of the form must hold.
        _ADDRESS.validate_python(f"{''.join(c if c.isascii() else 'x' for c in local)}@{ascii_domain}")
    except (ValidationError, UnicodeError):
        return ""
    return f"{local}@{ascii_domain}"
