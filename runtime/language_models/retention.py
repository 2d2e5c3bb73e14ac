"""Ends the time of the documents of questions and answers, on the machine that keeps them.

No schedule of Temporal's does it: its activity could run on another machine than the one with the folder. So every worker
does, for its own folder, whatever its role; two of them on one folder do no harm.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import structlog

from dispatch.models.errors import DispatchError
from dispatch.storage.model_documents import ModelDocuments
from runtime.settings import Settings

INTERVAL_SECONDS: Final = 3600.0

log = structlog.get_logger("models")


def model_documents_of(settings: Settings) -> ModelDocuments:
    """Open the documents of questions and answers."""
    return ModelDocuments(settings.model_documents_dir, settings.model_documents_days)


@asynccontextmanager
async def expiring_documents(settings: Settings, interval: float = INTERVAL_SECONDS) -> AsyncIterator[None]:
    """Delete the documents whose time has ended, at once and then again and again, for the length of the block."""
    task = asyncio.create_task(_expire(model_documents_of(settings), interval))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _expire(documents: ModelDocuments, interval: float) -> None:
    while True:
        try:
            if deleted := await asyncio.to_thread(documents.expire, datetime.now(UTC)):
                log.info("documents of models deleted after their time", documents=deleted)
        except DispatchError as error:
            log.warning("documents of models are kept beyond their time", reason=str(error))
        await asyncio.sleep(interval)
