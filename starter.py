# PYTHON_ARGCOMPLETE_OK
"""The door to the desk: a command line, and the same as Python functions.

    starter.py submit FILE... [--desk DESK]       mail files (.eml) and JSON requests
    starter.py answer ID field=value...           missing information
    starter.py approve|reject|respond ID --as WHO --reason "..."
    starter.py edit ID --as WHO parameter=value...
    starter.py withdraw ID | extend ID --as WHO --until TIME
    starter.py status ID | show ID | inbox | list | trail ID | explain ID
    starter.py keys new NAME | show [NAME] | revoke KEY_ID
    starter.py audit ... | what-if --playbook FILE

Exit codes:
    0         done; a decision or answer that the desk keeps and has not judged yet is done too, and says so
    1         the desk refused it, or a check found something wrong; what and why is printed
    2         wrong input, a key that cannot sign, or Temporal not reached; one sentence on stderr says which
    130, 143  ended by Ctrl-C or SIGTERM
    141       whoever read the output has gone, as with `| head`
"""

import hashlib
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import JsonValue
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from channels.folder.submissions import read_submission
from dispatch.models.errors import DispatchError, SubmissionError
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.follow_up import AnyDetail, FollowUpDetail
from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import Ending, RequestState, Status
from dispatch.models.request.submission import Submission
from dispatch.models.trail import Outcome, TrailEntry
from dispatch.process.list_summary import as_memo, read_summary, summary_of_arrival
from dispatch.storage.documents import DocumentStore
from runtime.settings import Settings
from workflows.coordinator import Coordinator
from workflows.parts.status_publisher import DESK, OWNER, PRIORITY, REVIEW_POINT, STATE

R = TypeVar("R")

ANSWER_TIMEOUT: Final = timedelta(seconds=10)
"""How long a query or an update may wait for a worker."""

_WAITING: Final = (
    RequestState.WAITING_FOR_APPROVAL,
    RequestState.WAITING_FOR_ROUTING,
    RequestState.WAITING_FOR_INFORMATION,
    RequestState.ESCALATED,
)


class WorkerUnavailableError(DispatchError):
    """No worker answers for the request."""


@dataclass(frozen=True)
class Submitted:
    """`new` is False where the same trigger had been submitted before: it is one request.

    `automatic` is the sign by which automatic mail was told, which is set apart and never answered.
    """

    request_id: str
    new: bool
    automatic: AutomaticMail | None = None


@dataclass(frozen=True)
class Row:
    """One request as Temporal's visibility lists it; `glance` is what one that waits says of itself, where it does."""

    request_id: str
    desk: str
    state: str
    owner: str
    review_point: datetime | None
    priority: int | None
    started: datetime
    list_summary: ListSummary | None = None


def request_id_of(submission: Submission) -> str:
    """Name the request by desk and trigger, so that one trigger is one request; a hash keeps addresses out of ids."""
    trigger = hashlib.sha256(submission.trigger.trigger_id.encode()).hexdigest()[:16]
    return f"{submission.desk or 'reception'}-{submission.trigger.kind}-{trigger}"


async def submit(client: Client, settings: Settings, submission: Submission) -> Submitted:
    """Start the request; the same desk and trigger again is the same request, running or closed."""
    request_id = request_id_of(submission)
    attributes = [SearchAttributePair(STATE, RequestState.INTAKE), SearchAttributePair(OWNER, "coordinator")]
    try:
        await client.start_workflow(
            Coordinator.run,
            submission,
            id=request_id,
            task_queue=settings.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=TypedSearchAttributes(attributes),
            memo={LIST_SUMMARY: as_memo(summary_of_arrival(submission))},
            static_summary=submission.subject[:200] or "(no subject)",
            static_details=f"trigger: {submission.trigger.kind} received {submission.trigger.received_at.isoformat()}",
        )
    except WorkflowAlreadyStartedError:
        return Submitted(request_id, new=False, automatic=submission.automatic)
    return Submitted(request_id, new=True, automatic=submission.automatic)


async def submit_file(client: Client, settings: Settings, path: Path, desk: str | None = None) -> Submitted:
    """Read a mail or JSON file and start the request.

    Raises SubmissionError naming the file, what is wrong and what to do.
    """
    store = DocumentStore(settings.documents_dir)
    return await submit(client, settings, read_submission(path, store, settings, desk=desk))


async def status_of(client: Client, request_id: str) -> Status:
    """Ask where a request stands.

    Raises NoWorker where nobody answers, SubmissionError where there is no such request.
    """
    return await _query(client, request_id, "status", Status)


async def detail_of(client: Client, request_id: str) -> RequestDetail | FollowUpDetail:
    """Ask for all that a person needs to decide on a request, or on a follow-up.

    Raises NoWorker where nobody answers, SubmissionError where there is no such request.
    """
    return (await _query(client, request_id, "detail", AnyDetail)).root


async def trail_of(client: Client, request_id: str) -> list[TrailEntry]:
    """Give the record of a request; of a closed one from its result, which needs no worker."""
    handle = client.get_workflow_handle(request_id, result_type=Outcome)
    with _sentences(request_id):
        described = await handle.describe()
        if described.status is WorkflowExecutionStatus.COMPLETED and described.workflow_type == "Coordinator":
            outcome: Outcome = await handle.result()
            return list(outcome.trail)
    return await _query(client, request_id, "trail", list[TrailEntry])


async def rows(client: Client, *, waiting_only: bool = False, limit: int = 50) -> AsyncIterator[Row]:
    """List requests, newest first, by Temporal's visibility alone."""
    query = "WorkflowType IN ('Coordinator', 'FollowUp')"
    if waiting_only:
        states = ", ".join(f"'{state}'" for state in _WAITING)
        query += f" AND ExecutionStatus = 'Running' AND RequestState IN ({states})"
    async for found in client.list_workflows(query, limit=limit, page_size=min(limit, 1000)):
        attributes = found.typed_search_attributes
        state = attributes.get(STATE) or ""
        yield Row(
            request_id=found.id,
            desk=attributes.get(DESK) or "",
            state=state,
            owner=attributes.get(OWNER) or "",
            review_point=attributes.get(REVIEW_POINT),
            priority=attributes.get(PRIORITY),
            started=found.start_time,
            # What it said when it waited last is of no use once it waits no longer; why it was set apart is.
            list_summary=_glance_of(found) if state in {*_WAITING, Ending.SET_APART} else None,
        )


def _glance_of(found: WorkflowExecution) -> ListSummary | None:
    fields = found.raw_info.memo.fields
    if LIST_SUMMARY not in fields:
        return None
    return read_summary(fields[LIST_SUMMARY].metadata.get("encoding", b""), fields[LIST_SUMMARY].data)


def decision_for(
    verdict: DecisionType,
    approver: str,
    proposal_id: str,
    digest: str,
    reason: str = "",
    edits: Mapping[str, JsonValue] | None = None,
) -> dict[str, JsonValue]:
    """Write a decision, as the `decide` signal takes it; bound to the digest that was shown."""
    return {
        "decision_id": f"d-{uuid.uuid4().hex[:16]}",
        "proposal_id": proposal_id,
        "action_digest": digest,
        "verdict": verdict.value,
        "edits": dict(edits or {}),
        "reason": reason,
        "approver": approver,
        "issued_at": datetime.now(UTC).isoformat(),
    }


async def decide(client: Client, request_id: str, decision: Mapping[str, JsonValue]) -> tuple[bool, str]:
    """Send a decision and give what became of it: accepted (or kept for a gate to come) or not, and why.

    Raises NoWorker where nobody answers within ANSWER_TIMEOUT.
    """
    accepted, reason = await send_decision(client, request_id, decision)
    return accepted is not False, reason


async def send_decision(
    client: Client, request_id: str, decision: Mapping[str, JsonValue]
) -> tuple[bool | None, str]:
    """As `decide`, but None for a decision that is kept until a gate opens that it fits.

    Raises NoWorker where nobody answers within ANSWER_TIMEOUT.
    """
    handle = client.get_workflow_handle(request_id)
    with _sentences(request_id):
        said: dict[str, Any] = await handle.execute_update(
            "decide", dict(decision), result_type=dict[str, Any], rpc_timeout=ANSWER_TIMEOUT
        )
    return None if said["kept"] else bool(said["accepted"]), str(said["reason"])


async def leave_signal(client: Client, request_id: str, name: str, payload: Mapping[str, JsonValue]) -> None:
    """Leave a signal in the request's history; it is read when a worker runs."""
    with _sentences(request_id):
        await client.get_workflow_handle(request_id).signal(name, dict(payload))


async def _query(client: Client, request_id: str, query: str, result: type[R]) -> R:
    handle = client.get_workflow_handle(request_id)
    with _sentences(request_id):
        answer: R = await handle.query(query, result_type=result, rpc_timeout=ANSWER_TIMEOUT)
        return answer


@contextmanager
def _sentences(request_id: str) -> Iterator[None]:
    """Turn Temporal's answers into sentences for the person who typed the command."""
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and "amespace" not in error.message:
            closed = "completed" in error.message
            raise SubmissionError(
                f"{request_id} is closed; it takes no more messages. See 'starter.py trail {request_id}'."
                if closed
                else f"there is no request {request_id}. See 'starter.py list'."
            ) from None
        if error.status in {
            RPCStatusCode.DEADLINE_EXCEEDED,
            RPCStatusCode.CANCELLED,
            RPCStatusCode.FAILED_PRECONDITION,
            # Temporal's word for queries that queue up while nobody takes them.
            RPCStatusCode.RESOURCE_EXHAUSTED,
        }:
            raise WorkerUnavailableError(
                f"no worker answers for {request_id} within {ANSWER_TIMEOUT.seconds} s; start one ('python worker.py') or ask again"
            ) from None
        raise
    except (WorkflowUpdateRPCTimeoutOrCancelledError, WorkflowQueryRejectedError):
        raise WorkerUnavailableError(
            f"no worker answers for {request_id} within {ANSWER_TIMEOUT.seconds} s; start one ('python worker.py') or ask again"
        ) from None
    except (WorkflowQueryFailedError, WorkflowUpdateFailedError) as error:
        raise SubmissionError(f"{request_id} could not answer: {str(error.cause or error)[:200]}") from None


if __name__ == "__main__":
    # Imported here, for the terminal is built on the functions above.
    from cli.commands import run

    sys.exit(run(sys.argv[1:]))
