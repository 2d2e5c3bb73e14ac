"""Removes levels of parts that hold one part each, hundreds deep, before the mail is parsed."""

import re
from typing import Final

_LEVEL: Final = re.compile(rb"\s{0,20}--([^\r\n]{1,202})\r?\n")
_FIELDS: Final = re.compile(rb"(?:[^\r\n]{1,998}+\r?\n){0,20}+\r?\n")
_MULTIPART: Final = re.compile(rb"^content-type[ \t]{0,5}:\s{0,20}multipart/", re.IGNORECASE | re.MULTILINE)
_MOST_LEVELS: Final = 10_000


def unwrapped(header: bytes, body: bytes, boundary: re.Pattern[bytes], most: int) -> tuple[bytes, bytes, int]:
    """Return header and body without the first levels if more than `most` levels follow each other directly.

    The third value is the number of removed levels; text beside them is then not read.
    """
    content, levels = header, [(header, 0)]
    position = 0
    while len(levels) <= _MOST_LEVELS and _MULTIPART.search(content) and (named := boundary.search(content)):
        delimiter = _LEVEL.match(body, position)
        fields = _FIELDS.match(body, delimiter.end()) if delimiter else None
        if delimiter is None or fields is None or delimiter[1].rstrip() != named[1].rstrip():
            break
        content, position = fields[0], fields.end()
        levels.append((content, position))
    levels = [(fields, start) for fields, start in levels if _MULTIPART.search(fields)]
    off = len(levels) - 1
    if off < most:
        return header, body, 0
    inner, start = levels[-1]
    kept = b"".join(field for field in _fields_of(header) if not field[:8].lower().startswith(b"content-"))
    return kept + inner.strip(b"\r\n"), b"\r\n\r\n" + body[start:], off


_FIELD: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)(?:[ \t][^\r\n]*(?:\r\n|\r|\n|\Z))*+")


def _fields_of(header: bytes) -> list[bytes]:
    whole = header.rstrip(b"\r\n") + b"\r\n"
    return [match[0] for match in _FIELD.finditer(whole) if match[0]]
