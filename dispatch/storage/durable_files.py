"""Durable writes: a file is on disk when a call returns (temporary file, sync, rename, sync of the folder)."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dispatch.models.errors import AuditStoreError
from dispatch.storage.private_folders import make_private


def write_once(path: Path, data: bytes) -> None:
    """Write a file that must never change; raises AuditStoreError if it exists with other content."""
    if not path.exists():
        make_private(path.parent)
        with suppress(FileExistsError):
            write_new(path, data, 0o400)
    if path.read_bytes() != data:
        raise AuditStoreError(
            f"{path} holds something else than it must; it was changed: restore it from a backup"
        )


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a temporary file, sync and link it; raises FileExistsError instead of replacing an existing file."""
    aside = _written_aside(path, data, mode)
    try:
        os.link(aside, path)
    finally:
        aside.unlink()
    sync_folder(path.parent)


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file's content atomically; readers see the old or the new content, never a part."""
    make_private(path.parent)
    _written_aside(path, data, mode).replace(path)
    sync_folder(path.parent)


def _written_aside(path: Path, data: bytes, mode: int) -> Path:
    descriptor, aside = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        Path(aside).unlink()
        raise
    return Path(aside)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, also if the system accepts only a part at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Sync a folder: a file is only durable once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Convert a disk error: raises AuditStoreError with one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or errno.errorcode.get(error.errno or 0, "unknown error")
        raise AuditStoreError(f"{what}: {reason}; make room, or make it accessible to this user") from None
