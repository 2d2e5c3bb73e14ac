"""The audit store: requests are exported once, in one order, and never overwritten.

Every export goes the same way: the object first, then its line in the manifest. What is killed between the two leaves an
object that no line names, which the next export names; what is killed while a line is written leaves a torn line,
which is set aside. A line that stands whole is never written again.
"""

from collections.abc import Callable, Sequence
from threading import RLock

from dispatch.audit.store.backend import CheckpointMemory, StoreBackend
from dispatch.audit.store.crypto_shredding import sealed
from dispatch.audit.store.document import Document, entry_of, to_bytes
from dispatch.audit.store.key_chain import KeyChain, key_chain_of
from dispatch.audit.store.manifest import (
    Entry,
    Index,
    Signer,
    key_file,
    key_to_pem,
    read_line,
    sha256,
    write_line,
)
from dispatch.audit.store_models import START, Acknowledgement, ManifestLine, PublicKey
from dispatch.models.contract import Moment
from dispatch.models.errors import AuditStoreError, ChainNotTrustedError, WriteConflictError

MOST_ATTEMPTS = 20
"""How often an append is tried again after another writer was faster."""


class AuditStore:
    """Appends to one place; several of them, in several processes, may do so at once."""

    def __init__(
        self,
        place: StoreBackend,
        signer: Signer,
        memory: CheckpointMemory,
        seal_with: Callable[[str], bytes] | None = None,
        pinned: PublicKey | None = None,
    ) -> None:
        """Open a place for export.

        `seal_with` gives (and keeps) the key of a request; without it histories are exported in the open. `pinned` is
        the key that this machine trusts; without it, the signer's own.
        """
        self._place, self._signer, self._memory, self._seal_with = place, signer, memory, seal_with
        self._pinned = pinned or PublicKey(signer.key_id, signer.public_key)
        self._index, self._position = Index(), START
        # One worker may run several exports at once, each in a thread of its own.
        self._one_at_a_time = RLock()

    @property
    def place(self) -> StoreBackend:
        return self._place

    def index(self) -> Index:
        """Return what the manifest knows by now.

        Raises ChainNotTrustedError for a chain that does not hold together, has lost lines that it had, or goes on with
        lines of another key after the head that this machine remembers.
        """
        with self._one_at_a_time:
            try:
                return self._read_on()
            except ChainNotTrustedError:
                # A person may mend or acknowledge it while this process runs: the next look begins again.
                self._index, self._position = Index(), START
                raise

    def _read_on(self) -> Index:
        name = self._place.name
        # Remembered first: while this reads on, another process of this machine may append and remember more.
        remembered = self._memory.remembered(name)
        foreign = {digest for one in self._memory.acknowledged(name) for digest in one.foreign}
        # What comes before the remembered head is bound by its digest.
        tail = TailCheck(self._place, self._pinned, remembered.seq if remembered else 1)
        for raw, position in self._place.lines(self._position):
            if not raw.endswith(b"\n"):
                break
            problem = tail.problem_of(raw, position.seq)
            if problem is not None and sha256(raw.rstrip(b"\n")) not in foreign:
                raise refused(name, f"line {position.seq} was not exported by this desk: {problem}")
            try:
                self._index.add([raw], foreign)
            except ValueError as error:
                raise ChainNotTrustedError(
                    f"the manifest of {name} is broken: {error}; see 'dispatch audit verify'. Restore it from a "
                    "backup, or name a new store in DISPATCH_AUDIT_STORE"
                ) from None
            self._position = position
        if remembered is not None and not self._index.holds(remembered):
            raise refused(
                name,
                f"it has {self._index.head.seq} lines and is not the one that this machine wrote, which had line "
                f"{remembered.seq} with digest {remembered.digest[:16]}",
            )
        return self._index

    def refusal(self) -> str | None:
        """Return why nothing is exported to this place; None where an export may go on. Raises AuditStoreError."""
        with self._one_at_a_time:
            try:
                self._may_sign(self.index())
            except ChainNotTrustedError as error:
                return str(error)
        return None

    def _may_sign(self, index: Index) -> None:
        """Raise ChainNotTrustedError where this signer is not the one for the next line, or the head is there no more."""
        name, head = self._place.name, index.head
        chain = key_chain_of(self._place, self._pinned)
        if chain.problems:
            file, what = chain.problems[0]
            raise ChainNotTrustedError(
                f"{name}/{file}: {what}; restore it from a backup, or remove it if it is not the desk's"
            )
        due = chain.key_id_at(head.seq + 1)
        if due != self._signer.key_id:
            raise ChainNotTrustedError(
                f"the export key here is {self._signer.key_id}, and the next line of {name} is due to be signed by "
                f"{due}: restore that key, finish its rotation with 'dispatch audit rotate-key', or restart what was "
                "started before the rotation"
            )
        if head.seq and not self._place.still_ends(self._position, head.digest):
            self._index, self._position = Index(), START
            raise refused(name, f"line {head.seq}, which was its last, is there no more or was changed")

    def acknowledgement(self, by: str, reason: str, now: Moment) -> Acknowledgement | None:
        """Return what a person has to acknowledge so that the export goes on; None where nothing is wrong.

        Raises ChainNotTrustedError for a chain that no export can go on: it does not hold together.
        """
        name = self._place.name
        remembered = self._memory.remembered(name)
        index = index_of(self._place)
        lost = remembered if remembered is not None and not index.holds(remembered) else None
        tail = TailCheck(self._place, self._pinned, remembered.seq if remembered and lost is None else 1)
        known = {digest for one in self._memory.acknowledged(name) for digest in one.foreign}
        digests = [
            sha256(raw.rstrip(b"\n"))
            for raw, position in self._place.lines()
            if raw.endswith(b"\n") and tail.problem_of(raw, position.seq) is not None
        ]
        foreign = tuple(digest for digest in digests if digest not in known)
        if lost is None and not foreign:
            return None
        return Acknowledgement(
            by=by, at=now, reason=reason, lost=lost, foreign=foreign, goes_on_from=index.head
        )

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
                self._may_sign(index)
                self._place.write_beside(key_file(self._signer.key_id), key_to_pem(self._signer.public_key))
                try:
                    self._place.append(written, self._position)
                except WriteConflictError:
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


class TailCheck:
    """Looks at the signatures from line `begin` on; reads the keys only where there is such a line."""

    def __init__(self, place: StoreBackend, pinned: PublicKey, begin: int) -> None:
        self._place, self._pinned, self._begin = place, pinned, begin
        self._chain: KeyChain | None = None

    def problem_of(self, raw: bytes, seq: int) -> str | None:
        """Return what is wrong with a line's signature; None where it holds, or comes before `begin`."""
        if seq < self._begin:
            return None
        if self._chain is None:
            self._chain = key_chain_of(self._place, self._pinned)
        try:
            return self._chain.problem_of(read_line(raw.removesuffix(b"\n")), seq)
        except ValueError as error:
            return str(error)


def refused(name: str, why: str) -> ChainNotTrustedError:
    """Make the error of a chain that a person has to look at before an export goes on."""
    return ChainNotTrustedError(
        f"nothing is exported to {name}: {why}. Look at it with 'dispatch audit verify' and restore the store from a "
        "backup; where that cannot be, 'dispatch audit acknowledge' lets the export go on"
    )


def index_of(place: StoreBackend) -> Index:
    """Read what a manifest knows, without looking at signatures or objects; raises AuditStoreError for a broken chain."""
    index = Index()
    for raw, _ in place.lines():
        if raw.endswith(b"\n"):
            try:
                index.add([raw])
            except ValueError as error:
                raise ChainNotTrustedError(
                    f"the manifest of {place.name} is broken: {error}; see 'dispatch audit verify'"
                ) from None
    return index
