"""The life of a quota: it answers while anything counts in it, and then ends by itself."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

import workflows.mail_quota
from dispatch.guard import mail_quota as rules
from dispatch.guard.mail_quota import address_digest
from dispatch.models.people.approval_quota import quota_task_queue
from dispatch.models.work import mail_quota as models
from dispatch.models.work.mail_quota import MailQuotaAnswer, MailQuotaUsed, MailReservation
from tests.desk import PATIENCE_SECONDS, at_work, quick, resting_desk
from workflows.mail_quota import MailQuota

WINDOW = timedelta(seconds=2)


async def test_a_count_of_mails_ends_once_its_window_is_over(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit nothing is granted; once nothing counts it ends, and the next reservation starts a new quota."""
    for module in (models, rules, workflows.mail_quota):
        monkeypatch.setattr(module, "WINDOW", WINDOW)
    async with resting_desk(client, tmp_path, quick) as desk, at_work(desk):
        workflow_id = f"quota-{uuid.uuid4().hex}"

        async def reserve(number: int) -> MailQuotaAnswer:
            start = WithStartWorkflowOperation(
                MailQuota.run,
                MailQuotaUsed(),
                id=workflow_id,
                task_queue=quota_task_queue(desk.settings.task_queue),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
            mail = MailReservation(address=address_digest("rosa@corner.example"), key=f"<{number}>", limit=2)
            return await client.execute_update_with_start_workflow(
                MailQuota.reserve, mail, start_workflow_operation=start
            )

        assert [(await reserve(n)).granted for n in range(3)] == [True, True, False]
        async with asyncio.timeout(PATIENCE_SECONDS):
            await client.get_workflow_handle(workflow_id).result()
        assert (await reserve(3)).used == 1
