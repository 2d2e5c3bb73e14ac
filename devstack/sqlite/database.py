"""The SQLite file of a stand-in: opened, checked for its version, seeded, re-dated."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devstack.sqlite.storage import unusable
from dispatch.models.errors import DevStackError
from dispatch.storage.private_folders import make_private_file

_FRESH_SECONDS = 86_400


@dataclass(frozen=True)
class Made:
    """The definition of a service's file; `seed` writes the sample rows with dates relative to a moment."""

    service: str
    schema: Path
    version: str
    seed: Callable[[sqlite3.Connection, datetime], None]


def text_of(moment: datetime) -> str:
    """Format a moment so that texts sort in time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class ServiceDatabase:
    """Lends connections, one for each running request, so that SQLite itself orders concurrent writers.

    Later requests reuse a connection: opening one and reading the schema took longer than most answers.
    """

    def __init__(self, path: Path, now: datetime, made: Made) -> None:
        """Open or create the file; raises DevStackError if it is of another version or cannot be used."""
        self.path, self._made = path, made
        self._idle: deque[sqlite3.Connection] = deque()
        try:
            make_private_file(path)
            # Stays open: when the last connection closes, SQLite folds the write-ahead log back in, each time.
            self._anchor = self._connect()
        except (OSError, sqlite3.Error) as error:
            raise unusable(path, error) from None
        try:
            self._anchor.execute("PRAGMA journal_mode = WAL")
            self._prepare(now)
        except sqlite3.Error as error:
            self._anchor.close()
            raise unusable(path, error) from None
        except DevStackError:
            self._anchor.close()
            raise

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._anchor.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that sees one state of the data throughout."""
        with self._lent() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the only connection that may write now; commits at the end, rolls back on any exception."""
        with self._lent() as connection:
            # IMMEDIATE takes the write lock before any read: the data of an effect's checks cannot change.
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; one on which anything went wrong is closed, which rolls back, and not lent again."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA foreign_keys = ON")
        # An answered effect survives a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _prepare(self, now: datetime) -> None:
        with self.writing() as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if not tables:
                # Not executescript: that would commit before the seed is in.
                for statement in self._made.schema.read_text().split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO meta VALUES ('version', ?)", [self._made.version])
            elif _meta(connection, "version") != self._made.version:
                raise DevStackError(
                    f"{self.path} was made by another version of the {self._made.service}; delete it and start again."
                )
            dated = _meta(connection, "dated_at")
            # Dates are kept for a day, so that a restart in the middle of a request changes no data under it; a demo
            # that is started again after weeks still finds sample data of the right age.
            if dated is None or (now - datetime.fromisoformat(dated)).total_seconds() > _FRESH_SECONDS:
                self._made.seed(connection, now)
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('dated_at', ?)", [text_of(now)])


def _meta(connection: sqlite3.Connection, name: str) -> str | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return None
    row = connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
    return None if row is None else str(row["value"])


def put(connection: sqlite3.Connection, table: str, *cells: str | int | None) -> None:
    """Insert or update a row; REPLACE would delete it although other rows refer to it."""
    names = [str(column["name"]) for column in connection.execute(f"PRAGMA table_info({table})")]
    fresh = ", ".join(f"{name} = excluded.{name}" for name in names)
    marks = ", ".join("?" * len(cells))
    connection.execute(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO UPDATE SET {fresh}", cells)  # noqa: S608 - tables of ours
