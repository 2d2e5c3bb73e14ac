"""Unicode spoofing: text as a program reads it, so that invisible characters cannot hide a link or a number."""

import unicodedata
from functools import lru_cache
from typing import Final

# Mail programs and browsers read these as a full stop of a host name (UTS 46).
_FULL_STOPS: Final = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_TURNS_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


# Several rules read the same mail, which may be long.
@lru_cache(maxsize=8)
def undisguised(text: str) -> str:
    """Return the text with full-width and similar forms folded, invisible characters removed, digits as 0 to 9."""
    folded = unicodedata.normalize("NFKC", text.translate(_FULL_STOPS))
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded if unicodedata.category(c) != "Cf"
    )


def turns_direction(text: str) -> bool:
    """Return whether the text has characters that change its displayed order."""
    return not _TURNS_DIRECTION.isdisjoint(text)


def same_address(one: str, other: str) -> bool:
    """Compare two mail addresses; only the case of ASCII letters may differ.

    Unicode case folding would make 'ß' equal 'ss' and the Kelvin sign equal 'k': addresses of other people.
    """
    return _ascii_lower(one) == _ascii_lower(other)


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)
