"""The running back office, in a process of its own or inside a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

from devstack.back_office.app import create_app
from devstack.back_office.database import Database
from devstack.faults import Faults
from devstack.settings import StackSettings
from devstack.web import listening, serving

_SETTING = "DISPATCH_BACK_OFFICE_URL"


@asynccontextmanager
async def back_office(settings: StackSettings, *, faults: bool = False) -> AsyncIterator[Database]:
    """Serve at settings.back_office_url, from var_dir/back_office.db, for the length of the block.

    Raises DevStackError, one sentence, if the port is taken or the data cannot be used.
    """
    with (
        listening(settings.back_office_url, purpose="the back office", setting=_SETTING) as listener,
        closing(Database(settings.var_dir / "back_office.db", datetime.now(UTC))) as database,
    ):
        app = create_app(
            database,
            read_key=settings.back_office_read_key.get_secret_value(),
            write_key=settings.back_office_write_key.get_secret_value(),
            faults=Faults() if faults else None,
        )
        async with serving(app, listener):
            yield database
