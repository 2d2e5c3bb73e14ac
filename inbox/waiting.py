"""The ranked list of waiting requests: a copy of Temporal's visibility list, renewed while the inbox is in use.

Neither SQLite's nor PostgreSQL's visibility can sort by our attributes (`ORDER BY` is refused), and ranking needs all
requests. So the list is read page by page in the background, kept in memory (about 10 MB for ten thousand requests) and
ranked, filtered and searched there; no worker is needed, because each request's memo holds its row. Every shown page
queries visibility again for its own rows, so that decided requests disappear immediately; new and changed ones appear
with the next reading, whose age the page shows.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from dispatch.models.errors import TemporalUnavailableError
from runtime.gateway import Gateway
from runtime.rows import WAITING, Row, row_of

FRESH_SECONDS: Final = 2.0
"""The rows of a reading younger than this are not queried again."""
REST: Final = 5
"""The interval between readings, in multiples of the last reading's duration; at least FRESH_SECONDS."""
SHORT_SECONDS: Final = 0.1
"""A list whose reading takes less than this is read again for each page."""
FIRST_PATIENCE_SECONDS: Final = 1.5
"""How long a page waits for the first rows."""
WHOLE_PATIENCE_SECONDS: Final = 0.1
"""How long it waits for the whole first reading; after that it shows the rows read so far."""
READING_TIMEOUT: Final = timedelta(seconds=20)
"""The timeout for a thousand rows in the background: no page waits for them, and a busy machine may be slow."""
_FIRST_PAGE: Final = 250
_PAGE: Final = 1000
_AT_ONCE: Final = 100
"""Rows that are parsed before the event loop can serve other pages."""


@dataclass
class Reading:
    """One reading of the whole list; `whole` is False while it is running."""

    rows: dict[str, Row] = field(default_factory=dict)
    ranked: Sequence[Row] = ()
    desks: tuple[str, ...] = ()
    at: datetime | None = None
    began: float = 0.0
    seconds: float = 0.0
    whole: bool = False


class WaitingList:
    """The ranked list. `now` returns the time for pages; the reading intervals use a monotonic clock."""

    def __init__(self, desk: Gateway, now: Callable[[], datetime]) -> None:
        self._desk, self._now = desk, now
        self._reading = Reading()
        self._task: asyncio.Task[None] | None = None
        self._something = asyncio.Event()
        self._failed: TemporalUnavailableError | None = None
        self._doubted = 0.0

    async def current(self) -> Reading:
        """Return the last reading of the list, and start a new one if it is due.

        Raises TemporalUnavailableError if there is no reading yet and none is possible now. If a later reading fails, the previous
        one stays, with its time; `still_waiting` reports whether Temporal is unavailable.
        """
        reading = self._reading
        rest = max(FRESH_SECONDS, REST * reading.seconds)
        if self._task is None and (not reading.whole or time.monotonic() - reading.began > rest):
            self._task = asyncio.create_task(self._read())
        task = self._task
        if task is not None:
            # A short list is read again for each page, so that it is never out of date.
            if reading.whole and reading.seconds < SHORT_SECONDS:
                await asyncio.wait({task}, timeout=FIRST_PATIENCE_SECONDS)
            elif not self._something.is_set():
                await self._first(task)
            if task.done() and self._task is task:
                self._task = None
                self._failed = _failure(task)
                if self._failed is not None and not self._reading.rows:
                    raise self._failed
        return self._reading

    def doubt(self) -> None:
        """Query rows again before they are shown, even of a fresh reading, because a decision was sent."""
        self._doubted = time.monotonic()

    async def close(self) -> None:
        """Cancel a running reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def still_waiting(self, rows: Sequence[Row]) -> list[Row]:
        """Query visibility again for a page's rows; return those that still wait, up to date, in the same order.

        Raises TemporalUnavailableError, also if there is no row to query and the last reading failed.
        """
        if not rows and self._failed is not None:
            raise self._failed
        began = self._reading.began
        if not rows or (time.monotonic() - began < FRESH_SECONDS and began > self._doubted):
            return list(rows)
        ids = ", ".join(f"'{row.request_id}'" for row in rows)
        executions, _ = await self._desk.page(f"{WAITING} AND WorkflowId IN ({ids})", len(rows) * 2)
        now = {row.request_id: row for row in map(row_of, executions)}
        gone = {row.request_id for row in rows} - now.keys()
        if gone:
            self._reading.rows = {name: row for name, row in self._reading.rows.items() if name not in gone}
            self._rank()
        return [now[row.request_id] for row in rows if row.request_id in now]

    async def _first(self, task: asyncio.Task[None]) -> None:
        """Wait for the first reading (of a long list only for its first part), or for its failure."""
        await asyncio.wait({task}, timeout=WHOLE_PATIENCE_SECONDS)
        something = asyncio.create_task(self._something.wait())
        await asyncio.wait(
            {task, something}, timeout=FIRST_PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        something.cancel()

    async def _read(self) -> None:
        """Read the whole list; the previous reading is shown until then."""
        reading = Reading(began=time.monotonic())
        first = not self._reading.whole
        token = b""
        while True:
            size = _PAGE if token or not first else _FIRST_PAGE
            executions, token = await self._desk.page(WAITING, size, token, READING_TIMEOUT)
            for begin in range(0, len(executions), _AT_ONCE):
                for found in executions[begin : begin + _AT_ONCE]:
                    row = row_of(found, self._reading.rows.get(found.execution.workflow_id))
                    reading.rows[row.request_id] = row
                await asyncio.sleep(0)
            if not token:
                break
            if first:
                self._show(reading)
        reading.seconds, reading.whole = time.monotonic() - reading.began, True
        self._show(reading)

    def _show(self, reading: Reading) -> None:
        reading.at = self._now()
        self._reading = reading
        self._rank()
        self._something.set()

    def _rank(self) -> None:
        reading = self._reading
        now = self._now()
        reading.ranked = sorted(reading.rows.values(), key=lambda row: row.place(now))
        reading.desks = tuple(sorted({row.desk for row in reading.ranked if row.desk}))


def _failure(task: asyncio.Task[None]) -> TemporalUnavailableError | None:
    """Return why a reading failed; errors that are not Temporal's are raised unchanged."""
    try:
        task.result()
    except TemporalUnavailableError as away:
        return away
    return None
