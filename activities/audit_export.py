"""Exports the histories of closed requests to the audit store.

The sweep, the follower (following/audit.py) and the command line call the same functions.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError

from activities.failures import translated
from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.store.document import Document, NotClosedError, document_of
from dispatch.audit.store.store import AuditStore
from dispatch.audit.store_models import Exported, Missing
from dispatch.models.errors import AuditStoreError, ChainNotTrustedError
from dispatch.temporal_errors import is_not_found

log = structlog.get_logger("audit")

BATCH: Final = 20
"""Requests of one batch, whose lines are signed and synced together."""
MOST_MISSING: Final = 200
"""Request ids in one answer; a sweep asks again for more."""
_MOST_EVENTS: Final = 5_000
"""Events held in memory before they are written out, within a batch."""
_GONE_ON: Final = WorkflowExecutionStatus.CONTINUED_AS_NEW


class AuditExport:
    """Reads from Temporal with the desk's own connection, and writes to one audit store.

    `workflow_types` and `task_queue` say whose requests they are: a namespace may hold other desks' work. What
    `is_erased` is never missing.
    """

    def __init__(
        self,
        client: Client,
        store: AuditStore,
        extract: ExtractFile,
        task_queue: str,
        workflow_types: Iterable[str],
        is_erased: Callable[[str], bool],
    ) -> None:
        self._client, self._store, self._extract, self._is_erased = client, store, extract, is_erased
        types = ", ".join(f"'{name}'" for name in sorted(workflow_types))
        self._ours = f"WorkflowType IN ({types}) AND TaskQueue = '{task_queue}'"
        self._not_ours = f"WorkflowType IN ({types}) AND TaskQueue != '{task_queue}'"

    @activity.defn(name="audit.list_missing")
    async def list_missing(self) -> Missing:
        """Check what Temporal lists as closed against the store.

        A request counts as closed when none of its runs is open; one with a run that the store lacks is missing.
        Raises ApplicationError where Temporal or the store cannot be read.
        """
        with translated():
            still_open = {found.id async for found in self._listed("ExecutionStatus = 'Running'")}
            closed: dict[str, str] = {}
            async for found in self._listed("ExecutionStatus != 'Running'"):
                _beat()
                if found.id not in still_open and found.status is not _GONE_ON:
                    closed[found.run_id] = found.id
            missing = dict.fromkeys((await self.lacking(closed)).values())
            # The oldest first: Temporal lists the newest first, and the oldest are nearest to the end of their retention.
            ids = tuple(reversed(missing))
            return Missing(request_ids=ids[:MOST_MISSING], total=len(ids), closed=len(set(closed.values())))

    @activity.defn(name="audit.export_history")
    async def export_history(self, request_ids: Sequence[str]) -> Exported:
        """Export the whole history of each request, all its runs; exported ones stay unchanged.

        A request that cannot be read is named with the reason and does not prevent the others. Raises ApplicationError if
        the store itself cannot be written.
        """
        with translated():
            return await self.export(request_ids, _beat)

    async def export(self, request_ids: Sequence[str], beat: Callable[[], None] = lambda: None) -> Exported:
        """Export as `export_history` does; `beat` is called repeatedly meanwhile. Raises AuditStoreError."""
        exported: list[str] = []
        read: list[str] = []
        still_open: list[str] = []
        failed: dict[str, str] = {}
        documents: list[Document] = []
        for request_id in request_ids:
            beat()
            try:
                documents.append(await self.read(request_id, beat))
                read.append(request_id)
            except NotClosedError:
                still_open.append(request_id)
            except (RPCError, ValueError, KeyError, AuditStoreError) as error:
                failed[request_id] = f"{type(error).__name__}: {error}"[:300]
            if sum(len(run.events) for document in documents for run in document.runs) > _MOST_EVENTS:
                exported += await self._append(documents)
                documents.clear()
        exported += await self._append(documents)
        return Exported(
            exported=tuple(exported),
            already_there=tuple(one for one in read if one not in exported),
            still_open=tuple(still_open),
            failed=failed,
        )

    async def export_in_batches(self, request_ids: Sequence[str] = ()) -> AsyncIterator[Exported]:
        """Export requests, without ids all missing ones, and yield the result of each batch.

        Requests that close meanwhile are exported too; none is tried twice. Raises ApplicationError as
        `export_history` and `list_missing` do.
        """
        tried = set[str]()
        ids = list(request_ids or (await self.list_missing()).request_ids)
        while ids:
            tried.update(ids)
            for first in range(0, len(ids), BATCH):
                yield await self.export_history(ids[first : first + BATCH])
            more = () if request_ids else (await self.list_missing()).request_ids
            ids = [one for one in more if one not in tried]

    async def _append(self, documents: Sequence[Document]) -> list[str]:
        with _refusal_logged():
            lines = await asyncio.to_thread(self._store.append, documents, datetime.now(UTC))
        try:
            await asyncio.to_thread(self._extract.catch_up)
        except AuditStoreError as error:
            # The extract can be rebuilt at any time; the exports are complete.
            log.warning("the extract for an auditor's questions is behind", reason=str(error))
        return [line.request_id for line in lines]

    async def closed_since(self, moment: datetime) -> dict[str, str]:
        """Return run id -> request id of the runs that Temporal lists as closed after a moment of its clock, oldest first.

        Runs that continued in a new history are left out. Raises RPCError.
        """
        query = f"ExecutionStatus != 'Running' AND CloseTime > '{moment.astimezone(UTC).isoformat()}'"
        found = [(one.run_id, one.id) async for one in self._listed(query) if one.status is not _GONE_ON]
        return dict(reversed(found))

    async def lacking(self, closed: Mapping[str, str]) -> dict[str, str]:
        """Return those of `closed` (run id -> request id) that are due for export. Raises AuditStoreError."""
        with _refusal_logged():
            index = await asyncio.to_thread(self._store.index)
        return {
            run_id: request_id
            for run_id, request_id in closed.items()
            if run_id not in index.runs and not self._is_erased(request_id)
        }

    async def read(self, request_id: str, beat: Callable[[], None] = lambda: None) -> Document:
        """Read every run that Temporal still has of a request.

        Raises NotClosedError if one is open, AuditStoreError if there is none or it was erased, RPCError.
        """
        if self._is_erased(request_id):
            raise AuditStoreError(f"{request_id} was erased; it is not exported again")
        last = await self._last_run(request_id)
        quoted = request_id.replace("'", "''")
        # The list lags behind: it may lack the last run, or still show it as open. Earlier runs are closed.
        ids = [found.run_id async for found in self._client.list_workflows(f"WorkflowId = '{quoted}'")]
        runs: dict[str, Any] = {}
        for run_id in dict.fromkeys([*ids, last]):
            history = await self._client.get_workflow_handle(request_id, run_id=run_id).fetch_history()
            runs[run_id] = await asyncio.to_thread(_events, history)
            beat()
        return document_of(request_id, runs)

    async def _last_run(self, request_id: str) -> str:
        try:
            described = await self._client.get_workflow_handle(request_id).describe()
        except RPCError as error:
            if not is_not_found(error):
                raise
            raise AuditStoreError(f"Temporal has no request {request_id}; see 'dispatch list'") from None
        if described.status is WorkflowExecutionStatus.RUNNING:
            raise NotClosedError(f"{request_id} is still open")
        return described.run_id

    async def refusal(self) -> str | None:
        """Return why exports wait for a person; None if they continue. Raises AuditStoreError."""
        return await asyncio.to_thread(self._store.refusal)

    async def elsewhere(self) -> int:
        """Count closed requests of the same kinds on other task queues, which this store does not hold."""
        counted = await self._client.count_workflows(f"{self._not_ours} AND ExecutionStatus != 'Running'")
        return counted.count

    async def _listed(self, which: str) -> AsyncIterator[Any]:
        async for found in self._client.list_workflows(f"{self._ours} AND {which}", page_size=1000):
            yield found


def _events(history: WorkflowHistory) -> Sequence[dict[str, Any]]:
    events: Sequence[dict[str, Any]] = history.to_json_dict()["events"]
    return events


@contextmanager
def _refusal_logged() -> Iterator[None]:
    """Log an untrusted chain in a worker; the command line prints it itself."""
    try:
        yield
    except ChainNotTrustedError as error:
        if activity.in_activity():
            said = "the audit store is not as this machine left it: nothing is exported"
            log.error(said, reason=str(error))  # noqa: TRY400 (a sentence, not a stack)
        raise


def _beat() -> None:
    if activity.in_activity():
        activity.heartbeat()
