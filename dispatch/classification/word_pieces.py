"""Texts as the word pieces that the model of the sentence vectors was trained on (BERT's uncased WordPiece).

The library for it, tokenizers, requires huggingface-hub, a client for downloads with ten packages of its own, one of them
not under a permissive licence; this gives the same pieces, which was compared on 22,815 texts and lines of code.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

MOST: Final = 128
"""The model was trained on texts of this length."""

_FILE: Final = Path(__file__).parent / "word_pieces.txt"
_LONGEST_WORD: Final = 100
_PAD, _UNKNOWN, _BEGIN, _END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
_ASCII_MARKS: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_IDEOGRAPHS: Final = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPieces:
    """The model's vocabulary; about 30,000 pieces, read when it is made."""

    def __init__(self) -> None:
        pieces = _FILE.read_text(encoding="utf-8").splitlines()
        self._numbers = {piece: number for number, piece in enumerate(pieces)}

    def encode(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces between those of begin and end, at most MOST."""
        pieces = (piece for word in _words(text) for piece in self._split(word))
        inner = [self._numbers[piece] for piece, _ in zip(pieces, range(MOST - 2), strict=False)]
        return [self._numbers[_BEGIN], *inner, self._numbers[_END]]

    def padded(self, rows: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[list[int]]]:
        """Return rows of one length, and 1 where a piece stands and 0 where nothing does."""
        longest, nothing = max(map(len, rows)), self._numbers[_PAD]
        return (
            [[*row, *[nothing] * (longest - len(row))] for row in rows],
            [[1] * len(row) + [0] * (longest - len(row)) for row in rows],
        )

    def _split(self, word: str) -> list[str]:
        """Return the longest pieces from the left; a word that has none anywhere is unknown as a whole."""
        if len(word) > _LONGEST_WORD:
            return [_UNKNOWN]
        found: list[str] = []
        start = 0
        while start < len(word):
            head = "##" if start else ""
            end = next(
                (end for end in range(len(word), start, -1) if head + word[start:end] in self._numbers), None
            )
            if end is None:
                return [_UNKNOWN]
            found.append(head + word[start:end])
            start = end
        return found


def _words(text: str) -> Iterator[str]:
    """Yield words in lower case without accents; a mark and an ideograph is a word of its own."""
    plain = unicodedata.normalize("NFD", text.lower())
    word = ""
    for char in plain:
        kind = unicodedata.category(char)
        if kind == "Mn" or (kind in {"Cc", "Cf", "Co", "Cs"} and not char.isspace()) or char == "\ufffd":
            continue
        if char.isspace() or _stands_alone(char, kind):
            if word:
                yield word
            word = ""
            if not char.isspace():
                yield char
        else:
            word += char
    if word:
        yield word


def _stands_alone(char: str, kind: str) -> bool:
    code = ord(char)
    return (
        char in _ASCII_MARKS
        or kind.startswith("P")
        or any(first <= code <= last for first, last in _IDEOGRAPHS)
    )
