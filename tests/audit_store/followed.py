"""A desk whose closed requests are followed, and words to look at what came of it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowHandle

from runtime.audit.parts import ensure_follower, follower_id
from tests.audit_store.made import lines_of
from tests.desk import Desk, resting_desk
from tests.workflows.requests_made import until
from workflows.coordinator import Coordinator

EVERY_SECONDS = 0.2
SOON_SECONDS = 30
"""On a busy machine; on a quiet one it takes less than one. No sweep runs that could do it instead."""


@asynccontextmanager
async def followed_desk(client: Client, tmp_path: Path) -> AsyncIterator[Desk]:
    """Rest a desk whose worker, when it comes, follows what is closed; no sweep runs."""
    async with resting_desk(client, tmp_path) as desk:
        yield following(desk, EVERY_SECONDS)
        await ensure_follower(client, following(desk, 0).settings)


def following(desk: Desk, seconds: float) -> Desk:
    return replace(desk, settings=desk.settings.model_copy(update={"audit_follow_seconds": seconds}))


def handle_of(desk: Desk) -> WorkflowHandle[Any, Any]:
    return desk.client.get_workflow_handle(follower_id(desk.settings))


def exported(desk: Desk) -> dict[str, str]:
    """Return request id -> ending of what is in the store; fails for one that is there twice."""
    if not (desk.settings.audit_dir / "store" / "manifest.jsonl").exists():
        return {}
    lines = [json.loads(line) for line in lines_of(desk.settings.audit_dir)]
    endings = {line["request_id"]: line["ending"] for line in lines}
    assert len(endings) == len(lines)
    return endings


async def until_exported(desk: Desk, *ids: str, within: float = SOON_SECONDS) -> dict[str, str]:
    async def there() -> dict[str, str]:
        endings = exported(desk)
        return endings if endings.keys() >= set(ids) else {}

    async with asyncio.timeout(within):
        endings: dict[str, str] = await until(there)
    return endings


async def attempt_of(desk: Desk) -> PendingActivityInfo | None:
    """Return the follower's attempt as Temporal sees it."""
    described = await handle_of(desk).describe()
    return next(iter(described.raw_description.pending_activities), None)


async def until_looking(desk: Desk) -> None:
    """Wait until an attempt is under way and has told how far it has come."""

    async def told() -> bool:
        attempt = await attempt_of(desk)
        return attempt is not None and bool(attempt.heartbeat_details.payloads)

    await until(told)


def pause_after(attempt: PendingActivityInfo) -> timedelta:
    """Return how long Temporal waits after a failed attempt before the next."""
    ended, tried_again = attempt.last_attempt_complete_time, attempt.next_attempt_schedule_time
    return tried_again.ToDatetime() - ended.ToDatetime()


async def untouched(desk: Desk, **limits: Any) -> str:
    """Start a request that no worker sees, for another hand to end it."""
    submission = desk.written("Where is my order DD-10008?", sender="chloe.lefevre@courriel.example")
    request_id = f"support-{uuid.uuid4()}"
    await desk.client.start_workflow(
        Coordinator.run, submission, id=request_id, task_queue=desk.settings.task_queue, **limits
    )
    return request_id
