"""The n-grams of texts, against the library that they are learned with."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.classification.features import Features, grams_of, learned_features, words_of

WORDS = {"ngram_range": (1, 2), "strip_accents": "unicode"}
GRAMS = {"analyzer": "char_wb", "ngram_range": (3, 5), "strip_accents": "unicode"}
TEXTS = (
    "Two oars and a life-vest, size M",
    "is the Café by the jetty open? I'm there at 9",
    "Größe 42 für das Ölzeug",
    "a life vest for the café",
    "the oars are 2 m long",
    "open at 9",
)


def sklearns(**options: object) -> Any:
    """Return scikit-learn's own; imported here, for it would take every process of the suite a second to collect."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    return TfidfVectorizer(**options)


@given(st.text(max_size=40) | st.sampled_from(TEXTS))
def test_a_text_is_cut_as_by_scikit_learn(text: str) -> None:
    """Whatever is written has the n-grams that scikit-learn's own analyzers find."""
    assert words_of(text) == list(sklearns(**WORDS).build_analyzer()(text))
    assert grams_of(text) == list(sklearns(**GRAMS).build_analyzer()(text))


@pytest.mark.parametrize(("cut", "options", "fewest"), [(words_of, WORDS, 1), (grams_of, GRAMS, 2)])
def test_a_row_is_the_one_that_was_learned(cut: object, options: dict[str, object], fewest: int) -> None:
    """The kept terms and weights give every text the row that scikit-learn gives it, and nothing to a text of none."""
    matrix, terms, weights = learned_features(cut, TEXTS, fewest)  # type: ignore[arg-type]  # one of two functions
    theirs = sklearns(**options, min_df=fewest, sublinear_tf=True).fit_transform(TEXTS).toarray()
    features = Features(cut, terms, weights)  # type: ignore[arg-type]  # as above
    for text, row, learned in zip(TEXTS, theirs, matrix.toarray(), strict=True):
        columns, values = features.row(text)
        ours = np.zeros(len(features))
        ours[columns] = values
        assert np.allclose(ours, row)
        assert np.allclose(learned, row)
    assert not len(features.row("!?")[0])
