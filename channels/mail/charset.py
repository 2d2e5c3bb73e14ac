"""Bytes as text whatever charset they claim: what is decoded otherwise than claimed is said in a note."""

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


def decode(data: bytes, claimed: str | None) -> tuple[str, str | None]:
    """Return the text, and a note where the claimed charset was unknown or did not fit.

    Tried in order: the claimed one, UTF-8, Windows-1252; the last with a mark for each byte that it lacks.
    """
    name = (claimed or "utf-8").strip().strip("\"'").lower()
    if _is_charset(name):
        try:
            text = data.decode(name)
        except (UnicodeError, LookupError):
            pass
        else:
            return text.removeprefix("\ufeff"), None
    problem = "was not the one it claims" if _is_charset(name) else "is unknown"
    try:
        return data.decode("utf-8-sig"), f"the charset {name[:40]!r} {problem}: read as UTF-8"
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        return text, f"the charset {name[:40]!r} {problem}: read as Windows-1252"


def _is_charset(name: str) -> bool:
    try:
        if codecs.lookup(name).name in _NO_CHARSETS:
            return False
        b"a".decode(name)
    except UnicodeError:
        return True
    except (LookupError, ValueError):
        # Unknown, or a codec that makes no text of bytes, such as rot13 and zip.
        return False
    return True
