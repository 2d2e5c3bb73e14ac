"""Limits a mail's bytes before they are parsed.

The parser of the standard library takes quadratic time and gigabytes for one long header field, and seconds for
thousands of parts or hundreds of levels. A note names what was cut; the source file still has it.
"""

import re
from email.policy import EmailPolicy
from typing import Any, Final, NamedTuple

from channels.mail.nesting import unwrapped

MAX_FIELD_BYTES: Final = 4_000
MAX_STRUCTURED_BYTES: Final = 1_100
_STRUCTURED: Final = frozenset({"from", "message-id", "in-reply-to"})
_BUDGET: Final = 40_000
_BEYOND_BUDGET: Final = 200
MAX_HEADER_BYTES: Final = 256_000
MAX_FIELDS: Final = 300
MAX_PARTS: Final = 300
MAX_CONTAINERS: Final = 40
_NOT_OPENED: Final = "were not opened; all are in the source file"
_MAX_BOUNDARIES: Final = 1_000

_FIELD: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)(?:[ \t][^\r\n]*(?:\r\n|\r|\n|\Z))*+")
# Old programs write 'Subject :' (RFC 5322, section 4.5). From stays as it is: not every reader sees such a one.
_BLANK_BEFORE_COLON: Final = re.compile(rb"\A(?!from[ \t])([!-9;-~]{1,60})[ \t]{1,20}:", re.IGNORECASE)
_BLANK_LINE: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)")
_CONTAINER: Final = re.compile(
    rb"^(content-type[ \t]*:(?:[ \t]|\r?\n[ \t]){0,20}+)(multipart|message)/", re.IGNORECASE | re.MULTILINE
)
_BOUNDARY: Final = re.compile(
    rb"boundary(?:\*\d*\*?)?[ \t]{0,20}=[ \t]{0,20}\"?([^\"\r\n;]{1,200})", re.IGNORECASE
)
_DELIMITER: Final = re.compile(rb"^--([^\r\n]{1,202})", re.MULTILINE)


class Bounded(NamedTuple):
    """A mail that can be parsed in linear time; `notes` name what was cut, one sentence each."""

    raw: bytes
    notes: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Return whether every part that holds parts was opened."""
        return not any(note.endswith(_NOT_OPENED) for note in self.notes)


def bounded(raw: bytes) -> Bounded:
    """Return the mail with at most 300 header fields of 4,000 bytes (1,100 where they have a structure), 300 parts, and 40 parts that hold parts.

    From fields are all kept, so that a second one is not overlooked.
    """
    notes: list[str] = []
    end = _BLANK_LINE.search(raw)
    header, body = (raw[: end.start()], raw[end.start() :]) if end else (raw, b"")
    # What ends the last field stands in the body.
    header = _bounded_header(header, notes).rstrip(b"\r\n")
    header, body, off = unwrapped(header, body, _BOUNDARY, MAX_CONTAINERS)
    if off:
        notes.append(
            f"{off:,} parts that each hold another were taken off; what stands beside them is in the source file"
        )
    return Bounded(_bounded_parts(header + body, notes), tuple(notes))


def header_of(raw: bytes) -> bytes:
    """Return only the header, without the fields about parts: enough for sender and subject."""
    end = _BLANK_LINE.search(raw, 0, MAX_HEADER_BYTES)
    header = raw[: end.start() if end else MAX_HEADER_BYTES]
    fields = (match[0] for match in _FIELD.finditer(header))
    return b"".join(field for field in fields if not field[:8].lower().startswith(b"content-")) + b"\r\n\r\n"


class BoundedPolicy(EmailPolicy):
    """The default policy, with each field cut before it is decoded, in parts as well, and decoded once.

    The default one decodes a field again at each access. Do not share it between mails.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # The base class lets no attribute be set.
        object.__setattr__(self, "_decoded", {})

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return the decoded field; those beyond a budget for the whole mail are cut after 200 characters."""
        decoded: dict[tuple[str, str], Any] = self.__dict__["_decoded"]
        if (name, value) not in decoded:
            spent = sum(min(len(text), MAX_STRUCTURED_BYTES) for _, text in decoded)
            most = _most(name) if spent <= _BUDGET else _BEYOND_BUDGET
            decoded[name, value] = super().header_fetch_parse(name, value[:most])
        return decoded[name, value]


def _most(name: str) -> int:
    structured = name.lower() in _STRUCTURED or name.lower().startswith("content-")
    return MAX_STRUCTURED_BYTES if structured else MAX_FIELD_BYTES


def _bounded_header(header: bytes, notes: list[str]) -> bytes:
    if len(header) > MAX_HEADER_BYTES:
        notes.append(f"the header was cut after {MAX_HEADER_BYTES:,} of {len(header):,} bytes")
        header = header[:MAX_HEADER_BYTES]
    kept: list[bytes] = []
    left_out = 0
    for match in _FIELD.finditer(header):
        field = match[0]
        if len(kept) >= MAX_FIELDS and not field[:5].lower().startswith(b"from"):
            left_out += bool(field)
            continue
        name = ascii(field[:60].partition(b":")[0].decode("ascii", "replace").strip())[1:-1]
        if len(field) > (most := _most(name)):
            notes.append(f"the field {name} was cut after {most:,} of {len(field):,} bytes")
            ending = b"\r\n" if field.endswith(b"\r\n") else b"\n"
            field = field[:most].rstrip(b"\r\n") + ending
        kept.append(_BLANK_BEFORE_COLON.sub(rb"\1:", field, count=1))
    if left_out:
        notes.append(f"{left_out:,} header fields beyond {MAX_FIELDS} were left out")
    return b"".join(kept)


def _bounded_parts(raw: bytes, notes: list[str]) -> bytes:
    opened = 0

    def container(match: re.Match[bytes]) -> bytes:
        nonlocal opened
        opened += 1
        # A further level is not read: it becomes an attached file.
        return match[0] if opened <= MAX_CONTAINERS else match[1] + b"application/x-"

    raw = _CONTAINER.sub(container, raw)
    if opened > MAX_CONTAINERS:
        notes.append(f"{opened - MAX_CONTAINERS:,} of {opened:,} parts that hold parts {_NOT_OPENED}")
    known = set[bytes]()
    for match in _BOUNDARY.finditer(raw):
        known.add(match[1].rstrip())
        if len(known) >= _MAX_BOUNDARIES:
            break
    parts = 0
    for match in _DELIMITER.finditer(raw):
        line = match[1].rstrip()
        if line not in known and line.removesuffix(b"--") not in known:
            continue
        parts += 1
        if parts > MAX_PARTS:
            notes.append(f"the mail was cut after {MAX_PARTS} parts; all of it is in the source file")
            return raw[: match.start()]
    return raw
