"""Queries of the helpdesk: rows of SQLite as the JSON of its API."""

import json
import sqlite3

from devstack.sqlite.idempotency import Document
from devstack.web import ApiError


def people_by_email(connection: sqlite3.Connection, address: str) -> list[Document]:
    """Find everyone with this address, whatever its case."""
    rows = connection.execute("SELECT * FROM people WHERE email = ? ORDER BY login", [address.strip()])
    return [dict(row) for row in rows.fetchall()]


def person(connection: sqlite3.Connection, login: str) -> Document:
    """Return one person; like every single row, 404 `..._not_found` if there is none."""
    return dict(_one(connection, "SELECT * FROM people WHERE login = ?", login, "person"))


def systems(connection: sqlite3.Connection) -> list[Document]:
    """Return every system, by name."""
    return [_system(row) for row in connection.execute("SELECT * FROM systems ORDER BY name").fetchall()]


def system(connection: sqlite3.Connection, name: str) -> Document:
    """Return one system by its id or its name, whatever its case."""
    found = "SELECT * FROM systems WHERE system_id = lower(?1) OR name = ?1"
    return _system(_one(connection, found, name, "system"))


def catalogue(connection: sqlite3.Connection) -> list[Document]:
    """Return the hardware catalogue, the cheapest first."""
    return [
        dict(row) for row in connection.execute("SELECT * FROM catalogue ORDER BY price_minor").fetchall()
    ]


def hardware(connection: sqlite3.Connection, name: str) -> Document:
    """Return one entry of the catalogue by its number or its name, whatever its case."""
    return dict(
        _one(connection, "SELECT * FROM catalogue WHERE sku = upper(?1) OR name = ?1", name, "hardware")
    )


def outages(connection: sqlite3.Connection, system_name: str | None) -> list[Document]:
    """Return the open outages of one system or of all."""
    rows = connection.execute(
        "SELECT o.outage_id, s.name AS system, o.state, o.summary, o.started_at, o.expected_until "
        "FROM outages o JOIN systems s USING (system_id) WHERE o.state = 'ongoing' "
        "AND (?1 IS NULL OR s.name = ?1 OR s.system_id = lower(?1)) ORDER BY o.started_at",
        [system_name],
    )
    return [dict(row) for row in rows.fetchall()]


def effect(connection: sqlite3.Connection, kind: str, effect_id: str) -> Document:
    """Return one effect."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM effects WHERE kind = ? AND effect_id = ?", [kind, effect_id]
    ).fetchone()
    if row is None:
        raise ApiError(404, f"{kind}_not_found", f"there is no such {kind}")
    return _effect(row)


def effects_by_key(connection: sqlite3.Connection, kind: str, key: str) -> list[Document]:
    """Return the effect under an idempotency key, none or one."""
    rows = connection.execute("SELECT * FROM effects WHERE kind = ? AND idempotency_key = ?", [kind, key])
    return [_effect(row) for row in rows.fetchall()]


def effects_of(connection: sqlite3.Connection, kind: str, login: str) -> list[Document]:
    """Return the effects for one person, the newest first."""
    person(connection, login)
    rows = connection.execute(
        "SELECT * FROM effects WHERE kind = ? AND login = ? ORDER BY created_at DESC", [kind, login]
    )
    return [_effect(row) for row in rows.fetchall()]


def _system(row: sqlite3.Row) -> Document:
    return {**dict(row), "levels": row["levels"].split(","), "employees_only": bool(row["employees_only"])}


def _effect(row: sqlite3.Row) -> Document:
    kept = {name: row[name] for name in ("login", "status", "created_at", "idempotency_key")}
    return {f"{row['kind']}_id": row["effect_id"], **kept, **json.loads(row["details"])}


def _one(connection: sqlite3.Connection, query: str, identifier: str, what: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(query, [identifier]).fetchone()
    if row is None:
        raise ApiError(404, f"{what}_not_found", f"there is no such {what}")
    return row
