"""What was asked of language models and what they answered: documents by digest, with a retention of their own.

They lie apart from the documents that came with requests, so that neither retention touches the other's. A document that is
put again, as by the same question a second time, begins its time anew.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from dispatch.models.errors import DispatchError
from dispatch.storage.documents import DocumentStore

_MEDIA_TYPE: Final = "application/json"
_DIGITS: Final = 64


class ModelDocuments:
    """Keeps each document for so many days under `folder`; for 0 days none is written at all."""

    def __init__(self, folder: Path, days: int) -> None:
        self._folder, self._days = folder, days
        self._store = DocumentStore(folder)

    def put(self, document: bytes, name: str) -> None:
        """Keep a document. Raises DispatchError where the folder cannot be written."""
        if not self._days:
            return
        sha256 = self._store.put(document, _MEDIA_TYPE, name).sha256
        try:
            os.utime(self._path(sha256))
        except FileNotFoundError:
            # Its time ended in this very moment, for the same document had been there.
            self._store.put(document, _MEDIA_TYPE, name)

    def get(self, sha256: str) -> bytes:
        """Return a document. Raises DispatchError where it is not, or no longer, there."""
        return self._store.get(sha256)

    def delete(self, sha256: str) -> None:
        """Delete a document; one that is not there is no error. Raises DispatchError where it cannot be deleted."""
        try:
            self._path(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise DispatchError(
                f"document {sha256} in {self._folder} cannot be deleted: {error.strerror or error}"
            ) from None

    def expire(self, now: datetime) -> int:
        """Delete what is older than its days and return how many documents that were. Raises DispatchError."""
        before = (now - timedelta(days=self._days)).timestamp()
        deleted = 0
        try:
            for file in self._folder.glob("??/*"):
                # What a killed process left half written has another name, and goes with the rest.
                if len(file.name) >= _DIGITS or file.name.startswith("."):
                    deleted += _delete_older(file, before)
        except OSError as error:
            raise DispatchError(
                f"documents of models in {self._folder} cannot be deleted: {error.strerror or error}; make the folder "
                "writable for this user"
            ) from None
        return deleted

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


def _delete_older(file: Path, before: float) -> bool:
    try:
        if file.stat().st_mtime > before:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    return True
