"""The interfaces of a store's chain and of a machine's memory of it; folder and bucket implement them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from dispatch.audit.store_models import START, Acknowledgement, Head, Position


class StoreBackend(Protocol):
    """The backend of a store: a folder or a bucket. Every method raises AuditStoreError with one sentence."""

    @property
    def name(self) -> str: ...

    def writing(self) -> AbstractContextManager[None]:
        """Lock out other writers as far as the backend can; an incomplete last line is moved away first."""
        ...

    def put(self, digest: str, data: bytes) -> None:
        """Store an object under its sha256; an existing one stays unchanged."""
        ...

    def get(self, digest: str) -> bytes | None:
        """Return a stored object, unchecked; None if there is none."""
        ...

    def has_manifest(self) -> bool:
        """Return whether there is a manifest, even an empty one."""
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
        """Store a small file beside the chain (a public key, a time stamp); a repetition changes nothing."""
        ...

    def read_beside(self, name: str) -> bytes | None: ...

    def names_beside(self, folder: str) -> list[str]: ...


class CheckpointMemory(Protocol):
    """Stores the last head outside of the store, so that a truncated chain is noticed."""

    def remembered(self, place: str) -> Head | None: ...

    def remember(self, place: str, head: Head) -> None: ...

    def acknowledged(self, place: str) -> Sequence[Acknowledgement]:
        """Return people's acknowledgements for a store, oldest first."""
        ...

    def acknowledge(self, place: str, acknowledgement: Acknowledgement) -> None:
        """Store a person's acknowledgement, and the head from which the export continues."""
        ...
