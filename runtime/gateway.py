"""The gateway to Temporal for programs other than workers: command line, inbox, demo and the Python API.

It raises RequestNotFoundError, RequestClosedError, WorkerUnavailableError and TemporalUnavailableError, no others.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

from pydantic import JsonValue
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from dispatch.models.errors import (
    DispatchError,
    RequestClosedError,
    RequestNotFoundError,
    TemporalUnavailableError,
)
from dispatch.models.request.follow_up import AnyDetail, FollowUpDetail, FollowUpOutcome
from dispatch.models.request.list_summary import LIST_SUMMARY
from dispatch.models.request.message_names import MessageName
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import RequestState, Status
from dispatch.models.request.submission import Submission
from dispatch.models.trail import Outcome, TrailEntry
from dispatch.process.list_summary import as_memo, summary_of_arrival
from dispatch.ranking.organisations import fairness_key
from dispatch.temporal_errors import (
    is_not_found,
    is_worker_silent,
    temporal_unavailable,
    worker_error,
    worker_silent,
)
from runtime.gateway_types import (
    DecisionOutcome,
    RequestDescription,
    Submitted,
    description_of,
    request_id_of,
)
from runtime.rows import ALL, COORDINATOR, WAITING, WORKFLOW_TYPES, Row, row_of
from runtime.settings import Settings
from workflows.search_attributes import OWNER, STATE

R = TypeVar("R")
Connect = Callable[[], Awaitable[Client]]

WORKER_TIMEOUT: Final = timedelta(seconds=10)
"""Timeout for answers of a worker, which may have to read the request's history first."""
LOOK_TIMEOUT: Final = timedelta(seconds=10)
"""Timeout for answers of Temporal itself."""
CONTENT: Final = "content"
"""The memo with the digest of what a request's sender wrote."""
_PAGE: Final = 1000


class Gateway:
    """Connects when it is first needed, and tries again later if Temporal was unavailable."""

    def __init__(
        self,
        connect: Connect,
        worker_timeout: timedelta | None = None,
        look_timeout: timedelta | None = None,
    ) -> None:
        self._connect = connect
        self._worker_timeout = worker_timeout or WORKER_TIMEOUT
        self._look_timeout = look_timeout or LOOK_TIMEOUT
        self._client: Client | None = None

    @classmethod
    def over(cls, client: Client) -> "Gateway":
        """Build a gateway over a connected client."""

        async def connected() -> Client:
            return client

        return cls(connected)

    async def client(self) -> Client:
        """Return the client; raises TemporalUnavailableError."""
        if self._client is None:
            try:
                self._client = await self._connect()
            except DispatchError as error:
                raise TemporalUnavailableError(str(error)) from None
        return self._client

    async def submit(self, settings: Settings, submission: Submission) -> Submitted:
        """Start the request; the same desk and trigger again is the same request, running or closed.

        Raises TemporalUnavailableError.
        """
        request_id = request_id_of(submission)
        state, owner = (STATE, RequestState.INTAKE.value), (OWNER, "coordinator")
        received = submission.trigger.received_at.isoformat()
        try:
            await (await self.client()).start_workflow(
                COORDINATOR,
                submission,
                id=request_id,
                task_queue=settings.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(*state), SearchAttributePair(*owner)]
                ),
                memo={
                    LIST_SUMMARY: as_memo(summary_of_arrival(submission)),
                    CONTENT: submission.trigger.content,
                },
                # Triage has not ranked it yet; its organisation is known, so its first steps are shared fairly too.
                priority=Priority(fairness_key=fairness_key(submission.sender.address)),
                static_summary=submission.subject[:200] or "(no subject)",
                static_details=f"trigger: {submission.trigger.kind} received {received}",
                rpc_timeout=self._look_timeout,
            )
        except WorkflowAlreadyStartedError:
            differs = await self._began_otherwise(request_id, submission.trigger.content)
            return Submitted(request_id, new=False, automatic=submission.automatic, differs=differs)
        except RPCError as error:
            raise temporal_unavailable(error) from None
        return Submitted(request_id, new=True, automatic=submission.automatic)

    async def _began_otherwise(self, request_id: str, content: str) -> bool:
        """Check whether a request began with other content, where both are known."""
        async with self._translated(request_id, by_worker=False):
            seen = await (await self._handle(request_id)).describe(rpc_timeout=self._look_timeout)
            before = (await seen.memo()).get(CONTENT, "")
        return bool(before and content) and before != content

    async def describe(self, request_id: str) -> RequestDescription:
        """Return a request's status as far as Temporal knows it."""
        async with self._translated(request_id, by_worker=False):
            seen = await (await self._handle(request_id)).describe(rpc_timeout=self._look_timeout)
            if seen.workflow_type not in WORKFLOW_TYPES:
                raise _no_request(request_id)
            summary = await seen.static_summary() or ""
        return description_of(seen, summary)

    async def status(self, request_id: str) -> Status:
        """Query a request's status."""
        return await self._query(request_id, "status", Status)

    async def detail(self, request_id: str) -> RequestDetail | FollowUpDetail:
        """Query everything that a person needs to decide on a request, or on a follow-up."""
        return (await self._query(request_id, "detail", AnyDetail)).root

    async def request_detail(self, request_id: str) -> RequestDetail:
        """Query the detail of a request; a follow-up check is not found."""
        detail = await self.detail(request_id)
        if not isinstance(detail, RequestDetail):
            raise RequestNotFoundError(f"there is no request {request_id}; it is a follow-up check")
        return detail

    async def follow_up_detail(self, request_id: str) -> FollowUpDetail:
        """Query the detail of a follow-up check; a request is not found."""
        detail = await self.detail(request_id)
        if not isinstance(detail, FollowUpDetail):
            raise RequestNotFoundError(f"there is no follow-up check {request_id}; it is a request")
        return detail

    async def trail(self, request_id: str) -> list[TrailEntry]:
        """Return the record of a request; for a closed one from its result, without a worker."""
        description = await self.describe(request_id)
        if description.kind == COORDINATOR and description.status is WorkflowExecutionStatus.COMPLETED:
            outcome = await self.outcome(request_id)
            if outcome is not None:
                return list(outcome.trail)
        return await self._query(request_id, "trail", list[TrailEntry])

    async def outcome(self, request_id: str) -> Outcome | None:
        """Return the outcome of an ended request, without a worker; None if it failed or was terminated."""
        return await self._result(request_id, Outcome)

    async def follow_up_outcome(self, request_id: str) -> FollowUpOutcome | None:
        """Return the outcome of an ended follow-up check, as `outcome`."""
        return await self._result(request_id, FollowUpOutcome)

    async def decide(self, request_id: str, decision: Mapping[str, JsonValue]) -> DecisionOutcome:
        """Send a decision and wait for its result."""
        return await self.update(request_id, MessageName.DECIDE, decision, DecisionOutcome)

    async def update(
        self, request_id: str, name: MessageName, payload: Mapping[str, JsonValue], result: type[R]
    ) -> R:
        """Send an update and wait for its answer."""
        async with self._translated(request_id, by_worker=True):
            answer: R = await (await self._handle(request_id)).execute_update(
                name, dict(payload), result_type=result, rpc_timeout=self._worker_timeout
            )
            return answer

    async def signal(self, request_id: str, name: str, payload: Mapping[str, JsonValue]) -> None:
        """Send a signal; a worker reads it from the request's history later."""
        async with self._translated(request_id, by_worker=False):
            request = await self._handle(request_id)
            await request.signal(name, dict(payload), rpc_timeout=self._look_timeout)

    async def rows(self, *, waiting_only: bool = False, limit: int = 50) -> AsyncIterator[Row]:
        """Yield requests, newest first, from Temporal's visibility only."""
        token, left = b"", limit
        while left > 0:
            found, token = await self.page(WAITING if waiting_only else ALL, min(left, _PAGE), token)
            for one in found[:left]:
                yield row_of(one)
            left -= len(found)
            if not token:
                return

    async def page(
        self, query: str, size: int, token: bytes = b"", wait: timedelta | None = None
    ) -> tuple[list[WorkflowExecutionInfo], bytes]:
        """Return one page of Temporal's visibility, and the token of the next page, empty after the last."""
        client = await self.client()
        request = ListWorkflowExecutionsRequest(
            namespace=client.namespace, page_size=size, query=query, next_page_token=token
        )
        try:
            answer = await client.workflow_service.list_workflow_executions(
                request, timeout=wait or self._look_timeout
            )
        except RPCError as error:
            raise temporal_unavailable(error) from None
        return list(answer.executions), answer.next_page_token

    async def _handle(self, request_id: str, result: type | None = None) -> WorkflowHandle[Any, Any]:
        return (await self.client()).get_workflow_handle(request_id, result_type=result)

    async def _result(self, request_id: str, kind: type[R]) -> R | None:
        async with self._translated(request_id, by_worker=False):
            handle = await self._handle(request_id, kind)
            try:
                result: R = await handle.result(rpc_timeout=self._look_timeout)
            except WorkflowFailureError:
                return None
        return result

    async def _query(self, request_id: str, query: str, result: type[R]) -> R:
        async with self._translated(request_id, by_worker=True):
            answer: R = await (await self._handle(request_id)).query(
                query, result_type=result, rpc_timeout=self._worker_timeout
            )
            return answer

    @asynccontextmanager
    async def _translated(self, request_id: str, *, by_worker: bool) -> AsyncIterator[None]:
        """Translate Temporal's errors; a worker that does not answer is not an error of Temporal."""
        seconds = self._worker_timeout.total_seconds()
        try:
            yield
        except RPCError as error:
            unknown = error.status is RPCStatusCode.INVALID_ARGUMENT
            if is_not_found(error) or unknown:
                if not await self._exists(request_id):
                    raise _no_request(request_id) from None
                if not unknown:
                    raise RequestClosedError(
                        f"{request_id} is closed; it takes no more messages. See 'dispatch trail {request_id}'."
                    ) from None
            if by_worker and (unknown or is_worker_silent(error)):
                raise worker_silent(request_id, seconds) from None
            raise temporal_unavailable(error) from None
        except (
            WorkflowUpdateRPCTimeoutOrCancelledError,
            WorkflowQueryRejectedError,
            WorkflowQueryFailedError,
            WorkflowUpdateFailedError,
        ) as error:
            raise worker_error(error, request_id, seconds) from None

    async def _exists(self, request_id: str) -> bool:
        """Distinguish an ended request from one that never existed: Temporal answers a message to either in the same way."""
        try:
            await (await self._handle(request_id)).describe(rpc_timeout=self._look_timeout)
        except RPCError as error:
            if is_not_found(error) or error.status is RPCStatusCode.INVALID_ARGUMENT:
                return False
            raise temporal_unavailable(error) from None
        return True


def _no_request(request_id: str) -> RequestNotFoundError:
    return RequestNotFoundError(f"there is no request {request_id}. See 'dispatch list'.")
