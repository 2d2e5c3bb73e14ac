"""Normalises untrusted text, so that it is safe to read and to compare.

Every pattern here runs in time linear in the text: no nested repeats, every repeat bounded or anchored.
Hidden characters are those of Unicode's categories Cc, Cf and Cs (controls, zero-width and bidi formatting,
tags, lone surrogates) and the few letters and marks that print as nothing (Unicode TR 36, 'invisible characters').
"""

import re
import unicodedata
from collections import Counter
from itertools import filterfalse
from typing import Final, NamedTuple

MAX_TEXT_CHARS: Final = 100_000
_MAX_MARKS: Final = 8
_NOTED_KINDS: Final = 8

_BLANK: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0))
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACES: Final = re.compile(r"[^\S\n]+")
_AROUND_LINE_END: Final = re.compile(r" ?\n ?")
_BLANK_LINES: Final = re.compile(r"\n{3,}")

# Letters of other scripts that read as Latin ones (the common part of Unicode TR 39's confusables): an 'ignore' with
# a Cyrillic o must not pass for another word than the one that a person reads.
_LOOKALIKES: Final = str.maketrans(
    dict(
        zip(
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb",
            "aeopcyxijsdh",
            strict=True,
        )
    )
    | dict(zip("\u03bf\u03b1\u03bd\u03c1\u03b9\u03ba\u03c4\u03c5", "oavpiktu", strict=True))
)


class Clean(NamedTuple):
    """Normalised text; `notes` name the changes, one sentence each."""

    text: str
    notes: tuple[str, ...]


def normalise(raw: str) -> Clean:
    """Return the text in NFC with one kind of line end, single spaces and no hidden character.

    Text beyond 100,000 characters and accents stacked higher than 8 are cut, with a note; HTML entities stay.
    Normalising twice changes nothing.
    """
    notes: list[str] = []
    text = raw
    if len(text) > MAX_TEXT_CHARS:
        notes.append(f"cut after {MAX_TEXT_CHARS:,} of {len(text):,} characters")
        text = text[:MAX_TEXT_CHARS]
    text = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    if not (text.isascii() and text.replace("\n", " ").isprintable()):
        text = unicodedata.normalize("NFC", _visible(text, notes))
    text = _AROUND_LINE_END.sub("\n", _SPACES.sub(" ", text))
    return Clean(_BLANK_LINES.sub("\n\n", text).strip(), tuple(notes))


def _visible(text: str, notes: list[str]) -> str:
    if (
        text.replace("\n", " ").isprintable()
        and _BLANK.isdisjoint(text)
        and not any(map(unicodedata.combining, text))
    ):
        return text  # most texts, also with umlauts: nothing is hidden, and checking each letter is slow
    kept: list[str] = []
    hidden: Counter[str] = Counter()
    marks = stacked = 0
    for char in text:
        if char != "\n" and (char in _BLANK or unicodedata.category(char) in {"Cc", "Cf", "Cs"}):
            hidden[char] += 1
            continue
        # Normalising takes quadratic time over one letter under thousands of accents.
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > _MAX_MARKS:
            stacked += 1
            continue
        kept.append(char)
    if hidden:
        notes.append(_what_was_hidden(hidden))
    if stacked:
        notes.append(f"removed {stacked:,} stacked accents")
    return "".join(kept)


def _what_was_hidden(hidden: Counter[str]) -> str:
    kinds = [
        f"{count} x {unicodedata.name(char, 'control character')} (U+{ord(char):04X})"
        for char, count in sorted(hidden.items())
    ]
    more = len(kinds) - _NOTED_KINDS
    listed = ", ".join(kinds[:_NOTED_KINDS]) + (f" and {more} more kinds" if more > 0 else "")
    return f"removed {hidden.total():,} hidden characters: {listed}"


def fold(text: str) -> str:
    """Return the text for comparison: without case and accents, wide letters as plain ones."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    return "".join(filterfalse(unicodedata.combining, apart))


def as_read(text: str) -> str:
    """Return the folded text with lookalike letters replaced by the Latin ones."""
    return fold(text).translate(_LOOKALIKES)


def one_line(text: str) -> str:
    """Return normalised text on one line, as a header or an answer needs it."""
    return " ".join(normalise(text).text.split())


def encodable(text: str) -> str:
    """Return the text without lone surrogates, which no UTF-8 and so no history can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def says_something(text: str) -> bool:
    """Return whether a text is not empty after normalisation."""
    return bool(normalise(text).text)
