"""The embedded server's database file: writable, used by one server at a time, and bound to one server version."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import TextIO

from dispatch.models.errors import DevStackError
from dispatch.storage.private_folders import make_private, make_private_file

_NEEDED_BYTES = 256 * 1024**2  # a day of sample work takes 20 MB; below this SQLite soon fails in mid-commit


class TemporalDatabase:
    """`var/temporal.db`, beside it `temporal.db.version` (the server that wrote it) and `temporal.db.lock`."""

    def __init__(self, var_dir: Path) -> None:
        # Absolute, so that it does not depend on the working folder of this process or of the server.
        self.path = var_dir.absolute() / "temporal.db"
        self._version = self.path.with_name("temporal.db.version")
        self._lock: TextIO | None = None

    def claim(self, server: str) -> int:
        """Reserve the file for server version `server`; return the descriptor that the server process inherits.

        Raises DevStackError with one sentence when the folder cannot be used, another server holds the file, or
        another version wrote it.
        """
        room(self.path.parent)
        self._lock = self.path.with_name("temporal.db.lock").open("a+")
        try:
            # Inherited by the server, so it holds for as long as either lives: a server that outlived its parent
            # still guards its file.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise DevStackError(
                f"{self.path} is in use by another embedded server; stop that one or set DISPATCH_VAR_DIR to another folder."
            ) from None
        self._same_version(server)
        return self._lock.fileno()

    def release(self) -> None:
        """Release the file for the next server."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _same_version(self, server: str) -> None:
        """Refuse a file of another version.

        The dev server creates the schema of a new file but never migrates an old one: another version fails later.
        """
        if self.path.exists():
            make_private_file(self.path)
            wrote = self._version.read_text().strip() if self._version.exists() else "an unknown version"
            if wrote != server:
                self.release()
                raise DevStackError(
                    f"{self.path} was written by Temporal server {wrote} and this one is {server}; move {self.path.parent} "
                    "away to start again, or set DISPATCH_TEMPORAL_PROGRAM to the program that wrote it."
                )
            return
        # Before the server makes its file, so that no database is ever without its version.
        self._version.write_text(f"{server}\n")


def room(folder: Path) -> None:
    """Make `folder` and raise DevStackError unless files can be written there and there is space for them."""
    try:
        make_private(folder)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_text("x")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DevStackError(
            f"{folder} cannot be written ({error.strerror or error}); make it writable or set DISPATCH_VAR_DIR to a "
            "folder that is."
        ) from None
    if free < _NEEDED_BYTES:
        raise DevStackError(
            f"{folder} has {free // 1024**2} MB of disk left and the server needs 256 MB; free some or set "
            "DISPATCH_VAR_DIR to a folder on another disk."
        )
