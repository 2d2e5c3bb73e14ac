"""Sentence vectors from an OpenAI-compatible embeddings endpoint, such as a model server in one's own building.

`POST {url}/embeddings` with `{"model", "input", "encoding_format": "float"}`; the answer's `data` has an `index` and an
`embedding` for each input.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dispatch.classification.embedder import Vectors
from dispatch.models.errors import UnavailableError

_AT_ONCE: Final = 64
_TIMEOUT_SECONDS: Final = 10.0
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of an answer: 64 vectors of 8,192 numbers, written out in full."""
_PROBE: Final = "a text by which a model is known again"
_PROBE_DIGITS: Final = 2


class Endpoint(NamedTuple):
    """Where it is, up to and without `/embeddings`, which model is asked for, and the key where one is needed."""

    url: str
    model: str
    key: str = ""

    @property
    def digest(self) -> str:
        """Return what names it in the record; never the key."""
        return hashlib.sha256(f"{self.url} {self.model}".encode()).hexdigest()


class EndpointEmbedder:
    """The endpoint as an embedder; `digest` changes with the model behind it, told by the vector of a fixed text."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Ask once; raises UnavailableError."""
        import httpx  # noqa: PLC0415 (needed in the process that classifies alone)

        from dispatch.hosts.transport import guarded_sync_client  # noqa: PLC0415 (as httpx)

        self._endpoint = endpoint
        self._error = httpx.HTTPError
        # Texts of requesters go there, and the building is as far as they go.
        self._http = guarded_sync_client(
            allow=(),
            timeout=httpx.Timeout(_TIMEOUT_SECONDS),
            most_bytes=_MOST_BYTES,
            headers={"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {},
        )
        self._known: tuple[Vectors, ...] = ()
        self._known = (self.vectors([_PROBE]),)
        probe = np.round(self._known[0][0], _PROBE_DIGITS) + 0.0
        self.digest = hashlib.sha256(endpoint.digest.encode() + probe.tobytes()).hexdigest()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text. Raises UnavailableError where the endpoint does not give them."""
        rows = [self._batch(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
        if len({row.shape[1] for row in (*rows, *self._known)}) > 1:
            raise UnavailableError("the embeddings endpoint gives vectors of another length than before")
        found = np.concatenate(rows)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        if not lengths.all():
            raise UnavailableError("the embeddings endpoint gave a vector of zeros")
        return np.asarray(found / lengths, dtype=np.float32)

    def _batch(self, texts: Sequence[str]) -> Vectors:
        asked = {"model": self._endpoint.model, "input": list(texts), "encoding_format": "float"}
        try:
            answer = self._http.post(f"{self._endpoint.url}/embeddings", json=asked)
            answer.raise_for_status()
            given = sorted(answer.json()["data"], key=lambda one: one["index"])
            vectors = np.array([one["embedding"] for one in given], dtype=np.float32)
        except (self._error, ValueError, KeyError, TypeError) as error:
            raise UnavailableError(
                f"the embeddings endpoint gave no vectors ({type(error).__name__})"
            ) from None
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():  # noqa: PLR2004 (rows of numbers)
            raise UnavailableError("the embeddings endpoint gave other vectors than were asked for")
        return vectors
