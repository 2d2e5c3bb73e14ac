"""The generic role `lookup` on real databases: SQLite, and PostgreSQL where its programs are there."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError

from dispatch.models.declared.lookup import LookupConfig
from dispatch.models.errors import RefusedError, UnavailableError
from dispatch.models.work.finding import FindingStatus
from tests.deploy.postgresql import postgresql
from tests.roles.looking_up import brief, item_facts, look_up

SCHEMA: Final = """
CREATE TABLE account (id integer PRIMARY KEY, name text, opened date, credit numeric);
INSERT INTO account VALUES (1, 'kim', '2026-01-02', 12.5), (2, 'lee', '2026-01-03', 3), (3, 'O''Neil', '2026-01-04', 0);
"""
CONFIG: Final[dict[str, Any]] = {
    "system": "directory",
    "read": {"statement": "SELECT id, name, opened FROM account WHERE name = :name -- :note"},
    "values": {"name": {"field": "account"}},
    "facts": {"number": "/id", "opened": "/opened"},
    "evidence": "account {name} is number {number}",
}
SLOW: Final = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n",
    "postgresql": "SELECT pg_sleep(20) AS id",
}


def systems(engine: str, **more: Any) -> dict[str, Any]:
    spec = {
        "kind": "sql",
        "engine": engine,
        "url_variable": "DISPATCH_DIRECTORY_URL",
        "timeout_seconds": 1,
        "max_rows": 2,
    }
    return {"directory": spec | more}


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    if shutil.which("initdb") is None:
        pytest.skip("PostgreSQL is not installed")
    asyncpg = pytest.importorskip("asyncpg")
    with postgresql("a-password") as port:
        url = f"postgresql://temporal:a-password@127.0.0.1:{port}/postgres"

        async def prepare() -> None:
            for _ in range(100):
                try:
                    connection = await asyncpg.connect(url, timeout=5)
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.1)
                    continue
                await connection.execute(SCHEMA)
                await connection.close()
                return
            raise AssertionError("PostgreSQL did not start")

        asyncio.run(prepare())
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    """Return the engine, and the environment that says where it is."""
    if request.param == "postgresql":
        return "postgresql", {"DISPATCH_DIRECTORY_URL": request.getfixturevalue("database")}
    file = tmp_path / "directory ?#%.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(SCHEMA)
    return "sqlite", {"DISPATCH_DIRECTORY_URL": str(file)}


Place = tuple[str, dict[str, str]]


async def test_it_finds_one_row(place: Place) -> None:
    """Each column is a part of the row by its name; a date is a text."""
    finding = await look_up(systems(place[0]), place[1], brief(CONFIG, {"account": "kim"}))
    assert item_facts(finding) == {"status": "found", "number": 1, "opened": "2026-01-02"}


@pytest.mark.parametrize(
    "value",
    ["O'Neil", "' OR 1=1 --", "x'; DROP TABLE account; --", '"', ":name", "$1", "{name}", "%", "ü\n'"],
)
async def test_a_value_is_bound_and_never_spliced(place: Place, value: str) -> None:
    """A value with quotes or SQL finds the row of exactly that name, or none; the table stays."""
    finding = await look_up(systems(place[0]), place[1], brief(CONFIG, {"account": value}))
    assert finding.status is (FindingStatus.FOUND if value == "O'Neil" else FindingStatus.NOTHING)
    still = await look_up(systems(place[0]), place[1], brief(CONFIG, {"account": "lee"}))
    assert item_facts(still)["number"] == 2


async def test_typed_values(place: Place) -> None:
    """An integer is bound as one; what is none never reaches the database."""
    config = CONFIG | {
        "read": {"statement": "SELECT id, name, opened FROM account WHERE id = :name"},
        "values": {"name": {"field": "account", "form": {"type": "integer", "maximum": 1000}}},
    }
    found = await look_up(systems(place[0]), place[1], brief(config, {"account": "2"}))
    assert item_facts(found)["number"] == 2
    for wrong in ("two", "2 OR 1=1", "1001", "2.0"):
        finding = await look_up(systems(place[0]), place[1], brief(config, {"account": wrong}))
        assert finding.summary == "item-1: name does not have the declared form"


async def test_postgresql_takes_a_text_for_a_date_where_it_is_cast(database: str) -> None:
    """A value of another type than the column's is cast in the statement, as the documentation says."""
    statement = "SELECT id, name, opened FROM account WHERE opened = CAST(CAST(:name AS text) AS date)"
    config = CONFIG | {
        "read": {"statement": statement},
        "values": {"name": {"field": "account", "form": {"type": "date"}}},
    }
    place = {"DISPATCH_DIRECTORY_URL": database}
    finding = await look_up(systems("postgresql"), place, brief(config, {"account": "2026-01-03"}))
    assert item_facts(finding)["number"] == 2


async def test_rows_and_bytes_are_bounded(place: Place) -> None:
    """More rows or bytes than the bounds are refused, not cut."""
    config = CONFIG | {"read": {"statement": "SELECT * FROM account"}, "values": {}, "evidence": "{number}"}
    with pytest.raises(RefusedError, match="more than 2 rows"):
        await look_up(systems(place[0]), place[1], brief(config))
    with pytest.raises(RefusedError, match="more than 20 bytes"):
        await look_up(systems(place[0], max_rows=10, max_bytes=20), place[1], brief(config))


async def test_a_slow_statement_is_stopped(place: Place) -> None:
    """A statement that runs longer than the time-out is stopped by the database, and may be tried again."""
    config = CONFIG | {"read": {"statement": SLOW[place[0]]}, "values": {}, "evidence": "{number}"}
    async with asyncio.timeout(10):
        with pytest.raises(UnavailableError, match="within 1 s"):
            await look_up(systems(place[0]), place[1], brief(config))


async def test_a_wrong_statement_is_a_refusal(place: Place) -> None:
    """A table that is not there is told as a refusal, which nobody repeats."""
    config = CONFIG | {"read": {"statement": "SELECT id FROM nowhere"}, "values": {}, "evidence": "{number}"}
    with pytest.raises(RefusedError, match="refused the statement"):
        await look_up(systems(place[0]), place[1], brief(config))


async def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """No file is created, and another attempt may find one."""
    missing = tmp_path / "none.db"
    with pytest.raises(UnavailableError):
        await look_up(
            systems("sqlite"), {"DISPATCH_DIRECTORY_URL": str(missing)}, brief(CONFIG, {"account": "kim"})
        )
    assert not missing.exists()
    nobody = {"DISPATCH_DIRECTORY_URL": "postgresql://a:b@127.0.0.1:9/none"}
    with pytest.raises(UnavailableError):
        await look_up(systems("postgresql"), nobody, brief(CONFIG, {"account": "kim"}))


async def test_the_connection_refuses_to_write(place: Place) -> None:
    """Where a statement would change something after all, the connection itself refuses."""
    sneaky = {
        "sqlite": "SELECT load_extension('x') AS id",
        "postgresql": "SELECT setval('account_seq', 9) AS id",
    }
    if place[0] == "postgresql":
        asyncpg = pytest.importorskip("asyncpg")
        connection = await asyncpg.connect(place[1]["DISPATCH_DIRECTORY_URL"])
        await connection.execute("CREATE SEQUENCE IF NOT EXISTS account_seq")
        await connection.close()
    config = CONFIG | {"read": {"statement": sneaky[place[0]]}, "values": {}, "evidence": "{number}"}
    with pytest.raises((RefusedError, UnavailableError)):
        await look_up(systems(place[0]), place[1], brief(config))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM account", "no SELECT"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("WITH gone AS (DELETE FROM account RETURNING id) SELECT * FROM gone", "DELETE"),
        ("SELECT * INTO copy FROM account", "INTO"),
        ("SELECT * FROM account WHERE id = ?", "write a value as :name"),
        ("SELECT $$x$$", "write a value as :name"),
        ("PRAGMA writable_schema = 1", "no SELECT"),
        ("SELECT 'unfinished", "plain single quotes"),
        ("", "no SELECT"),
    ],
)
def test_only_one_select_is_accepted(statement: str, told: str) -> None:
    """What is not one SELECT is refused when the playbook is loaded."""
    with pytest.raises(ValidationError, match=told):
        LookupConfig.model_validate(CONFIG | {"read": {"statement": statement}})
