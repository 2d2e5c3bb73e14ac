"""Decodes header text: encoded words (RFC 2047) are joined before they are decoded, raw bytes are read as text.

Programs that fold a header by its bytes split a letter between two encoded words; decoded one by one, both halves are lost.
"""

import base64
import binascii
import re
from typing import Final

from channels.mail.charset import decode

_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]{0,2000})\?=")
_FOLDING: Final = re.compile(r"\r?\n(?=[ \t])")
_Q: Final = re.compile(rb"=([0-9A-Fa-f]{2})")


def decoded_words(value: str) -> tuple[str, tuple[str, ...]]:
    """Return a field's value decoded, and notes on letters that could not be read; never raises.

    `value` is as it stands in the mail, its bytes beyond ASCII as lone surrogates.
    """
    pieces: list[str] = []
    notes: list[str] = []
    charset, waiting = "", bytearray()

    def end_word() -> None:
        if charset:
            _add(pieces, notes, bytes(waiting), charset)

    end = 0
    text = _FOLDING.sub("", value)
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        end = match.end()
        name = match[1].partition("*")[0].lower()
        # White space between two encoded words is none of the text (RFC 2047, section 6.2).
        if name != charset or between.strip(" \t"):
            end_word()
            charset, waiting = name, bytearray()
            _add_plain(pieces, notes, "" if pieces and not between.strip(" \t") else between)
        waiting += _bytes_of(match[2], match[3])
    end_word()
    _add_plain(pieces, notes, text[end:])
    return "".join(pieces), tuple(dict.fromkeys(notes))


def _add(pieces: list[str], notes: list[str], data: bytes, charset: str | None) -> None:
    text, note = decode(data, charset)
    pieces.append(text)
    if note:
        notes.append(note)


def _add_plain(pieces: list[str], notes: list[str], text: str) -> None:
    if text.isascii():
        pieces.append(text)
    else:
        _add(pieces, notes, text.encode("utf-8", "surrogateescape"), None)


def _bytes_of(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return _Q.sub(lambda match: bytes((int(match[1], 16),)), raw.replace(b"_", b" "))
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return raw
