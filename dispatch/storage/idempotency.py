"""Digests of the bodies of idempotency keys: the same key with another body is a caller's mistake, not a request.

Only digests are kept. The id in Temporal, not this table, ensures that a request is started once.
"""

import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from dispatch.models.errors import DispatchError
from dispatch.storage.private_folders import make_private_file

KEPT_FOR: Final = timedelta(days=7)
"""How long keys are kept: longer than any client or webhook repeats."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, body TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS keys_at ON keys (at);
"""
_WAIT_SECONDS: Final = 10
"""How long to wait for another writing process."""


class IdempotencyKeys:
    """A table in one file that only its owner may read; safe for several processes at once."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_of(self, caller: str, key: str, body: str, at: datetime) -> bool:
        """Store the digest of a key's first body; return whether this body is the same.

        Raises DispatchError where the file cannot be read or written.
        """
        known_by = hashlib.sha256(f"{caller}\n{key}".encode()).hexdigest()
        now = at.astimezone(UTC)
        try:
            make_private_file(self._file)
            with closing(sqlite3.connect(self._file, timeout=_WAIT_SECONDS)) as connection, connection:
                connection.executescript(_SCHEMA)
                connection.execute("DELETE FROM keys WHERE at < ?", ((now - KEPT_FOR).isoformat(),))
                connection.execute(
                    "INSERT INTO keys (key, body, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (known_by, body, now.isoformat()),
                )
                (first,) = connection.execute("SELECT body FROM keys WHERE key = ?", (known_by,)).fetchone()
        except (sqlite3.Error, OSError) as error:
            raise DispatchError(
                f"the list of idempotency keys ({self._file}) cannot be used: {error}; make the folder writable"
            ) from None
        return bool(first == body)
