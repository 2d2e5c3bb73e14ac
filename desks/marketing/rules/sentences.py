"""Sentences and words of prose, with their places."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from desks.marketing.copy.text import PLACEHOLDER, BlockKind, Copy

_END: Final = re.compile(r"(?<![.!?\u2026])[.!?\u2026]{1,5}[\"'\u201d\u2019\u201c)\]]{0,3}(?=\s|$)")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019\-][^\W_]+)*")
_ABBREVIATIONS_TEXT: Final = (
    "mr mrs ms dr prof st no nos nr e.g i.e etc approx ca vs tel inc ltd jr sr fig eq al z.b d.h u.a bzw usw ggf "
    "hr fr str inkl zzgl evtl max min jan feb mar apr jun jul aug sep sept oct nov dec"
)
_ABBREVIATIONS: Final = frozenset(_ABBREVIATIONS_TEXT.split())
_LONGEST_ABBREVIATION: Final = 12


class Sentence(NamedTuple):
    """A sentence at `text[start:end]` of the copy, in a block of this kind."""

    start: int
    end: int
    kind: BlockKind


class Word(NamedTuple):
    """A word at `start`."""

    text: str
    start: int


def sentences(copy: Copy, *kinds: BlockKind) -> Iterator[Sentence]:
    """Yield the sentences of the blocks of some kinds, of all if none is named."""
    for block in copy.blocks_of(*kinds):
        start = block.start
        for match in _END.finditer(copy.text, block.start, block.end):
            if _is_inside(copy.text, match, block.start):
                continue
            first = _first(copy.text, start, match.end())
            if first < match.end():
                yield Sentence(first, match.end(), block.kind)
            start = match.end()
        first = _first(copy.text, start, block.end)
        if first < block.end:
            yield Sentence(first, block.end, block.kind)


def _first(text: str, start: int, end: int) -> int:
    """Return where a sentence begins; `end` where only white space is left."""
    while start < end and text[start].isspace():
        start += 1
    return start


def _is_inside(text: str, match: re.Match[str], begin: int) -> bool:
    """Return whether a stop belongs to an abbreviation or a number, or a small letter goes on behind it."""
    if match[0] != ".":
        return False
    near = text[max(begin, match.start() - _LONGEST_ABBREVIATION) : match.start()]
    before = re.split(r"[\s(\"']", near)[-1].lower()
    following = text[match.end() : match.end() + 3].lstrip()[:1]
    if before in _ABBREVIATIONS or (len(before) == 1 and before.isalpha() and before != "i"):
        return True
    return before.isdigit() and following.islower()


def words(text: str, offset: int = 0) -> Iterator[Word]:
    """Yield the words of a text; what is no prose is none."""
    for match in _WORD.finditer(text):
        yield Word(match[0], match.start() + offset)


def has_prose(text: str) -> bool:
    """Return whether a text says anything beside placeholders."""
    return any(char.isalpha() and char != PLACEHOLDER for char in text)
