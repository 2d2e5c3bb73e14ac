"""The one translation of Temporal's errors into those of dispatch/models/errors.py, for activities and runtime alike.

It reads status codes and the details that Temporal sends with them, never the words of a message.
"""

from typing import Final

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from dispatch.models.errors import TemporalUnavailableError, UnavailableError, WorkerUnavailableError

NAMESPACE_REMEDY: Final = (
    "Create the namespace ('temporal operator namespace create') or correct TEMPORAL_NAMESPACE."
)
_REMEDIES: Final = {
    RPCStatusCode.NOT_FOUND: NAMESPACE_REMEDY,
    RPCStatusCode.PERMISSION_DENIED: "Correct TEMPORAL_API_KEY, or the key's rights.",
    RPCStatusCode.UNAUTHENTICATED: "Correct TEMPORAL_API_KEY, or the client's certificate.",
    RPCStatusCode.UNAVAILABLE: "Try again when Temporal is back.",
    RPCStatusCode.DEADLINE_EXCEEDED: "Try again when Temporal answers in time.",
}
_WORKER_SILENT: Final = frozenset(
    {
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        # No worker has polled for a long time.
        RPCStatusCode.FAILED_PRECONDITION,
        # Queries queue up while no worker takes them.
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }
)

WorkerError = (
    WorkflowUpdateRPCTimeoutOrCancelledError
    | WorkflowQueryRejectedError
    | WorkflowQueryFailedError
    | WorkflowUpdateFailedError
)
"""Errors of the SDK if a worker did not answer, or answered with a failure."""


def is_not_found(error: RPCError) -> bool:
    """Return whether the workflow or schedule does not exist, or takes no more messages.

    A missing namespace has the same status; the details distinguish it.
    """
    return error.status is RPCStatusCode.NOT_FOUND and not _is_namespace_missing(error)


def is_worker_silent(error: RPCError) -> bool:
    """Return whether Temporal gives this status while no worker takes the call."""
    return error.status in _WORKER_SILENT


def temporal_unavailable(error: RPCError) -> TemporalUnavailableError:
    """Build the sentence for an answer of Temporal that is not about one request."""
    remedy = _REMEDIES.get(error.status, "See Temporal's own log.")
    what = error.message[:200].rstrip(".") or error.status.name.lower().replace("_", " ")
    return TemporalUnavailableError(f"Temporal refused: {what}. {remedy}")


def worker_silent(request_id: str, seconds: float) -> WorkerUnavailableError:
    """Build the sentence for a request that no worker answers for in time."""
    return WorkerUnavailableError(
        f"no worker answers for {request_id} within {seconds:g} s; start one ('python worker.py') or ask again"
    )


def worker_error(error: WorkerError, request_id: str, seconds: float) -> WorkerUnavailableError:
    """Translate what the SDK raises in a worker's place."""
    if isinstance(error, WorkflowQueryFailedError | WorkflowUpdateFailedError):
        cause = error.cause if isinstance(error, WorkflowUpdateFailedError) else None
        return WorkerUnavailableError(f"{request_id} could not answer: {str(cause or error)[:200]}")
    return worker_silent(request_id, seconds)


def not_answered(error: RPCError | WorkflowUpdateRPCTimeoutOrCancelledError, asked: str) -> UnavailableError:
    """Build the error of an activity that asked another workflow, which the next attempt asks again."""
    why = str(temporal_unavailable(error)) if isinstance(error, RPCError) else "no worker answers in time"
    return UnavailableError(f"{asked} cannot be asked: {why}")


def _is_namespace_missing(error: RPCError) -> bool:
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details)
