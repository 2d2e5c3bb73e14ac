"""What runs in the process that classifies: it keeps each desk's classifier from the first call on.

Called by `dispatch.classification.classifiers` through `dispatch.isolation`, never in the worker's own process: what is
loaded here takes some 240 MB, and a text of a stranger's is read. The worker imports this module to name its functions,
so numpy and scipy are imported only where they are called.
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatch.classification.language import language_of
from dispatch.models.errors import UnavailableError
from dispatch.models.request.classified import Classified
from dispatch.models.work.examples import Examples

if TYPE_CHECKING:
    from dispatch.classification.classifier import Classifier
    from dispatch.classification.embedder import Embedder
    from dispatch.classification.embeddings_endpoint import Endpoint


class Learning(NamedTuple):
    """What a classifier is made from."""

    examples: Examples
    embedder: "Path | Endpoint | None"
    cache: Path | None


_classifiers: Final[dict[str, "Classifier"]] = {}
_embedders: Final[dict["Path | Endpoint", "Embedder"]] = {}
_incomplete: Final[dict[str, int]] = {}
"""Classifiers whose embedder did not answer when they learned -> how many more requests they read without it."""
_READ_WITHOUT: Final = 5


class Read(NamedTuple):
    """What was read: by each classifier in its order; `with_vectors` is False where the embedder did not answer."""

    language: str
    classified: tuple[tuple[Classified, ...], ...]
    with_vectors: bool


def learn(key: str, learning: Learning) -> None:
    """Make a classifier and keep it under a key; of n-grams alone, for a while, where its embedder does not answer."""
    from dispatch.classification.classifier import Classifier  # noqa: PLC0415 (see above)

    _incomplete.pop(key, None)
    try:
        _classifiers[key] = Classifier(learning.examples, _embedder_of(learning.embedder), learning.cache)
    except UnavailableError:
        _classifiers[key] = Classifier(learning.examples, None, learning.cache)
        _incomplete[key] = _READ_WITHOUT
    # Its model is read with the first text, and what that frees is to go back as well.
    language_of("a first text")
    _give_back_memory()


def classify(keys: Sequence[str], texts: Sequence[str], whole: str) -> Read | None:
    """Return what the classifiers read in the texts; None where one has not learned yet, or is to learn again."""
    if any(key not in _classifiers or _incomplete.get(key) == 0 for key in keys):
        return None
    from dispatch.classification.classifier import classify_by_each  # noqa: PLC0415 (see above)

    with_vectors = not any(key in _incomplete for key in keys)
    _incomplete.update({key: _incomplete[key] - 1 for key in keys if key in _incomplete})
    classifiers = [_classifiers[key] for key in keys]
    try:
        classified = classify_by_each(classifiers, texts)
    except UnavailableError:
        with_vectors = False
        classified = classify_by_each(classifiers, texts, with_vectors=False)
    return Read(language_of(whole), classified, with_vectors)


def _give_back_memory() -> None:
    """Let glibc give back what it keeps of what was freed: 77 MB after a model was loaded. Other libraries have no such call."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def _embedder_of(where: "Path | Endpoint | None") -> "Embedder | None":
    from dispatch.classification.embedder import LocalEmbedder  # noqa: PLC0415 (see above)
    from dispatch.classification.embeddings_endpoint import EndpointEmbedder  # noqa: PLC0415 (see above)

    if where is not None and where not in _embedders:
        _embedders[where] = LocalEmbedder(where) if isinstance(where, Path) else EndpointEmbedder(where)
    return _embedders[where] if where is not None else None
