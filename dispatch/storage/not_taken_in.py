"""Refused requests that wait for a person, who takes them in anyway or leaves them; kept permanently, with the decision."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from dispatch.models.contract import Contract, Moment
from dispatch.models.errors import DispatchError
from dispatch.storage.private_folders import make_private_file

Door = Literal["submit", "folder", "mailbox", "http"]
Choice = Literal["taken", "left"]
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS refused (
    refused_id TEXT PRIMARY KEY,
    refused_at TEXT NOT NULL,
    decided_at TEXT NOT NULL DEFAULT '',
    record TEXT NOT NULL
)
"""
_WAIT_SECONDS: Final = 10
"""How long to wait for another writing process."""
_MOST: Final = {"name": 255, "place": 4_000, "reason": 2_000, "begins": 2_000}
"""Characters of each text that are kept."""


class RefusedFile(Contract):
    """One file that a door refused; without `sha256` its content was not stored, and only the file itself has it."""

    refused_id: str
    name: str = Field(max_length=_MOST["name"])
    place: str = Field(max_length=_MOST["place"], description="the folder or mailbox that it came to")
    door: Door
    desk: str | None = None
    reason: str = Field(max_length=_MOST["reason"])
    refused_at: Moment
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    begins: str = Field(default="", max_length=_MOST["begins"], description="its first characters")
    choice: Choice | None = None
    decided_by: str = ""
    decided_at: Moment | None = None
    request_id: str = Field(default="", description="of the request that it became")


class NotTakenIn:
    """A table in one file that only its owner may read; safe for several processes at once.

    Every method raises DispatchError, in one sentence, where the file cannot be read or written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(
        self,
        name: str,
        place: str,
        reason: str,
        at: datetime,
        *,
        door: Door,
        desk: str | None = None,
        sha256: str = "",
        content: bytes = b"",
        version: str = "",
    ) -> RefusedFile:
        """Store a refusal; the same unchanged file at the same door is one entry, decided or not.

        `place` is its folder or mailbox. `sha256` names its `content` in the document store; both are left out if it was not
        read, and then `version` identifies the state of the file.
        """
        known_by = "\n".join((door, place, name, desk or "", sha256 or version))
        begins = content[: 4 * _MOST["begins"]].decode("utf-8", "replace").replace("\r\n", "\n")
        entry = RefusedFile(
            refused_id=hashlib.sha256(known_by.encode(errors="surrogateescape")).hexdigest()[:16],
            name=_text(name, "name"),
            place=_text(place, "place"),
            door=door,
            desk=desk,
            reason=_text(reason, "reason"),
            refused_at=at.astimezone(UTC),
            sha256=sha256,
            begins=_text(begins, "begins"),
        )
        with self._table() as table:
            table.execute(
                "INSERT INTO refused (refused_id, refused_at, record) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (entry.refused_id, entry.refused_at.isoformat(), entry.model_dump_json()),
            )
        return self.get(entry.refused_id) or entry

    def waiting(self, most: int = 100) -> list[RefusedFile]:
        """Return the undecided entries, oldest first."""
        return self._read("WHERE decided_at = '' ORDER BY refused_at LIMIT ?", most)

    def decided(self, most: int = 20) -> list[RefusedFile]:
        """Return the decided entries, newest first."""
        return self._read("WHERE decided_at <> '' ORDER BY decided_at DESC LIMIT ?", most)

    def since(self, moment: datetime, most: int = 1000) -> list[RefusedFile]:
        """Return the entries after a moment, oldest first."""
        return self._read(
            f"WHERE refused_at > ? ORDER BY refused_at LIMIT {most:d}", moment.astimezone(UTC).isoformat()
        )

    def count(self) -> int:
        """Return how many wait, without creating the file."""
        if not self._file.exists():
            return 0
        with self._table() as table:
            (number,) = table.execute("SELECT count(*) FROM refused WHERE decided_at = ''").fetchone()
        return int(number)

    def get(self, refused_id: str) -> RefusedFile | None:
        """Return one entry, decided or not; None if the id is unknown."""
        return next(iter(self._read("WHERE refused_id = ?", refused_id)), None)

    def decide(
        self, refused_id: str, choice: Choice, by: str, at: datetime, request_id: str = ""
    ) -> RefusedFile | None:
        """Record a decision; returns the resulting entry, in which the first decision is kept, or None if it is unknown."""
        with self._table() as table:
            table.execute("BEGIN IMMEDIATE")
            found = table.execute("SELECT record FROM refused WHERE refused_id = ?", (refused_id,)).fetchone()
            if found is None:
                return None
            entry = RefusedFile.model_validate_json(found[0])
            if entry.choice is not None:
                return entry
            changed = {
                "choice": choice,
                "decided_by": by,
                "decided_at": at.astimezone(UTC),
                "request_id": request_id,
            }
            entry = RefusedFile.model_validate(entry.model_dump() | changed)
            table.execute(
                "UPDATE refused SET decided_at = ?, record = ? WHERE refused_id = ?",
                (at.astimezone(UTC).isoformat(), entry.model_dump_json(), refused_id),
            )
        return entry

    def _read(self, which: str, value: str | int) -> list[RefusedFile]:
        if not self._file.exists():
            return []
        with self._table() as table:
            found = table.execute(f"SELECT record FROM refused {which}", (value,)).fetchall()  # noqa: S608 (`which` is written above)
        return [RefusedFile.model_validate_json(record) for (record,) in found]

    @contextmanager
    def _table(self) -> Iterator[sqlite3.Connection]:
        """Open the table for one transaction."""
        try:
            make_private_file(self._file)
            with closing(sqlite3.connect(self._file, timeout=_WAIT_SECONDS)) as connection, connection:
                connection.execute(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise DispatchError(
                f"the list of what was not taken in ({self._file}) cannot be used: {error}; "
                "make the folder writable, or restore the file from a backup"
            ) from None


def version_of(path: Path) -> str:
    """Return an identifier of a file's state: its size and time; empty if it is gone."""
    try:
        found = path.lstat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def _text(text: str, kind: str) -> str:
    """Return text that any store and page can hold, cut to the limit of its kind."""
    return (
        text.encode("utf-8", "replace")
        .decode("utf-8")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")[: _MOST[kind]]
    )
