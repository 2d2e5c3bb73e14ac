"""Texts as the model's word pieces; the numbers are those of BERT's uncased vocabulary."""

import pytest

from dispatch.classification.word_pieces import MOST, WordPieces

PIECES = WordPieces()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [101, 102]),
        ("Hello, world!", [101, 7592, 1010, 2088, 999, 102]),
        ("café", [101, 7668, 102]),
        ("embeddings", [101, 7861, 8270, 4667, 2015, 102]),
        ("a" * 101, [101, 100, 102]),
    ],
)
def test_known_texts(text: str, numbers: list[int]) -> None:
    """Lower case, no accents, marks alone, the longest pieces first; too long a word is unknown."""
    assert PIECES.encode(text) == numbers


def test_a_long_text_is_cut() -> None:
    """The model reads no more."""
    assert len(PIECES.encode("hello " * 1000)) == MOST


def test_rows_are_made_as_long_as_the_longest() -> None:
    """What is padded does not count."""
    rows, mask = PIECES.padded([[101, 7592, 102], [101, 102]])
    assert rows == [[101, 7592, 102], [101, 102, 0]]
    assert mask == [[1, 1, 1], [1, 1, 0]]
