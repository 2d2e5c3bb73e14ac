"""Texts for comparison: words and figures alone, each with its place."""

import re
import unicodedata
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"\d{1,3}(?:[.,\u2019'\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[%€$£¥\u00d7]"
)
_SAME: Final = {
    "percent": "%",
    "prozent": "%",
    "euro": "€",
    "euros": "€",
    "eur": "€",
    "dollar": "$",
    "dollars": "$",
    "usd": "$",
    "pounds": "£",
    "gbp": "£",
    "\u00d7": "x",
    "hrs": "hours",
    "hr": "hour",
    "mins": "minutes",
    "min": "minute",
}
_GROUPED: Final = re.compile(r"(?<=\d)[.,\u2019'\u00a0\u202f ](?=\d{3}(?!\d))")


class Token(NamedTuple):
    """A word or figure for comparison, at `start` to `end` of its text."""

    text: str
    start: int
    end: int


def tokens(text: str) -> tuple[Token, ...]:
    """Return the words and figures of a text without case, accents and punctuation; 1,000 and 1000 are the same."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        plain = _folded(match[0])
        if match[0][0].isdigit():
            plain = _GROUPED.sub("", match[0]).replace(",", ".")
        elif plain == "cent" and found and found[-1].text == "per":
            found[-1] = Token("%", found[-1].start, match.end())
            continue
        found.append(Token(_SAME.get(plain, plain), match.start(), match.end()))
    return tuple(found)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    return "".join(char for char in apart if not unicodedata.combining(char))


def found_in(needle: tuple[Token, ...], hay: tuple[Token, ...]) -> list[tuple[int, int]]:
    """Return each place of `hay`'s text at which all of `needle` stands, word by word."""
    if not needle:
        return []
    size, wanted = len(needle), [token.text for token in needle]
    first = wanted[0]
    return [
        (hay[at].start, hay[at + size - 1].end)
        for at in range(len(hay) - size + 1)
        if hay[at].text == first and [token.text for token in hay[at : at + size]] == wanted
    ]
