"""The SQLite file of the channels and of what was published on them."""

import sqlite3
from datetime import datetime
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devstack.sqlite.database import Made, ServiceDatabase, put

SEED = Path(__file__).with_name("seed.json")
_SCHEMA = Path(__file__).with_name("schema.sql")
_VERSION = "1"


class SeedChannel(BaseModel):
    """One channel, and how much text it takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str
    max_chars: int = Field(gt=0)


class Seed(BaseModel):
    """The whole of seed.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: tuple[SeedChannel, ...]


class Database(ServiceDatabase):
    """Channels and publications."""

    def __init__(self, path: Path, now: datetime, seed: Path = SEED) -> None:
        """Open or create the file; raises DevStackError if it is of another version or cannot be used."""
        super().__init__(path, now, Made("marketing", _SCHEMA, _VERSION, partial(apply_seed, path=seed)))


def apply_seed(connection: sqlite3.Connection, now: datetime, path: Path = SEED) -> None:
    """Write the channels over those of an earlier start; publications stay as they are."""
    del now
    for one in Seed.model_validate_json(path.read_bytes()).channels:
        put(connection, "channels", one.channel, one.max_chars)
