"""Calls a quota workflow, and starts it with the first call."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, TypeVar

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from dispatch.models.contract import Contract
from dispatch.models.people.approval_quota import quota_task_queue
from dispatch.temporal_errors import not_answered

ANSWER_TIMEOUT: Final = timedelta(seconds=8)
"""The timeout of one call; three of them fit into the 30 seconds of a local activity."""

R = TypeVar("R", bound=Contract)


async def ask_workflow(
    workflow: str,
    update: str,
    question: Contract,
    answer: type[R],
    *,
    workflow_id: str,
    begins_with: Contract,
    summary: str,
    named: str,
    reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.ALLOW_DUPLICATE,
) -> R:
    """Return the answer to an update of a workflow on the accounts' queue, started by the same call if need be.

    Raises Unavailable if Temporal, or a worker, does not answer, and WorkflowAlreadyStartedError if
    `reuse` forbids to start it again.
    """
    start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        workflow,
        begins_with,
        id=workflow_id,
        task_queue=quota_task_queue(activity.info().task_queue),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=reuse,
        static_summary=summary,
    )
    try:
        response: R = await activity.client().execute_update_with_start_workflow(
            update,
            question,
            start_workflow_operation=start,
            result_type=answer,
            rpc_timeout=ANSWER_TIMEOUT,
        )
    except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, WorkflowAlreadyStartedError) as error:
        # The start holds the error too, and asyncio logs errors that are never retrieved.
        with suppress(RPCError, WorkflowAlreadyStartedError, asyncio.CancelledError):
            await start.workflow_handle()
        if isinstance(error, WorkflowAlreadyStartedError):
            raise
        raise not_answered(error, named) from error
    return response
