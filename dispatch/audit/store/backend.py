"""What a store's chain and a machine's memory of it must be able to do; a folder and a bucket do it (dispatch/clients)."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from dispatch.audit.store_models import START, Acknowledgement, Head, Position


class StoreBackend(Protocol):
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
        """Return an object as it lies there, unchecked; None where there is none."""
        ...

    def has_manifest(self) -> bool:
        """Return whether there is a manifest at all, be it an empty one."""
        ...

    def lines(self, after: Position = START) -> Iterator[tuple[bytes, Position]]:
        """Yield the manifest line by line with its line end (a torn last one without), and where each ends.

        Raises ChainNotTrustedError where the manifest has become shorter than `after`.
        """
        ...

    def still_ends(self, at: Position, digest: str) -> bool:
        """Return whether the line that was read or appended last, up to `at`, is there and has this digest."""
        ...

    def append(self, lines: Sequence[bytes], after: Position) -> Position:
        """Add whole lines after that position; raises WriteConflictError if the manifest has grown since."""
        ...

    def write_beside(self, name: str, data: bytes) -> None:
        """Keep a small file beside the chain (a public key, a time stamp); the same again changes nothing."""
        ...

    def read_beside(self, name: str) -> bytes | None: ...

    def names_beside(self, folder: str) -> list[str]: ...


class CheckpointMemory(Protocol):
    """Remembers outside of the store how far its chain had come, so that a chain cut short is noticed."""

    def remembered(self, place: str) -> Head | None: ...

    def remember(self, place: str, head: Head) -> None: ...

    def acknowledged(self, place: str) -> Sequence[Acknowledgement]:
        """Return what people have acknowledged of a place, oldest first."""
        ...

    def acknowledge(self, place: str, acknowledgement: Acknowledgement) -> None:
        """Keep that a person lets the export go on, and remember the head that it goes on from."""
        ...
