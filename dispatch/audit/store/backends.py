"""The backend in a folder; the one in a bucket is in s3.py.

A folder holds

    objects/ab/abcd...      one exported history each, named by its sha256, read-only
    manifest.jsonl          the chain; only ever appended to
    keys/<fingerprint>.pub  the public export keys
    rotations/              how one export key was followed by another
    anchors/                what binds a head to a moment: time stamp requests and answers
    torn/                   beginnings of lines that an interrupted export left behind

Every file is written aside, synced and renamed; the manifest is appended to and synced under a lock.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from dispatch.audit.store_models import START, Position
from dispatch.models.errors import AuditStoreError, ChainNotTrustedError, WriteConflictError
from dispatch.storage.durable_files import sync_folder, told, write_all, write_once
from dispatch.storage.private_folders import make_private

if TYPE_CHECKING:
    from dispatch.audit.store.s3 import S3Backend

LOCK_SECONDS: Final = 60.0
_LOCK_POLL_SECONDS: Final = 0.02


class FolderBackend:
    """A folder on a local disk; its lock holds between the processes of one machine, and on NFS from version 4 on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._manifest = self._folder / "manifest.jsonl"

    @property
    def name(self) -> str:
        return str(self._folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Acquire the store's lock; waits up to LOCK_SECONDS for another writer."""
        with told(f"cannot write to {self._folder}"):
            make_private(self._folder)
            lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(lock)
            with told(f"cannot mend {self._manifest}"):
                self._set_torn_line_aside()
            yield
        finally:
            os.close(lock)

    def _take(self, lock: int) -> None:
        give_up = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise AuditStoreError(
                        f"{self._folder} has been written by another process for {LOCK_SECONDS:.0f} s; "
                        "try again when that is done"
                    ) from None
                time.sleep(_LOCK_POLL_SECONDS)
            else:
                return

    def _set_torn_line_aside(self) -> None:
        """Move an incomplete last line away; nothing else is ever removed from a manifest."""
        if not self._manifest.exists():
            return
        with self._manifest.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            whole = _end_of_last_line(file.fileno(), size)
            if whole == size:
                return
            torn = os.pread(file.fileno(), size - whole, whole)
            write_once(self._folder / "torn" / f"{hashlib.sha256(torn).hexdigest()[:16]}.part", torn)
            file.truncate(whole)
            os.fsync(file.fileno())

    def put(self, digest: str, data: bytes) -> None:
        """Store an object; raises AuditStoreError if one of that name has other content."""
        path = self._object(digest)
        with told(f"cannot keep {digest} in {self._folder}"):
            write_once(path, data)

    def get(self, digest: str) -> bytes | None:
        with told(f"cannot read {digest} in {self._folder}"):
            try:
                return self._object(digest).read_bytes()
            except FileNotFoundError:
                return None

    def has_manifest(self) -> bool:
        with told(f"cannot read {self._manifest}"):
            return self._manifest.exists()

    def lines(self, after: Position = START) -> Iterator[tuple[bytes, Position]]:
        if not self.has_manifest():
            if after.offset:
                raise ChainNotTrustedError(f"{self._manifest} is gone; restore it from a backup")
            return
        with told(f"cannot read {self._manifest}"), self._manifest.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < after.offset:
                raise ChainNotTrustedError(
                    f"{self._manifest} has become shorter: {size:,} bytes, and it had {after.offset:,}; restore it "
                    "from a backup"
                )
            file.seek(after.offset)
            seq, offset = after
            for line in file:
                seq, offset = seq + 1, offset + len(line)
                yield line, Position(seq, offset)

    def still_ends(self, at: Position, digest: str) -> bool:
        with told(f"cannot read {self._manifest}"):
            try:
                descriptor = os.open(self._manifest, os.O_RDONLY)
            except FileNotFoundError:
                return False
            try:
                begin = _end_of_last_line(descriptor, at.offset - 1)
                line = os.pread(descriptor, at.offset - begin, begin)
            finally:
                os.close(descriptor)
        return line.endswith(b"\n") and hashlib.sha256(line[:-1]).hexdigest() == digest

    def append(self, lines: Sequence[bytes], after: Position) -> Position:
        """Append and sync; within `writing` no other writer can append."""
        data = b"".join(lines)
        with told(f"cannot append to {self._manifest}"):
            new = not self._manifest.exists()
            descriptor = os.open(self._manifest, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size != after.offset:
                    raise WriteConflictError(f"{self._manifest} has grown")
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if new:
                sync_folder(self._folder)
        return Position(after.seq + len(lines), after.offset + len(data))

    def write_beside(self, name: str, data: bytes) -> None:
        with told(f"cannot keep {name} in {self._folder}"):
            write_once(self._folder / name, data)

    def read_beside(self, name: str) -> bytes | None:
        with told(f"cannot read {name} in {self._folder}"):
            path = self._folder / name
            return path.read_bytes() if path.exists() else None

    def names_beside(self, folder: str) -> list[str]:
        with told(f"cannot list {folder} in {self._folder}"):
            there = self._folder / folder
            files = [f for f in there.iterdir() if not f.name.startswith(".")] if there.is_dir() else []
            return sorted(f"{folder}/{file.name}" for file in files)

    def _object(self, digest: str) -> Path:
        return self._folder / "objects" / digest[:2] / digest


def backend_of(
    where: str | Path, *, s3_endpoint: str | None = None, timeout_seconds: float = 10
) -> "FolderBackend | S3Backend":
    """Open the backend that a setting or an argument names: a folder, or s3://bucket/prefix.

    `s3_endpoint` is the URL of an S3-compatible service that is not Amazon's. Raises AuditStoreError.
    """
    text = str(where)
    if "://" not in text:
        return FolderBackend(Path(text))
    parts = urlsplit(text)
    if parts.scheme != "s3" or not parts.netloc:
        raise AuditStoreError(f"{text} is no place for an audit store; name a folder, or s3://BUCKET/PREFIX")
    from dispatch.audit.store.s3 import S3Backend  # noqa: PLC0415 (boto3 takes 0.3 s to import, and only a bucket needs it)

    return S3Backend(
        parts.netloc, parts.path.strip("/"), endpoint=s3_endpoint, timeout_seconds=timeout_seconds
    )


def _end_of_last_line(descriptor: int, before: int) -> int:
    """Return the offset behind the last line end before an offset."""
    position, block = before, 1 << 16
    while position > 0:
        begin = max(0, position - block)
        found = os.pread(descriptor, position - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        position = begin
    return 0
