"""The running publishing system, in a process of its own or inside a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

from devstack.faults import Faults
from devstack.marketing.app import create_app
from devstack.marketing.database import Database
from devstack.settings import StackSettings
from devstack.web import listening, serving

_SETTING = "DISPATCH_POSTS_URL"


@asynccontextmanager
async def marketing(settings: StackSettings, *, faults: bool = False) -> AsyncIterator[Database]:
    """Serve at settings.posts_url, from var_dir/marketing.db, for the length of the block.

    Raises DevStackError, one sentence, if the port is taken or the data cannot be used.
    """
    with (
        listening(settings.posts_url, purpose="the publishing system", setting=_SETTING) as listener,
        closing(Database(settings.var_dir / "marketing.db", datetime.now(UTC))) as database,
    ):
        app = create_app(
            database,
            read_key=settings.posts_read_key.get_secret_value(),
            write_key=settings.posts_write_key.get_secret_value(),
            faults=Faults() if faults else None,
        )
        async with serving(app, listener):
            yield database
