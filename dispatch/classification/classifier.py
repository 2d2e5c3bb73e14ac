"""A text classifier of one desk: what each text may be, and whether it is the desk's business at all.

Two models of scikit-learn see differently: logistic regression on n-grams sees words and spellings; on sentence vectors,
through a Gaussian kernel, meaning. The mean of their probabilities errs less surely than either: where they disagree no
label gets far, and a person decides. A support vector machine on the vectors tells what nobody would ask of this desk.
All are deterministic.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.classification.embedder import Embedder, Vectors
from dispatch.classification.features import Features, grams_of, learned_features, words_of
from dispatch.classification.kept_arrays import Arrays, keep, kept
from dispatch.models.canonical import digest_of
from dispatch.models.request.classified import Candidate, Classified
from dispatch.models.request.item import OTHER
from dispatch.models.work.examples import NONE, Examples
from dispatch.text.masking import masked

CANDIDATES: Final = 3
NEAREST: Final = 2
_FORM: Final = "5"
"""Changes with what is computed below, so that nothing kept by an older version is read."""
_FEWEST_WITH_WORD, _FEWEST_WITH_GRAM = 1, 2
_WORD_STRENGTH: Final = 10.0
_MEANING_STRENGTH: Final = 16.0
_LANDMARKS: Final = 400
_WIDTH: Final = 1.0
_SCOPE_STRENGTH: Final = 4.0
_SCOPE_WIDTH: Final = 2.0
_DIGITS: Final = 3

Scores = NDArray[np.float64]


class Classifier:
    """Learns from examples when it is made; `cache` keeps what was learned, by the digest of all that went into it."""

    def __init__(self, examples: Examples, embedder: Embedder | None, cache: Path | None = None) -> None:
        self.embedder = embedder
        self._texts, labels = zip(*dict(examples.labelled()).items(), strict=True)
        self._labels = sorted(set(labels))
        self._is_intent = np.array([label not in {OTHER, NONE} for label in self._labels])
        self._masked = [masked(text) for text in self._texts]
        name = hashlib.sha256(f"{_FORM} {digest_of(examples)} {self._embedder_digest}".encode()).hexdigest()
        learned = kept(cache, name)
        if learned is None:
            learned = self._learn(np.array(labels))
            keep(cache, name, learned)
        self._learned = learned
        self._words = Features(words_of, learned["words"], learned["word_rarity"])
        self._grams = Features(grams_of, learned["grams"], learned["gram_rarity"])

    @property
    def _embedder_digest(self) -> str:
        return self.embedder.digest if self.embedder is not None else ""

    def classify(self, texts: Sequence[str], *, with_vectors: bool = True) -> tuple[Classified, ...]:
        """Return what each text may be, by n-grams alone where there is no embedder or none is wanted; the scores have three digits, so that they are the same on any machine."""
        (read,) = classify_by_each([self], texts, with_vectors=with_vectors)
        return read

    def read(self, short: Sequence[str], vectors: Vectors | None) -> tuple[Classified, ...]:
        """Return the same of texts that are masked already, with their vectors, by n-grams alone without."""
        learned = self._learned
        linear = np.array([self._linear(text) for text in short]).reshape(
            len(short), len(learned["word_bias"])
        )
        scores = _softmax(linear)
        if vectors is None:
            return tuple(self._classified(row, self._intents_share(row), ()) for row in scores)
        kernel = _kernel(vectors, learned["landmarks"], _WIDTH) @ learned["normalization"].T
        scores = (scores + _softmax(kernel @ learned["weights"].T + learned["bias"])) / 2
        trade = _kernel(vectors, learned["borders"], _SCOPE_WIDTH) @ learned["border_weights"]
        is_trade = 1 / (1 + np.exp(-2 * (trade + learned["border_bias"])))
        nearest = np.argsort(-(vectors @ learned["vectors"].T), kind="stable")[:, :NEAREST]
        return tuple(
            self._classified(row, (self._intents_share(row) + trade_score) / 2, tuple(near))
            for row, trade_score, near in zip(scores, is_trade, nearest, strict=True)
        )

    def _intents_share(self, scores: Scores) -> float:
        return float(scores[self._is_intent].sum())

    def _classified(self, scores: Scores, in_scope: float, nearest: Sequence[int]) -> Classified:
        best = np.argsort(-scores, kind="stable")[:CANDIDATES]
        return Classified(
            candidates=tuple(
                Candidate(intent=self._labels[index], score=_rounded(scores[index])) for index in best
            ),
            in_scope=_rounded(min(1.0, in_scope)),
            nearest=tuple(self._texts[index] for index in nearest),
        )

    def _linear(self, text: str) -> Scores:
        """Return the score of each label by the n-grams alone."""
        columns, values = self._words.row(text)
        letters, counts = self._grams.row(text)
        weights = self._learned["word_weights"][:, np.concatenate((columns, letters + len(self._words)))]
        return np.asarray(weights @ np.concatenate((values, counts)) + self._learned["word_bias"])

    def _learn(self, labels: NDArray[np.str_]) -> Arrays:
        from scipy.sparse import hstack  # noqa: PLC0415 (is needed to learn alone)

        by_word, words, word_rarity = learned_features(words_of, self._masked, _FEWEST_WITH_WORD)
        by_gram, grams, gram_rarity = learned_features(grams_of, self._masked, _FEWEST_WITH_GRAM)
        weights, bias = _fitted(hstack([by_word, by_gram]).tocsr(), labels, _WORD_STRENGTH)
        learned = {"word_weights": weights, "word_bias": bias, "words": words, "grams": grams}
        learned |= {"word_rarity": word_rarity, "gram_rarity": gram_rarity}
        if self.embedder is not None:
            vectors = self.embedder.vectors(self._masked)
            learned |= {"vectors": vectors, **_meaning(vectors, labels), **_borders(vectors, labels != NONE)}
        return learned


def classify_by_each(
    classifiers: Sequence[Classifier], texts: Sequence[str], *, with_vectors: bool = True
) -> tuple[tuple[Classified, ...], ...]:
    """Return what each of several classifiers reads; those of one embedder share its vectors, the dearest part."""
    short = [masked(text) for text in texts]
    embedders = {one.embedder for one in classifiers} if with_vectors else set()
    vectors = {each: each.vectors(short) if each is not None else None for each in embedders}
    return tuple(one.read(short, vectors.get(one.embedder)) for one in classifiers)


def _meaning(vectors: Vectors, labels: NDArray[np.str_]) -> Arrays:
    from sklearn.kernel_approximation import Nystroem  # noqa: PLC0415 (takes a second to import)

    space = Nystroem(gamma=_WIDTH, n_components=min(_LANDMARKS, len(vectors)), random_state=0).fit(vectors)
    weights, bias = _fitted(space.transform(vectors), labels, _MEANING_STRENGTH)
    return {
        "landmarks": space.components_,
        "normalization": space.normalization_,
        "weights": weights,
        "bias": bias,
    }


def _borders(vectors: Vectors, is_trade: NDArray[np.bool_]) -> Arrays:
    from sklearn.svm import SVC  # noqa: PLC0415 (as above)

    machine = SVC(C=_SCOPE_STRENGTH, gamma=_SCOPE_WIDTH, class_weight="balanced").fit(vectors, is_trade)
    return {
        # As short as the vectors that it is multiplied with, which would all be made longer for each text otherwise.
        "borders": machine.support_vectors_.astype(np.float32),
        "border_weights": machine.dual_coef_[0],
        "border_bias": machine.intercept_,
    }


def _kernel(vectors: Vectors, others: Vectors, width: float) -> Scores:
    """Return the Gaussian kernel of vectors of length 1, whose squared distance is 2 - 2 cosines."""
    return np.asarray(np.exp(-width * (2 - 2 * (vectors @ others.T))), dtype=np.float64)


def _fitted(features: Any, labels: NDArray[np.str_], strength: float) -> tuple[Any, Any]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (as above)

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    model.fit(features, labels)
    return model.coef_, model.intercept_


def _softmax(linear: Scores) -> Scores:
    """Return the probabilities of the linear scores, as scikit-learn's own multinomial model does."""
    exponents = np.exp(linear - linear.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def _rounded(score: float) -> float:
    return round(float(score), _DIGITS)
