"""The helpdesk's SQLite file and its sample data: seed.json holds ages, the database the resulting moments."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devstack.sqlite.database import Made, ServiceDatabase, put

SEED = Path(__file__).with_name("seed.json")
_SCHEMA = Path(__file__).with_name("schema.sql")
_VERSION = "1"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedPerson(_Row):
    login: str
    name: str
    email: str
    department: str
    manager: str | None = None
    employment: str = "employee"


class SeedSystem(_Row):
    system_id: str
    name: str
    owner: str
    levels: tuple[str, ...]
    employees_only: bool = False


class SeedHardware(_Row):
    sku: str
    name: str
    price_minor: int = Field(gt=0)
    currency: str
    delivery_days: int


class SeedOutage(_Row):
    outage_id: str
    system_id: str
    state: str
    summary: str
    hours_ago: float
    expected_in_hours: float | None = None


class SeedGrant(_Row):
    effect_id: str
    login: str
    system: str
    level: str
    days_ago: float


class Seed(_Row):
    """The whole of seed.json."""

    people: tuple[SeedPerson, ...]
    systems: tuple[SeedSystem, ...]
    catalogue: tuple[SeedHardware, ...]
    outages: tuple[SeedOutage, ...]
    grants: tuple[SeedGrant, ...]


class Database(ServiceDatabase):
    """People, systems, hardware, outages, and effects."""

    def __init__(self, path: Path, now: datetime, seed: Path = SEED) -> None:
        """Open or create the file; raises DevStackError if it is of another version or cannot be used."""
        super().__init__(path, now, Made("helpdesk", _SCHEMA, _VERSION, partial(apply_seed, path=seed)))


def apply_seed(connection: sqlite3.Connection, now: datetime, path: Path = SEED) -> None:
    """Write the sample rows with moments relative to `now`, over those of an earlier start; other rows stay as they are."""
    seed = Seed.model_validate_json(path.read_bytes())

    def at(ago: timedelta) -> str:
        # Whole hours, as on a status page.
        return (now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - ago).isoformat()

    for person in seed.people:
        put(
            connection,
            "people",
            person.login,
            person.name,
            person.email,
            person.department,
            person.manager,
            person.employment,
        )
    for system in seed.systems:
        levels = ",".join(system.levels)
        put(connection, "systems", system.system_id, system.name, system.owner, levels, system.employees_only)
    for one in seed.catalogue:
        put(connection, "catalogue", one.sku, one.name, one.price_minor, one.currency, one.delivery_days)
    for outage in seed.outages:
        until = outage.expected_in_hours
        put(
            connection,
            "outages",
            outage.outage_id,
            outage.system_id,
            outage.state,
            outage.summary,
            at(timedelta(hours=outage.hours_ago)),
            None if until is None else at(-timedelta(hours=until)),
        )
    for grant in seed.grants:
        # A sample grant that was revoked meanwhile stays revoked: only its date moves.
        connection.execute(
            "INSERT INTO effects VALUES (?, 'grant', ?, 'active', ?, ?, ?) "
            "ON CONFLICT (effect_id) DO UPDATE SET created_at = excluded.created_at",
            [
                grant.effect_id,
                grant.login,
                json.dumps({"system": grant.system, "level": grant.level}),
                at(timedelta(days=grant.days_ago)),
                f"sample/{grant.effect_id}",
            ],
        )
