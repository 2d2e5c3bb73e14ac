"""What runs in the process that classifies: it keeps each desk's classifier from the first call on.

Called by `dispatch.classification.classifiers` through `dispatch.isolation`, never in the worker's own process: what is
loaded here takes some 300 MB, and a text of a stranger's is read. The worker imports this module to name its functions,
so numpy and scipy are imported only where they are called.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatch.classification.language import language_of
from dispatch.models.request.classified import Classified
from dispatch.models.work.examples import Examples

if TYPE_CHECKING:
    from dispatch.classification.classifier import Classifier
    from dispatch.classification.embedder import LocalEmbedder


class Learning(NamedTuple):
    """What a classifier is made from."""

    examples: Examples
    model: Path | None
    cache: Path | None


_classifiers: Final[dict[str, "Classifier"]] = {}
_embedders: Final[dict[Path, "LocalEmbedder"]] = {}


def learn(key: str, learning: Learning) -> None:
    """Make a classifier and keep it under a key."""
    from dispatch.classification.classifier import Classifier  # noqa: PLC0415 (see above)
    from dispatch.classification.embedder import LocalEmbedder  # noqa: PLC0415 (see above)

    embedder = None
    if learning.model is not None:
        embedder = _embedders.get(learning.model) or LocalEmbedder(learning.model)
        _embedders[learning.model] = embedder
    _classifiers[key] = Classifier(learning.examples, embedder, learning.cache)


def classify(
    keys: Sequence[str], texts: Sequence[str], whole: str
) -> tuple[str, tuple[tuple[Classified, ...], ...]] | None:
    """Return the language of the whole, and the texts as each classifier reads them; None where one is not learned yet."""
    if any(key not in _classifiers for key in keys):
        return None
    return language_of(whole), tuple(_classifiers[key].classify(texts) for key in keys)
