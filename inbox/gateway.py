"""The desk as the inbox reaches it: Temporal's describe, queries, updates and signals, with its failures in four words."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import JsonValue
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from dispatch.models.errors import DispatchError
from dispatch.models.request.follow_up import AnyDetail, FollowUpDetail, FollowUpOutcome
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.trail import Outcome, TrailEntry

R = TypeVar("R")
Connect = Callable[[], Awaitable[Client]]

LOOK_TIMEOUT: Final = timedelta(seconds=3)
"""For what Temporal itself answers."""
WORKER_TIMEOUT: Final = timedelta(seconds=6)
"""For what a worker has to answer, which may have to read the request's history first."""
TYPES: Final = ("Coordinator", "FollowUp")

_TOO_SLOW: Final = frozenset({RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
# Nobody has polled for long, or queries queue up while nobody takes them.
_NOBODY: Final = frozenset({RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.RESOURCE_EXHAUSTED})


class TemporalUnavailableError(DispatchError):
    """Temporal is not reached, or does not answer in time."""


class WorkerUnavailableError(DispatchError):
    """No worker answers for the request."""


class NoSuchRequestError(DispatchError):
    """There is no request of this id."""


class RequestClosedError(DispatchError):
    """The request has ended and takes no more messages."""


@dataclass(frozen=True)
class Found:
    """A request as Temporal describes it, without asking a worker; `mark` changes with every event."""

    request_id: str
    kind: str
    status: WorkflowExecutionStatus
    started: datetime
    closed: datetime | None
    run_id: str
    namespace: str
    mark: str
    summary: str

    @property
    def is_running(self) -> bool:
        return self.status is WorkflowExecutionStatus.RUNNING


@dataclass(frozen=True)
class DecisionOutcome:
    """What became of a decision; `kept` until a gate opens that it fits."""

    accepted: bool
    kept: bool
    reason: str


class Gateway:
    """Connects when it is first needed, and again while Temporal was away at that time."""

    def __init__(self, connect: Connect, worker_timeout: timedelta = WORKER_TIMEOUT) -> None:
        self._connect, self._worker_timeout = connect, worker_timeout
        self._client: Client | None = None

    async def client(self) -> Client:
        """Give the client; raises TemporalAway."""
        if self._client is None:
            try:
                self._client = await self._connect()
            except DispatchError as error:
                raise TemporalUnavailableError(str(error)) from None
        return self._client

    async def describe(self, request_id: str) -> Found:
        """Say where a request stands as far as Temporal knows; raises NoSuchRequest, TemporalAway."""
        async with _told(request_id, by_worker=False):
            handle = (await self.client()).get_workflow_handle(request_id)
            seen = await handle.describe(rpc_timeout=LOOK_TIMEOUT)
            if seen.workflow_type not in TYPES or seen.status is None:
                raise NoSuchRequestError(f"there is no request {request_id}")
            summary = await seen.static_summary() or ""
        return Found(
            request_id=request_id,
            kind=seen.workflow_type,
            status=seen.status,
            started=seen.start_time,
            closed=seen.close_time,
            run_id=seen.run_id,
            namespace=seen.namespace,
            mark=f"{seen.run_id}.{seen.history_length}.{seen.status.name}",
            summary=summary,
        )

    async def detail(self, request_id: str) -> RequestDetail:
        """Give all that a person needs to decide; raises NobodyAnswers, NoSuchRequest, TemporalAway."""
        detail = (await self._query(request_id, "detail", AnyDetail)).root
        if not isinstance(detail, RequestDetail):
            raise NoSuchRequestError(f"there is no request {request_id}; it is a follow-up check")
        return detail

    async def follow_up(self, request_id: str) -> FollowUpDetail:
        """Give all that a person needs to settle a follow-up; raises as `dossier`."""
        detail = (await self._query(request_id, "detail", AnyDetail)).root
        if not isinstance(detail, FollowUpDetail):
            raise NoSuchRequestError(f"there is no follow-up check {request_id}; it is a request")
        return detail

    async def trail(self, request_id: str) -> list[TrailEntry]:
        return await self._query(request_id, "trail", list[TrailEntry])

    async def outcome(self, request_id: str) -> Outcome | None:
        """Give how an ended request ended, which needs no worker; None where it failed or was terminated."""
        return await self._result(request_id, Outcome)

    async def follow_up_outcome(self, request_id: str) -> FollowUpOutcome | None:
        """As `outcome`, of a follow-up."""
        return await self._result(request_id, FollowUpOutcome)

    async def decide(self, request_id: str, decision: Mapping[str, JsonValue]) -> DecisionOutcome:
        """Send a decision and wait for the word on it; raises RequestClosed, NobodyAnswers, NoSuchRequest, TemporalAway."""
        async with _told(request_id, by_worker=True):
            handle = (await self.client()).get_workflow_handle(request_id)
            said: dict[str, Any] = await handle.execute_update(
                "decide", dict(decision), result_type=dict[str, Any], rpc_timeout=self._worker_timeout
            )
        return DecisionOutcome(
            accepted=bool(said["accepted"]), kept=bool(said["kept"]), reason=str(said["reason"])
        )

    async def authorization(self, request_id: str, signal: str, payload: Mapping[str, JsonValue]) -> None:
        """Leave a signal in the request's history; raises RequestClosed, NoSuchRequest, TemporalAway."""
        async with _told(request_id, by_worker=False):
            handle = (await self.client()).get_workflow_handle(request_id)
            await handle.signal(signal, dict(payload), rpc_timeout=LOOK_TIMEOUT)

    async def _result(self, request_id: str, kind: type[R]) -> R | None:
        async with _told(request_id, by_worker=False):
            handle = (await self.client()).get_workflow_handle(request_id, result_type=kind)
            try:
                result: R = await handle.result(rpc_timeout=LOOK_TIMEOUT)
            except WorkflowFailureError:
                return None
        return result

    async def _query(self, request_id: str, query: str, result: type[R]) -> R:
        async with _told(request_id, by_worker=True):
            handle = (await self.client()).get_workflow_handle(request_id)
            answer: R = await handle.query(query, result_type=result, rpc_timeout=self._worker_timeout)
            return answer


@asynccontextmanager
async def _told(request_id: str, *, by_worker: bool) -> AsyncIterator[None]:
    """Turn Temporal's errors into the four that pages know; what a worker should have answered is not Temporal's fault."""
    try:
        yield
    except RPCError as error:
        raise _in_four_words(error, request_id, by_worker=by_worker) from None
    except (
        WorkflowUpdateRPCTimeoutOrCancelledError,
        WorkflowQueryRejectedError,
        WorkflowQueryFailedError,
        WorkflowUpdateFailedError,
    ):
        raise WorkerUnavailableError(f"no worker answers for {request_id} now") from None


def _in_four_words(error: RPCError, request_id: str, *, by_worker: bool) -> DispatchError:
    if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
        # Temporal says both so; only its words tell an ended request from one that never was.
        if "completed" in error.message:
            return RequestClosedError(f"{request_id} is closed; it takes no more decisions")
        return NoSuchRequestError(f"there is no request {request_id}")
    if error.status is RPCStatusCode.INVALID_ARGUMENT and not by_worker:
        return NoSuchRequestError(f"there is no request {request_id}")
    if by_worker and error.status in _TOO_SLOW | _NOBODY | {RPCStatusCode.INVALID_ARGUMENT}:
        return WorkerUnavailableError(f"no worker answers for {request_id} now")
    return TemporalUnavailableError(
        f"Temporal does not answer ({error.status.name.lower().replace('_', ' ')})"
    )
