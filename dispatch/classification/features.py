"""Texts as weighted n-grams of words and of letters; scikit-learn's TF-IDF, which it learns and this computes.

To import scikit-learn takes more than a second, so it is left to the learning; what it learned, terms and their weights,
is kept as arrays. The n-grams are cut here for both, so that they agree.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_WORD: Final = re.compile(r"\b\w\w+\b")
_LETTERS: Final = (3, 4, 5)
_SEPARATOR: Final = "\n"
"""Between the terms that are kept in one array; no term holds it."""

Row = tuple[NDArray[np.int64], NDArray[np.float64]]
"""The columns of one text that are not 0, and their values."""


def words_of(text: str) -> list[str]:
    """Return the words of two letters and more, and each two that follow each other."""
    words = _WORD.findall(_plain(text))
    return [*words, *(" ".join(pair) for pair in pairwise(words))]


def grams_of(text: str) -> list[str]:
    """Return 3 to 5 letters each within the words, which begin and end with a space; a shorter word counts once."""
    found = list[str]()
    for word in _plain(text).split():
        spaced = f" {word} "
        for length in _LETTERS:
            found += [spaced[start : start + length] for start in range(max(1, len(spaced) - length + 1))]
            if len(spaced) <= length:
                break
    return found


def _plain(text: str) -> str:
    """Return lower case without accents, as scikit-learn's own `strip_accents="unicode"`."""
    lower = text.lower()
    if lower.isascii():
        return lower
    return "".join(char for char in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(char))


class Features:
    """The n-grams of one kind that were learned, each with its weight (the inverse document frequency)."""

    def __init__(self, cut: Callable[[str], list[str]], terms: NDArray[np.uint8], weights: Any) -> None:
        names = terms.tobytes().decode().split(_SEPARATOR)
        self._cut, self._weights = cut, weights
        self._columns = {name: column for column, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._columns)

    def row(self, text: str) -> Row:
        """Return a text's row of length 1: the logarithm of each n-gram's number, times its weight."""
        counted = Counter(self._columns[term] for term in self._cut(text) if term in self._columns)
        columns = np.array(sorted(counted), dtype=np.int64)
        numbers = np.array([counted[column] for column in columns.tolist()], dtype=np.float64)
        values = (np.log(numbers) + 1) * self._weights[columns]
        return columns, values / (np.linalg.norm(values) or 1.0)


def learned_features(
    cut: Callable[[str], list[str]], texts: Sequence[str], fewest: int
) -> tuple[Any, NDArray[np.uint8], Any]:
    """Return the matrix of the texts, the terms that at least `fewest` of them have, and the terms' weights."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 (see above)

    vectorizer = TfidfVectorizer(analyzer=cut, min_df=fewest, sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    terms = _SEPARATOR.join(vectorizer.get_feature_names_out()).encode()
    return matrix, np.frombuffer(terms, dtype=np.uint8), vectorizer.idf_
