"""What the embedded services say of a database file that they cannot use."""

import sqlite3
from pathlib import Path

from dispatch.models.errors import DevStackError


def unusable(path: Path, error: Exception) -> DevStackError:
    """Return in one sentence why a database file cannot be used and what to do about it."""
    # SQLite's word for what lies outside the file: no room, no right, no folder.
    outside = isinstance(error, OSError | sqlite3.OperationalError)
    remedy = "free some disk or correct DISPATCH_VAR_DIR" if outside else "delete it and start again"
    return DevStackError(f"{path} cannot be used ({error}); {remedy}.")
