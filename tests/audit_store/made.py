"""Stores made of the recorded histories, as fast as files can be written, and ways to spoil them."""

import copy
import gzip
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from dispatch.audit.store.backends import FolderBackend
from dispatch.audit.store.document import Document, Run, entry_of, to_bytes
from dispatch.audit.store.export_keys import ExportKey, LocalCheckpoints, PinnedKey
from dispatch.audit.store.store import AuditStore
from dispatch.audit.store_models import FIRST_PREVIOUS, ManifestLine

HISTORIES: Final = Path(__file__).parents[1] / "replay" / "histories"
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


def documents(number: int = 0) -> list[Document]:
    """Return so many closed requests with ids of their own; 0 gives each recorded history once."""
    read = _recorded()
    if not number:
        return list(read)
    return [renamed(read[n % len(read)], f"request-{n:04d}") for n in range(number)]


def renamed(document: Document, request_id: str) -> Document:
    """Return the same history as another request's."""
    runs = tuple(Run(f"{request_id}-run-{n}", run.events) for n, run in enumerate(document.runs))
    return Document(request_id, document.workflow_type, runs)


def store_at(folder: Path, *, pin: bool = False) -> AuditStore:
    """Open the store of a machine whose home is `folder`; with `pin` as the composition root does it."""
    file = PinnedKey(folder / "export.pub") if pin else None
    key = ExportKey(folder / "export.key", file)
    place, checkpoints = FolderBackend(folder / "store"), LocalCheckpoints(folder / "heads.json")
    return AuditStore(place, key, checkpoints, pinned=None if file is None else file.read_or_pin(key))


def filled(folder: Path, number: int = 6) -> AuditStore:
    """Export so many requests, one after the other."""
    store = store_at(folder)
    for document in documents(number):
        store.append([document], NOW)
    return store


def line_of(document: Document) -> ManifestLine:
    """Return the line that a document would have as the first of a chain."""
    entry = entry_of(document, to_bytes(document))
    placed = {"seq": 1, "previous": FIRST_PREVIOUS, "exported_at": NOW}
    unsigned = {"key_id": "SHA256:" + "A" * 43, "signature": ""}
    return ManifestLine.model_validate(entry._asdict() | placed | unsigned)


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "store" / "manifest.jsonl").read_bytes().splitlines(keepends=True)


def write_lines(folder: Path, lines: list[bytes]) -> None:
    (folder / "store" / "manifest.jsonl").write_bytes(b"".join(lines))


def object_file(folder: Path, line: bytes) -> Path:
    """Return the file of a line's history, made writable."""
    digest = str(json.loads(line)["digest"])
    path = folder / "store" / "objects" / digest[:2] / digest
    path.chmod(0o644)
    return path


def changed(document: Document, change: dict[str, Any]) -> Document:
    """Return a copy whose first event carries something else."""
    runs = copy.deepcopy(document.runs)
    runs[0].events[0].update(change)
    return Document(document.request_id, document.workflow_type, runs)


@cache
def _recorded() -> list[Document]:
    """Read the recorded requests without Temporal's SDK, which takes long to import."""
    read = []
    for path in sorted(HISTORIES.glob("*/*.json*")):
        raw = path.read_bytes()
        read.append(_document(json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)))
    return [document for document in read if document.workflow_type in {"Coordinator", "FollowUp"}]


def _document(history: dict[str, Any]) -> Document:
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    run = Run(started["originalExecutionRunId"], history["events"])
    return Document(started["workflowId"], started["workflowType"]["name"], (run,))
