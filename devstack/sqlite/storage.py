"""The error message of the embedded services for an unusable database file."""

import sqlite3
from pathlib import Path

from dispatch.models.errors import DevStackError


def unusable(path: Path, error: Exception) -> DevStackError:
    """Return in one sentence why a database file cannot be used and what to do about it."""
    # SQLite's codes for causes outside the file: no space, no permission, no folder.
    outside = isinstance(error, OSError | sqlite3.OperationalError)
    remedy = "free some disk or correct DISPATCH_VAR_DIR" if outside else "delete it and start again"
    return DevStackError(f"{path} cannot be used ({error}); {remedy}.")
