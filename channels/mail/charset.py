"""Decodes bytes with any claimed charset; a note says if another one was used."""

import codecs
from typing import Final

# Codecs that are no charset of mail: some run in quadratic time, some warn, some are no text at all.
_NO_CHARSETS: Final = frozenset(
    {
        "idna",
        "punycode",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "undefined",
        "mbcs",
        "oem",
        "utf-7",
    }
)


# Mails often name a small charset for text in a larger one that contains it (https://encoding.spec.whatwg.org).
_SUPERSETS: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_NO_LETTER: Final = "\ufffd"
_LAST_OF_ASCII: Final = 0x7F
_NOT_WRITTEN: Final = frozenset(b"\x81\x8d\x8f\x90\x9d\xfe\xff")
"""Bytes that nobody writes in Windows-1252: it lacks them, or they are marks of other encodings."""


def decode(data: bytes, claimed: str | None) -> tuple[str, str | None]:
    """Return the text, and a note where the claimed charset was unknown or did not fit.

    A charset is read as the larger one that browsers take it for. Where that does not fit: UTF-8, if all of it is; the
    claimed one with U+FFFD for each bad byte, if most letters fit; else Windows-1252, the same.
    """
    name = (claimed or "utf-8").strip().strip("\"'").lower()
    known = _is_charset(name)
    codec = _SUPERSETS.get(codecs.lookup(name).name, name) if known else name
    if known and (text := _strict(data, codec)) is not None:
        return text.removeprefix("\ufeff"), None
    problem = f"the charset {name[:40]!r} {'was not the one it claims' if known else 'is unknown'}"
    if (text := _strict(data, "utf-8-sig")) is not None:
        return text, f"{problem}: read as UTF-8"
    for tried in (codec, "utf-8") if known else ("utf-8",):
        text = data.decode(tried, "replace").removeprefix("\ufeff")
        bad = text.count(_NO_LETTER)
        if bad <= _letters(text) or (
            tried == "utf-8" and _NOT_WRITTEN.issuperset(byte for byte in data if byte > _LAST_OF_ASCII)
        ):
            return text, f"{bad:,} bytes are no letters in {tried!r} and were replaced with {_NO_LETTER}"
    return data.decode("cp1252", "replace"), f"{problem}: read as Windows-1252"


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _letters(text: str) -> int:
    """Count the readable letters beyond ASCII."""
    return sum(not char.isascii() and char != _NO_LETTER for char in text) if not text.isascii() else 0


def _is_charset(name: str) -> bool:
    try:
        if codecs.lookup(name).name in _NO_CHARSETS:
            return False
        b"a".decode(name)
    except UnicodeError:
        return True
    except (LookupError, ValueError):
        # Unknown, or a codec that does not decode bytes to text, such as rot13 and zip.
        return False
    return True
