"""The content-addressed document store: a document is named by its sha256, so storing is repeatable and never a change."""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from dispatch.models.errors import DispatchError
from dispatch.models.request.submission import DocumentRef
from dispatch.storage.private_folders import make_private

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_NAME = 255


class DocumentStore:
    """Keeps documents as files under `folder`/<first two digits>/<sha256>; safe for several processes at once.

    Names and media types are labels of a reference only; none of them ever becomes part of a path.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes, media_type: str, name: str) -> DocumentRef:
        """Store a document; a repetition changes nothing.

        It is on disk when this returns: written to a temporary file, synced and renamed. Raises DispatchError if the folder cannot
        be written or the disk is full.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        try:
            if not _holds(path, data):
                make_private(path.parent)
                _write(path, data)
        except OSError as error:
            raise DispatchError(
                f"cannot keep {name!r} in {self._folder}: {error.strerror or error}; "
                "make room or make the folder writable, and submit again"
            ) from None
        return DocumentRef(
            sha256=sha256, size_bytes=len(data), media_type=media_type, name=name[-_MAX_NAME:] or "document"
        )

    def get(self, sha256: str) -> bytes:
        """Return a stored document, checked against its digest.

        Raises DispatchError if it is missing, cannot be read, or was changed.
        """
        if not _SHA256.fullmatch(sha256):
            raise DispatchError(f"{sha256[:80]!r} is no sha256; give 64 hex digits in lower case")
        try:
            data = self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise DispatchError(
                f"document {sha256} is not in {self._folder}; restore it from a backup"
            ) from None
        except OSError as error:
            raise DispatchError(
                f"cannot read document {sha256} in {self._folder}: {error.strerror or error}; "
                "make it readable for this user"
            ) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DispatchError(
                f"document {sha256} in {self._folder} was changed on disk; restore it from a backup"
            )
        return data

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


def _holds(path: Path, data: bytes) -> bool:
    """Return whether the file is undamaged; a damaged one is rewritten."""
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _write(path: Path, data: bytes) -> None:
    descriptor, aside = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(aside).unlink()
        raise
    # The rename itself is only safe once the folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
