"""Capitals of headings: a sentence's, a title's, all or none, or a pattern of the style's own."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from desks.marketing.copy.text import PLACEHOLDER
from desks.marketing.rules.patterns import Pattern

_SMALL_TEXT: Final = (
    "a an and as at but by en for from if in into nor of off on onto or out over per so than the to up v via vs "
    "with yet"
)
_SMALL: Final = frozenset(_SMALL_TEXT.split())
_STRIPPED: Final = "\"'\u201c\u201d\u2018\u2019()[]{}.,;:!?\u2026*_"
_TOKEN: Final = re.compile(r"\S+")

Check = Callable[[str], bool]


def check_of(match: str, exceptions: Collection[str], indicators: tuple[str, ...], threshold: float) -> Check:
    """Return the check of a heading; raises PatternError for a pattern of the style's own that does not hold."""
    known = frozenset(exceptions)
    named: Mapping[str, Check] = {
        "$sentence": lambda text: _is_sentence(text, known, indicators, threshold),
        "$title": lambda text: _is_title(text, known, threshold),
        "$lower": lambda text: text == text.lower(),
        "$upper": lambda text: text == text.upper(),
    }
    if match in named:
        return named[match]
    pattern = Pattern(match)
    return lambda text: next(iter(pattern.finditer(text)), None) is not None


def _words(text: str) -> list[str]:
    return [word for word in _TOKEN.findall(text) if any(char.isalpha() for char in word)]


def _bare(word: str) -> str:
    return word.strip(_STRIPPED)


def _is_sentence(
    text: str, exceptions: frozenset[str], indicators: tuple[str, ...], threshold: float
) -> bool:
    words = _words(_without(text, exceptions))
    good = 0
    for index, word in enumerate(words):
        begins = _bare(word).split("-")[0].split("'")[0].split("\u2019")[0]
        after_indicator = index > 0 and words[index - 1].endswith(indicators) if indicators else False
        is_first = index == 0
        if (
            not begins
            or PLACEHOLDER in word
            or begins == begins.upper()
            or _bare(word) in exceptions
            or after_indicator
        ):
            good += 1
        elif is_first:
            if begins != begins[:1].upper() + begins[1:].lower():
                return False
            good += 1
        else:
            good += begins == begins.lower()
    return not words or good / len(words) > threshold or good == len(words)


def _is_title(text: str, exceptions: frozenset[str], threshold: float) -> bool:
    words = _words(_without(text, exceptions))
    good = 0
    for index, word in enumerate(words):
        plain = _bare(word)
        if not plain or PLACEHOLDER in word or plain == plain.upper() or plain in exceptions:
            good += 1
        elif plain.lower() in _SMALL and 0 < index < len(words) - 1:
            good += plain == plain.lower() or plain[:1].isupper()
        else:
            good += plain[:1].isupper()
    return not words or good / len(words) > threshold or good == len(words)


def _without(text: str, exceptions: frozenset[str]) -> str:
    """Take out exceptions of several words, which are written as they are."""
    for phrase in exceptions:
        if " " in phrase:
            text = text.replace(phrase, PLACEHOLDER)
    return text
