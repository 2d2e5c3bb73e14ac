"""A declared database: each statement runs alone, in a read-only connection, with bound values."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pydantic import JsonValue

from activities.declared_systems.contracts import Values
from dispatch.models.declared.reads import Read
from dispatch.models.declared.sql_text import names_in_statement, numbered
from dispatch.models.declared.systems import SqlSystem
from dispatch.models.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    import asyncpg

_READS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_STEPS_BETWEEN_LOOKS: Final = 1000
MOST_CONNECTIONS: Final = 4


class SqliteFile:
    """Opens the file for each statement, read-only; it may be replaced while the worker runs."""

    def __init__(self, name: str, spec: SqlSystem, path: str) -> None:
        self._name, self._spec = name, spec
        self._uri = f"file:{quote(str(Path(path).absolute()))}?mode=ro"

    async def read(self, read: Read, values: Values) -> JsonValue:
        """Return the rows, each by its columns' names."""
        statement = _statement(self._name, read)
        bound = {name: values[name] for name in names_in_statement(statement)}
        return await asyncio.to_thread(self._rows, statement, bound)

    def _rows(self, statement: str, bound: dict[str, JsonValue]) -> JsonValue:
        give_up_at = time.monotonic() + self._spec.timeout_seconds
        try:
            with closing(
                sqlite3.connect(self._uri, uri=True, timeout=self._spec.timeout_seconds)
            ) as connection:
                connection.row_factory = sqlite3.Row
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, self._spec.max_bytes)
                connection.set_authorizer(
                    lambda what, *_: sqlite3.SQLITE_OK if what in _READS else sqlite3.SQLITE_DENY
                )
                connection.set_progress_handler(
                    lambda: int(time.monotonic() > give_up_at), _STEPS_BETWEEN_LOOKS
                )
                rows = connection.execute(statement, bound).fetchmany(self._spec.max_rows + 1)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise _too_slow(self._name, self._spec) from None
            if error.sqlite_errorcode in {
                sqlite3.SQLITE_BUSY,
                sqlite3.SQLITE_LOCKED,
                sqlite3.SQLITE_CANTOPEN,
            }:
                raise UnavailableError(
                    f"{self._name}: the file cannot be read now ({error.sqlite_errorname})"
                ) from None
            raise _refused(self._name, str(error.sqlite_errorname)) from None
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            if name == "SQLITE_TOOBIG":
                raise _too_large(self._name, self._spec) from None
            raise _refused(self._name, name) from None
        return _bounded(self._name, self._spec, [dict(row) for row in rows])


class PostgresqlDatabase:
    """Runs each statement in a separate read-only transaction, with the server's own time limit."""

    def __init__(self, name: str, spec: SqlSystem, pool: "asyncpg.Pool[Any]") -> None:
        self._name, self._spec, self._pool = name, spec, pool

    async def read(self, read: Read, values: Values) -> JsonValue:
        """Return the rows, each by its columns' names."""
        import asyncpg  # noqa: PLC0415 (loaded where a desk has a database)

        bound = numbered(_statement(self._name, read))
        try:
            async with asyncio.timeout(self._spec.timeout_seconds + 1):
                rows = await self._rows(bound.text, [values[name] for name in bound.names])
        except (TimeoutError, asyncpg.QueryCanceledError):
            raise _too_slow(self._name, self._spec) from None
        except (asyncpg.InterfaceError, asyncpg.DataError, asyncpg.SyntaxOrAccessError) as error:
            raise _refused(self._name, type(error).__name__) from None
        except (OSError, asyncpg.PostgresError) as error:
            text = f"{self._name}: the database did not answer ({type(error).__name__})"
            raise UnavailableError(text) from None
        return _bounded(self._name, self._spec, rows)

    async def _rows(self, text: str, values: list[JsonValue]) -> list[dict[str, Any]]:
        milliseconds = int(self._spec.timeout_seconds * 1000)
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
            cursor = await connection.cursor(text, *values)
            return [dict(row) for row in await cursor.fetch(self._spec.max_rows + 1)]


@asynccontextmanager
async def open_sql(
    name: str, spec: SqlSystem, url: str, password: str
) -> AsyncIterator[SqliteFile | PostgresqlDatabase]:
    """Open the database, for the length of the block; it connects at the first statement."""
    if spec.engine == "sqlite":
        yield SqliteFile(name, spec, url)
        return
    import asyncpg  # noqa: PLC0415 (loaded where a desk has a database)

    more = {"password": password} if password else {}
    async with asyncpg.create_pool(
        url, min_size=0, max_size=MOST_CONNECTIONS, timeout=spec.timeout_seconds, **more
    ) as pool:
        yield PostgresqlDatabase(name, spec, pool)


def _statement(name: str, read: Read) -> str:
    if read.statement is None:
        raise RefusedError(f"{name}: a database answers statements alone", "invalid_request")
    return read.statement


def _bounded(name: str, spec: SqlSystem, rows: list[dict[str, Any]]) -> JsonValue:
    if len(rows) > spec.max_rows:
        raise RefusedError(f"{name} answered more than {spec.max_rows} rows", "too_large")
    plain: JsonValue = [{column: _json(value) for column, value in row.items()} for row in rows]
    if len(json.dumps(plain)) > spec.max_bytes:
        raise _too_large(name, spec)
    return plain


def _json(value: Any) -> JsonValue:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None  # noqa: PLR0124 (NaN)
    return str(value) if isinstance(value, Decimal) else f"{type(value).__name__} that is no text"


def _too_slow(name: str, spec: SqlSystem) -> UnavailableError:
    return UnavailableError(f"{name} did not answer within {spec.timeout_seconds:g} s")


def _too_large(name: str, spec: SqlSystem) -> RefusedError:
    return RefusedError(f"{name} answered more than {spec.max_bytes:,} bytes", "too_large")


def _refused(name: str, what: str) -> RefusedError:
    return RefusedError(f"{name} refused the statement ({what})", "statement_refused")
