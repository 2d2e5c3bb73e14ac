"""The archive: one row for every recipient of every received mail, duplicates included."""

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from pydantic import JsonValue

from devstack.sqlite.storage import unusable
from dispatch.models.errors import DevStackError
from dispatch.storage.private_folders import make_private_file

_VERSION = 1
_SCHEMA = (
    """CREATE TABLE messages (
      archive_id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, sender TEXT NOT NULL,
      recipient TEXT NOT NULL COLLATE NOCASE, subject TEXT NOT NULL, text TEXT NOT NULL, in_reply_to TEXT,
      sha256 TEXT NOT NULL, received_at TEXT NOT NULL, raw BLOB NOT NULL)""",
    "CREATE INDEX messages_by_message_id ON messages (message_id)",
    "CREATE INDEX messages_by_recipient ON messages (recipient)",
    "CREATE TABLE deferrals (message_id TEXT PRIMARY KEY, times INTEGER NOT NULL)",
)
_SHOWN = "archive_id, message_id, sender, recipient, subject, text, in_reply_to, sha256, received_at, raw"


class MailStore:
    """One connection behind a lock: SMTP conversations and readers come from several threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; raises DevStackError if it is of another version or cannot be used."""
        self.path = path
        self._lock = threading.Lock()
        try:
            make_private_file(path)
            self._connection = sqlite3.connect(
                path, timeout=10, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise unusable(path, error) from None
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise unusable(path, error) from None
        except DevStackError:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def keep(self, sender: str, recipients: Sequence[str], raw: bytes, received_at: datetime) -> None:
        """Archive a mail; on return it survives a crash, which is what the SMTP answer 250 promises."""
        message = message_from_bytes(raw, policy=default)
        shared = (_header(message, "Subject") or "", _text(message), _header(message, "In-Reply-To"))
        message_id, sha256 = _message_id(message, raw), hashlib.sha256(raw).hexdigest()
        rows = [
            (message_id, sender, recipient, *shared, sha256, received_at.isoformat(), raw)
            for recipient in recipients
        ]
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO messages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )

    def put_off(self, message_id: str, limit: int) -> bool:
        """Count one more attempt at a mail; True for the first `limit` of them."""
        with self._lock:
            row = self._connection.execute(
                "INSERT INTO deferrals VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times",
                [message_id],
            ).fetchone()
        return int(row["times"]) <= limit

    def by_message_id(self, message_id: str) -> list[dict[str, JsonValue]]:
        return self._find("message_id = ?", message_id)

    def by_recipient(self, recipient: str) -> list[dict[str, JsonValue]]:
        return self._find("recipient = ?", recipient)

    def by_archive_id(self, archive_id: int) -> dict[str, JsonValue] | None:
        found = self._find("archive_id = ?", archive_id)
        return found[0] if found else None

    def raw(self, archive_id: int) -> bytes | None:
        """Return the mail as it was received, byte for byte."""
        with self._lock:
            row = self._connection.execute(
                "SELECT raw FROM messages WHERE archive_id = ?", [archive_id]
            ).fetchone()
        return None if row is None else bytes(row["raw"])

    def _find(self, where: str, value: str | int) -> list[dict[str, JsonValue]]:
        query = f"SELECT {_SHOWN} FROM messages WHERE {where} ORDER BY archive_id"  # noqa: S608 - columns of ours
        with self._lock:
            rows = [dict(row) for row in self._connection.execute(query, [value]).fetchall()]
        for row in rows:
            row["attachments"] = _attachments(row.pop("raw"))
        return rows

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:
                for statement in _SCHEMA:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise DevStackError(
                    f"{self.path} was made by another version of the mail sink; delete it and start again."
                )


def message_id_of(raw: bytes) -> str:
    """Return the Message-ID, or one made from the mail's digest if it has none, as mail servers do."""
    return _message_id(message_from_bytes(raw, policy=default), raw)


def _message_id(message: EmailMessage, raw: bytes) -> str:
    return _header(message, "Message-ID") or f"<{hashlib.sha256(raw).hexdigest()}@mail-sink.invalid>"


def _header(message: EmailMessage, name: str) -> str | None:
    value = message[name]
    return None if value is None else str(value).strip()


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    content = part.get_content() if part is not None else ""
    return str(content).replace("\r\n", "\n").rstrip("\n")


def _attachments(raw: bytes) -> list[JsonValue]:
    """Return the name and the digest of each document that a mail carries."""
    message: EmailMessage = message_from_bytes(raw, policy=default)
    return [
        {"name": part.get_filename() or "", "sha256": hashlib.sha256(_content(part)).hexdigest()}
        for part in message.iter_attachments()
    ]


def _content(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
