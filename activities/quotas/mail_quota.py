"""Asks the hourly quota for one automatic mail; the guardian is given this as a function."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from temporalio import activity
from temporalio.client import WithStartWorkflowOperation, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from dispatch.guard.mail_quota import address_digest, quota_workflow_id
from dispatch.models.errors import UnavailableError
from dispatch.models.people.approval_quota import quota_task_queue
from dispatch.models.work.mail_quota import (
    MAIL_QUOTA,
    RESERVE,
    MailQuotaAnswer,
    MailQuotaUsed,
    MailReservation,
)

ANSWER_TIMEOUT: Final = timedelta(seconds=10)


MOST_AT_ONCE: Final = 5
"""Of one process to one workflow: the server takes ten updates that are under way, and refuses the next."""


class MailQuotaDesk:
    """Reserves mails with the workflow that counts for an address; `limit` is how many an address may get in an hour."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._at_once: dict[str, asyncio.Semaphore] = {}

    async def reserve(self, recipient: str, key: str) -> MailQuotaAnswer:
        """Reserve one mail; `key` is its Message-ID.

        Runs inside an activity on the desk's task queue. Raises Unavailable where Temporal, or a worker to answer, is not
        reached.
        """
        digest, task_queue = address_digest(recipient), activity.info().task_queue
        workflow_id = quota_workflow_id(task_queue, digest)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            MAIL_QUOTA,
            MailQuotaUsed(),
            id=workflow_id,
            task_queue=quota_task_queue(task_queue),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary="automatic mails to one address an hour",
        )
        try:
            async with self._at_once.setdefault(workflow_id, asyncio.Semaphore(MOST_AT_ONCE)):
                answer: MailQuotaAnswer = await activity.client().execute_update_with_start_workflow(
                    RESERVE,
                    MailReservation(address=digest, key=key, limit=self._limit),
                    start_workflow_operation=start,
                    result_type=MailQuotaAnswer,
                    rpc_timeout=ANSWER_TIMEOUT,
                )
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise UnavailableError(f"the quota of automatic mails cannot be asked: {error}") from error
        return answer
