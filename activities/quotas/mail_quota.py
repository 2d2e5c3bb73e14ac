"""Asks the hourly quota for one automatic mail; the guardian gets this as a function."""

import asyncio
from typing import Final

from temporalio import activity

from activities.quotas.asking import ask_workflow
from dispatch.guard.mail_quota import address_digest, quota_workflow_id
from dispatch.models.work.mail_quota import (
    MAIL_QUOTA,
    RESERVE,
    MailQuotaAnswer,
    MailQuotaUsed,
    MailReservation,
)

MOST_AT_ONCE: Final = 5
"""Parallel updates of one process to one workflow: the server accepts ten running ones, and refuses the next."""


class MailQuotaDesk:
    """Reserves mails with the workflow that counts for an address; `limit` is the most mails to an address in an hour."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._at_once: dict[str, asyncio.Semaphore] = {}

    async def reserve(self, recipient: str, key: str) -> MailQuotaAnswer:
        """Reserve one mail; `key` is its Message-ID.

        Runs inside an activity on the desk's task queue. Raises Unavailable where Temporal, or a worker to answer, is not
        reached.
        """
        digest = address_digest(recipient)
        workflow_id = quota_workflow_id(activity.info().task_queue, digest)
        async with self._at_once.setdefault(workflow_id, asyncio.Semaphore(MOST_AT_ONCE)):
            return await ask_workflow(
                MAIL_QUOTA,
                RESERVE,
                MailReservation(address=digest, key=key, limit=self._limit),
                MailQuotaAnswer,
                workflow_id=workflow_id,
                begins_with=MailQuotaUsed(),
                summary="automatic mails to one address an hour",
                named="the quota of automatic mails",
            )
