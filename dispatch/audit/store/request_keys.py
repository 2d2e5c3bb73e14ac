"""The keys of encrypted requests: one file each, and a record of each destroyed one."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from dispatch.models.errors import AuditStoreError
from dispatch.storage.durable_files import sync_folder, told, write_new
from dispatch.storage.private_folders import make_private

KEY_BYTES: Final = 64


class RequestKeys:
    """A folder outside of the audit store. A copy of it is a copy of every key: erasing must reach the backups too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key_for(self, request_id: str) -> bytes:
        """Return the key of a request, made on first use.

        Raises AuditStoreError for a request that was erased: nothing of it is to be kept again.
        """
        path = self._path(request_id)
        if self.is_destroyed(request_id):
            raise AuditStoreError(f"{request_id} was erased; it is not exported again")
        with told(f"cannot keep the key of {request_id}"):
            if not path.exists():
                make_private(path.parent)
                with suppress(FileExistsError):
                    write_new(path, secrets.token_bytes(KEY_BYTES), 0o600)
            return path.read_bytes()

    def find(self, request_id: str) -> bytes | None:
        """Return the key of a request if it is here."""
        with told(f"cannot read the key of {request_id}"), suppress(FileNotFoundError):
            return self._path(request_id).read_bytes()
        return None

    def is_destroyed(self, request_id: str) -> bool:
        return self._path(request_id).with_suffix(".erased").exists()

    def destroy(self, request_id: str) -> None:
        """Overwrite and remove a key; on return it is gone, as far as the disk guarantees that."""
        path = self._path(request_id)
        with told(f"cannot destroy the key of {request_id}"):
            with suppress(FileExistsError):
                write_new(path.with_suffix(".erased"), b"", 0o444)
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_WRONLY)
                try:
                    os.write(descriptor, bytes(KEY_BYTES))
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                path.unlink()
            sync_folder(path.parent)

    def _path(self, request_id: str) -> Path:
        name = hashlib.sha256(request_id.encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.key"
