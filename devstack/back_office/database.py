"""The back office's SQLite file."""

from datetime import datetime
from functools import partial
from pathlib import Path

from devstack.back_office.seed import SEED, apply_seed
from devstack.sqlite.database import Made, ServiceDatabase

_SCHEMA = Path(__file__).with_name("schema.sql")
_VERSION = "2"


class Database(ServiceDatabase):
    """Customers, orders, payments and refunds, from a seed of ages in days."""

    def __init__(self, path: Path, now: datetime, seed: Path = SEED) -> None:
        """Open or create the file; raises DevStackError if it is of another version or cannot be used."""
        super().__init__(path, now, Made("back office", _SCHEMA, _VERSION, partial(apply_seed, path=seed)))
