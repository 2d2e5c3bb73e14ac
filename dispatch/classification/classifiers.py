"""The classifiers of all desks, in one process of their own that is started with the first text."""

import asyncio
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from dispatch.classification import in_process
from dispatch.classification.embedder import DIGEST
from dispatch.classification.embeddings_endpoint import Endpoint
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.canonical import digest_of
from dispatch.models.request.classified import Understanding
from dispatch.models.work.examples import Examples

_SECONDS: Final = 90
"""Learning without a cache takes 5 to 15 s; one text some milliseconds."""
_MEGABYTES: Final = 3_000
"""Of address space; what is used is a tenth of it."""
_SHOWN_DIGITS: Final = 12
_NO_VECTORS: Final = "n-grams alone"


class Classifiers:
    """Reads texts with the classifiers of desks that have examples; each learns when it is first asked."""

    def __init__(
        self, examples: Mapping[str, Examples], embedder: Path | Endpoint | None, cache: Path | None
    ) -> None:
        """`embedder` is the file of a model or an endpoint, None for n-grams alone; `cache` a folder for what was learned, or None."""
        self._learning = {
            desk: in_process.Learning(one, embedder, cache) for desk, one in sorted(examples.items())
        }
        digest = embedder.digest if isinstance(embedder, Endpoint) else DIGEST
        self._embedder = f"embedder {digest[:_SHOWN_DIGITS]}" if embedder is not None else _NO_VECTORS
        self._made_of = {desk: f"examples {digest_of(one)[:_SHOWN_DIGITS]}" for desk, one in examples.items()}
        # Learning and classifying are one turn: a process that ends between them has forgotten everything.
        self._lock = threading.Lock()
        self._process = TextProcesses(
            _SECONDS, _MEGABYTES, processes=1, readers=("dispatch.classification.in_process",)
        )

    async def start(self) -> None:
        """Start the process and let every classifier learn, so that the first request need not wait for it."""
        await self.understand(list(self._learning), ["a first text"], "")

    def end_process(self) -> None:
        """End the process; the next text starts it again."""
        self._process.end_idle()

    def close(self) -> None:
        """End the process for good."""
        self._process.close()

    async def understand(self, desks: Iterable[str], texts: Sequence[str], whole: str) -> Understanding:
        """Return what the texts may be for each of the desks that has examples, and the language of the whole.

        Raises UnreadableTextError where the process ended over it.
        """
        return await asyncio.to_thread(self._understand, desks, texts, whole)

    def _understand(self, desks: Iterable[str], texts: Sequence[str], whole: str) -> Understanding:
        asked = [desk for desk in desks if desk in self._learning]
        with self._lock:
            read = self._process.call(in_process.classify, asked, texts, whole)
            if read is None:
                for desk in asked:
                    self._process.call(in_process.learn, desk, self._learning[desk])
                read = self._process.call(in_process.classify, asked, texts, whole)
        if read is None:
            raise RuntimeError("a classifier was lost between two calls")
        embedder = self._embedder
        if not read.with_vectors and embedder != _NO_VECTORS:
            embedder = f"{_NO_VECTORS}: the embedder did not answer"
        return Understanding(
            language=read.language,
            by_desk=dict(zip(asked, read.classified, strict=True)),
            made_by={desk: f"{self._made_of[desk]}, {embedder}" for desk in asked},
        )


_shared: Final[dict[str, Classifiers]] = {}
_one_at_a_time: Final = threading.Lock()


def shared_classifiers(
    examples: Mapping[str, Examples], embedder: Path | Endpoint | None, cache: Path | None
) -> Classifiers:
    """Return the one of this process for the same examples and embedder: two workers need no two processes of 240 MB."""
    digests = [f"{desk} {digest_of(one)}" for desk, one in sorted(examples.items())]
    key = " ".join((*digests, str(embedder), str(cache)))
    with _one_at_a_time:
        if key not in _shared:
            _shared[key] = Classifiers(examples, embedder, cache)
        return _shared[key]
