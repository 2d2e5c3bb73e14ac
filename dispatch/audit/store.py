"""The audit store: what is exported once, in one order, and never overwritten.

Every export goes the same way: the object first, then its line in the manifest. What is killed between the two leaves an
object that no line names, which the next export names; what is killed while a line is written leaves a torn line,
which is set aside. A line that stands whole is never written again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from threading import RLock
from typing import Protocol

from dispatch.audit.document import Document, entry_of, to_bytes
from dispatch.audit.manifest import Entry, Index, Signer, key_file, key_to_pem, write_line
from dispatch.audit.sealing import sealed
from dispatch.models.audit_store import START, Head, ManifestLine, Position
from dispatch.models.contract import Moment
from dispatch.models.errors import AuditStoreError, Overtaken

MOST_ATTEMPTS = 20
"""How often an append is tried again after another writer was faster."""


class Place(Protocol):
    """Where a store lies: a folder or a bucket. Every method raises AuditStoreError in a sentence."""

    @property
    def name(self) -> str: ...

    def writing(self) -> AbstractContextManager[None]:
        """Keep other writers out as far as the place can; a torn last line is set aside first."""
        ...

    def put(self, digest: str, data: bytes) -> None:
        """Keep an object under its sha256; one that is there already is left as it is."""
        ...

    def get(self, digest: str) -> bytes | None:
        """Give an object as it lies there, unchecked; None where there is none."""
        ...

    def lines(self, after: Position = START) -> Iterator[tuple[bytes, Position]]:
        """Give the manifest line by line with its line end (a torn last one without), and where each ends."""
        ...

    def append(self, lines: Sequence[bytes], after: Position) -> Position:
        """Add whole lines after that position; raises Overtaken if the manifest has grown since."""
        ...

    def write_beside(self, name: str, data: bytes) -> None:
        """Keep a small file beside the chain (a public key, a time stamp); the same again changes nothing."""
        ...

    def read_beside(self, name: str) -> bytes | None: ...

    def names_beside(self, folder: str) -> list[str]: ...


class HeadMemory(Protocol):
    """Remembers outside of the store how far its chain had come, so that a chain cut short is noticed."""

    def remembered(self, place: str) -> Head | None: ...

    def remember(self, place: str, head: Head) -> None: ...


class AuditStore:
    """Appends to one place; several of them, in several processes, may do so at once."""

    def __init__(
        self,
        place: Place,
        signer: Signer,
        memory: HeadMemory,
        seal_with: Callable[[str], bytes] | None = None,
    ) -> None:
        """`seal_with` gives (and keeps) the key of a request; without it histories are exported in the open."""
        self._place, self._signer, self._memory, self._seal_with = place, signer, memory, seal_with
        self._index, self._position = Index(), START
        # One worker may run several exports at once, each in a thread of its own.
        self._one_at_a_time = RLock()

    @property
    def place(self) -> Place:
        return self._place

    def index(self) -> Index:
        """Give what the manifest knows by now; see `_read_on` for what is raised."""
        with self._one_at_a_time:
            return self._read_on()

    def _read_on(self) -> Index:
        """Read on to the manifest's present end.

        Raises AuditStoreError for a chain that does not hold together or has lost lines that it had.
        """
        # Remembered first: while this reads on, another process of this machine may append and remember more.
        remembered = self._memory.remembered(self._place.name)
        for raw, position in self._place.lines(self._position):
            if not raw.endswith(b"\n"):
                break
            try:
                self._index.add([raw])
            except ValueError as error:
                raise AuditStoreError(
                    f"the manifest of {self._place.name} is broken: {error}; see 'starter.py audit verify'"
                ) from None
            self._position = position
        if remembered is not None and not self._index.holds(remembered):
            raise AuditStoreError(
                f"the manifest of {self._place.name} has {self._index.head.seq} lines and is not the one that this "
                f"machine wrote, which had line {remembered.seq} with digest {remembered.digest[:16]}; restore the "
                "store, and export goes on"
            )
        return self._index

    def append(self, documents: Sequence[Document], now: Moment) -> list[ManifestLine]:
        """Export documents and give the lines that were written; a request whose runs are all there is passed over.

        Raises NotClosedError for an open request, AuditStoreError.
        """
        with self._one_at_a_time:
            return self._append([entry for entry in map(self._put, documents) if entry is not None], now)

    def _put(self, document: Document) -> Entry | None:
        """Keep the object of a document; None where all its runs are exported."""
        if self.index().runs.issuperset(run.run_id for run in document.runs):
            return None
        data = to_bytes(self._sealed(document))
        entry = entry_of(document, data)
        self._place.put(entry.digest, data)
        return entry

    def _append(self, kept: Sequence[Entry], now: Moment) -> list[ManifestLine]:
        for _ in range(MOST_ATTEMPTS if kept else 0):
            with self._place.writing():
                index, head = self.index(), self.index().head
                written: list[bytes] = []
                for entry in dict.fromkeys(kept):
                    if not index.runs.issuperset(entry.run_ids):
                        line, head = write_line(entry, head, now, self._signer)
                        written.append(line)
                if not written:
                    return []
                self._place.write_beside(key_file(self._signer.key_id), key_to_pem(self._signer.public_key))
                try:
                    self._place.append(written, self._position)
                except Overtaken:
                    continue
                self._memory.remember(self._place.name, self.index().head)
                return [ManifestLine.model_validate_json(line) for line in written]
        if kept:
            raise AuditStoreError(
                f"{self._place.name} is written by others all the time; {len(kept)} exports wait for the next sweep"
            )
        return []

    def _sealed(self, document: Document) -> Document:
        return document if self._seal_with is None else sealed(document, self._seal_with(document.request_id))


def index_of(place: Place) -> Index:
    """Read what a manifest knows, without looking at signatures or objects; raises AuditStoreError for a broken chain."""
    index = Index()
    for raw, _ in place.lines():
        if raw.endswith(b"\n"):
            try:
                index.add([raw])
            except ValueError as error:
                raise AuditStoreError(
                    f"the manifest of {place.name} is broken: {error}; see 'starter.py audit verify'"
                ) from None
    return index
