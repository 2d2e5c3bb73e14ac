"""Follows what Temporal lists, reads the histories of requests that moved, and starts a delivery for each event.

Requests are not involved: webhooks add no event to their histories.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryReverseRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.failures import translated
from activities.following.turns import OVERLAP, TURN, follow_for_a_turn, resumed
from activities.webhooks.events import Happened, event_of_refusal, events_of, message_id
from dispatch.audit.read.trail import trail_of_events
from dispatch.models.request.status import WAITING_STATES
from dispatch.models.webhooks import ABOUT, DELIVERY, DeliveryInput, Watched
from dispatch.storage.not_taken_in import NotTakenIn
from dispatch.storage.webhooks_file import WebhooksFile
from dispatch.temporal_errors import is_not_found

_SHOWN: Final = ("RequestState", "NextOwner", "Desk", "ReviewPoint")
_WAITING: Final = frozenset(json.dumps(state).encode() for state in WAITING_STATES)
_PAGE: Final = 1000
_REST: Final = 3
"""The pause after a look, in multiples of its duration, because a look over many open requests loads the server."""
_MOST_TOLD: Final = 10_000
"""Deliveries that are remembered as started; for evicted ones Temporal refuses a second start."""

log = structlog.get_logger("webhooks")


class Seen(NamedTuple):
    """One look: the listed rows, and the requests that must be read because of them."""

    marks: dict[str, "_Mark"]
    ended: set[str]
    due: list[str]


class _Mark(NamedTuple):
    """The raw row of an open request; it changes with each event that a receiver may get."""

    run_id: str
    shown: tuple[bytes, ...]

    @property
    def waits(self) -> bool:
        return self.shown[0] in _WAITING


class WebhookFollower:
    """One for each worker: it remembers the rows that it has read from one turn to the next."""

    def __init__(
        self,
        client: Client,
        file: WebhooksFile,
        refused: NotTakenIn,
        task_queue: str,
        every: timedelta,
        give_up_after: timedelta,
        stopping: asyncio.Event | None = None,
    ) -> None:
        self._client, self._file, self._refused, self._task_queue = client, file, refused, task_queue
        self._every, self._give_up_after = every, give_up_after
        self._stopping = stopping or asyncio.Event()
        self._ours = f"WorkflowType = 'Coordinator' AND TaskQueue = '{task_queue}'"
        self._seen: Seen | None = None
        self._told: dict[str, None] = {}

    @activity.defn(name="webhook.follow")
    async def follow(self, begin: Watched) -> Watched:
        """Follow for a turn, or until this worker stops, and return the checkpoint.

        Raises ApplicationError, which is retried, if Temporal, the file of webhooks or the list of refusals cannot be
        read.
        """
        with translated():
            attempt = _Attempt(self, resumed(begin))
            await follow_for_a_turn(attempt.look, lambda: attempt.so_far, self._every, TURN, self._stopping)
            return attempt.so_far

    async def look(self, since: datetime) -> Seen:
        """Read the lists and return the requests that changed since the last look, and those that ended.

        The first look of a process has no earlier rows: every open request is read once.
        """
        before = self._seen
        marks = {
            one.execution.workflow_id: _mark(one) async for one in self._listed("ExecutionStatus = 'Running'")
        }
        due = [
            request_id
            for request_id, mark in marks.items()
            if before is None
            or (mark.waits if (was := before.marks.get(request_id)) is None else was != mark)
        ]
        query = f"ExecutionStatus != 'Running' AND CloseTime > '{since.astimezone(UTC).isoformat()}'"
        ended = {one.execution.run_id: one.execution.workflow_id async for one in self._listed(query)}
        due += [one for run, one in ended.items() if before is None or run not in before.ended]
        return Seen(marks, set(ended), list(dict.fromkeys(due)))

    def settle(self, seen: Seen) -> None:
        """Remember a look whose requests were all read and reported."""
        self._seen = seen

    async def read(self, request_id: str, since: datetime) -> list[Happened]:
        """Return the events of a request, from the histories that Temporal still has; none if nothing happened since."""
        try:
            if await self._last_event(request_id) <= since:
                return []
            events = await self._events(request_id)
        except RPCError as error:
            if is_not_found(error):
                return []  # its retention is over
            raise
        return list(events_of(await asyncio.to_thread(trail_of_events, events)))

    async def refusals(self, since: datetime) -> list[Happened]:
        """Return the events of requests that a door refused."""
        return [event_of_refusal(one) for one in await asyncio.to_thread(self._refused.since, since)]

    async def tell(self, happened: Iterable[Happened]) -> int:
        """Start a delivery for each receiver of each event, once; return how many."""
        webhooks, started = await asyncio.to_thread(self._file.read), 0
        for known_by, message in happened:
            for webhook in webhooks:
                delivery_id = message_id(webhook.name, known_by)
                if delivery_id in self._told or not webhook.wants(message.type, message.data.desk):
                    continue
                delivery = DeliveryInput(
                    webhook=webhook.name, message=message, give_up_after=self._give_up_after
                )
                try:
                    await self._client.start_workflow(
                        DELIVERY,
                        delivery,
                        id=delivery_id,
                        task_queue=self._task_queue,
                        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                        memo={ABOUT: {"webhook": webhook.name, "event": message.type, "id": message.data.id}},
                        static_summary=f"{message.type} of {message.data.id} to {webhook.name}",
                    )
                    started += 1
                except WorkflowAlreadyStartedError:
                    pass  # started by an earlier attempt
                self._told[delivery_id] = None
        while len(self._told) > _MOST_TOLD:
            del self._told[next(iter(self._told))]
        return started

    async def _last_event(self, request_id: str) -> datetime:
        """Return the time of the last event, which costs a tenth of reading the history."""
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace,
            execution=WorkflowExecution(workflow_id=request_id),
            maximum_page_size=1,
        )
        found = await self._client.workflow_service.get_workflow_execution_history_reverse(request)
        return found.history.events[0].event_time.ToDatetime(tzinfo=UTC)

    async def _events(self, request_id: str) -> list[HistoryEvent]:
        """Return every event that Temporal has of a request, its earlier histories first."""
        events: list[HistoryEvent] = []
        run_id: str | None = None
        while run_id != "":
            handle = self._client.get_workflow_handle(request_id, run_id=run_id)
            try:
                run = [event async for event in handle.fetch_history_events()]
            except RPCError as error:
                if events and is_not_found(error):
                    break  # the retention of an earlier history is over
                raise
            events = [*run, *events]
            run_id = run[0].workflow_execution_started_event_attributes.continued_execution_run_id
        return events

    async def _listed(self, which: str) -> AsyncIterator[WorkflowExecutionInfo]:
        """Yield raw rows: the SDK's own parsing costs ten times as much, and ten thousand may wait."""
        request = ListWorkflowExecutionsRequest(
            namespace=self._client.namespace, page_size=_PAGE, query=f"{self._ours} AND {which}"
        )
        while True:
            page = await self._client.workflow_service.list_workflow_executions(request)
            for found in page.executions:
                yield found
            if not page.next_page_token:
                return
            request.next_page_token = page.next_page_token


class _Attempt:
    """One attempt: earlier events were reported by the previous one."""

    def __init__(self, follower: WebhookFollower, begin: Watched) -> None:
        self.so_far = begin
        self._follower, self._since = follower, begin.until - OVERLAP
        # By Temporal's clock, not this machine's.
        self._started_at, self._started = activity.info().started_time, time.monotonic()

    async def look(self) -> None:
        """Report the events since the last look; without any it costs two lists."""
        begun_at = self._started_at + timedelta(seconds=time.monotonic() - self._started)
        told = await self._tell(await self._follower.refusals(self.so_far.until - OVERLAP))
        seen = await self._follower.look(self.so_far.until - OVERLAP)
        for request_id in seen.due:
            told += await self._tell(await self._follower.read(request_id, self._since))
        self._follower.settle(seen)
        if told:
            log.info("webhooks started", number=told)
        self.so_far = Watched(until=max(begun_at, self.so_far.until), told=self.so_far.told + told)
        took = self._started_at + timedelta(seconds=time.monotonic() - self._started) - begun_at
        await asyncio.sleep(_REST * took.total_seconds())

    async def _tell(self, happened: Iterable[Happened]) -> int:
        return await self._follower.tell(one for one in happened if one.message.timestamp > self._since)


def _mark(found: WorkflowExecutionInfo) -> _Mark:
    fields = found.search_attributes.indexed_fields
    return _Mark(
        found.execution.run_id, tuple(fields[name].data if name in fields else b"" for name in _SHOWN)
    )
