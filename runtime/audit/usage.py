"""What language models were used for, over all requests: the exported ones by the audit store's extract, others by themselves.

A request that is open, or has ended and is not exported yet, is asked for its record, as `dispatch trail` asks. So many can
be asked in the time that a person waits; what was not counted is said.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.query.usage import Question, questions_in, questions_of
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.store import index_of
from dispatch.models.errors import AuditStoreError, DispatchError, WorkerUnavailableError
from runtime.audit.parts import backend_from, extract_from
from runtime.gateway import Gateway
from runtime.rows import COORDINATOR, Row, row_of
from runtime.settings import Settings

MOST_ASKED: Final = 300
"""Requests outside the store that are asked, the newest."""
_MOST_LISTED: Final = 5_000
_PAGE: Final = 1_000
_AT_ONCE: Final = 8


@dataclass
class Usage:
    """Every question since a day, oldest first, and in sentences what is not among them."""

    questions: list[Question] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


async def usage_since(gateway: Gateway, settings: Settings, since: date) -> Usage:
    """Return the questions since a day in UTC. Raises TemporalUnavailableError; a store that cannot be read is left out."""
    usage = Usage()
    exported = frozenset[str]()
    try:
        exported, usage.questions = await asyncio.to_thread(_exported, settings, since)
    except AuditStoreError as error:
        usage.left_out.append(f"the audit store could not be read: {error}")
    rows = [row async for row in _listed(gateway, settings.task_queue) if row.request_id not in exported]
    if (further := len(rows) - MOST_ASKED) > 0:
        usage.left_out.append(
            f"{further} requests that are open or not exported yet are not counted; the newest {MOST_ASKED} are"
        )
    usage.questions += await _asked(gateway, rows[:MOST_ASKED], since, usage.left_out)
    usage.questions.sort(key=lambda one: (one.at, one.request_id))
    return usage


def _exported(settings: Settings, since: date) -> tuple[frozenset[str], list[Question]]:
    place: StoreBackend = backend_from(settings)
    extract: ExtractFile = extract_from(settings, place)
    questions = [one for record in extract.records_with_models() for one in questions_in(record)]
    return frozenset(index_of(place).requests), [one for one in questions if one.day >= since]


async def _listed(gateway: Gateway, task_queue: str) -> AsyncIterator[Row]:
    query = f"WorkflowType = '{COORDINATOR}' AND TaskQueue = '{task_queue}'"
    token, left = b"", _MOST_LISTED
    while left > 0:
        found, token = await gateway.page(query, _PAGE, token)
        for one in found:
            yield row_of(one)
        left -= len(found)
        if not token:
            return


async def _asked(gateway: Gateway, rows: Iterable[Row], since: date, left_out: list[str]) -> list[Question]:
    at_once = asyncio.Semaphore(_AT_ONCE)
    silent, failed = list[str](), list[str]()

    async def ask(row: Row) -> list[Question]:
        async with at_once:
            if silent:
                # A second one would wait as long for the same worker.
                silent.append(row.request_id)
                return []
            try:
                trail = await gateway.trail(row.request_id)
            except WorkerUnavailableError:
                silent.append(row.request_id)
                return []
            except DispatchError:
                failed.append(row.request_id)
                return []
        return [one for one in questions_of(row.request_id, row.desk, trail) if one.day >= since]

    found = await asyncio.gather(*(ask(row) for row in rows))
    for which, why in ((silent, "no worker answers"), (failed, "their record cannot be read")):
        if which:
            left_out.append(f"{len(which)} requests outside the audit store are not counted: {why}")
    return [one for part in found for one in part]
