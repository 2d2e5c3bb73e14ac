"""Follower workflows: one of a kind for each desk, started if wanted and ended if not."""

from typing import Any, Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from dispatch.temporal_errors import is_not_found
from runtime.settings import Settings

_DEFAULT_QUEUE: Final = "dispatch"


def id_of_the_desk(name: str, settings: Settings) -> str:
    """Return the id of a workflow that exists once for each desk."""
    queue = settings.task_queue
    return name if queue == _DEFAULT_QUEUE else f"{name}.{queue}"


async def ensure_follower_is(
    client: Client, settings: Settings, run: Any, workflow_id: str, *, wanted: bool, summary: str
) -> None:
    """Start the follower if it is wanted and none runs; end a running one if it is not."""
    if not wanted:
        try:
            await client.get_workflow_handle(workflow_id).cancel()
        except RPCError as error:
            if not is_not_found(error):
                raise
        return
    await client.start_workflow(
        run,
        id=workflow_id,
        task_queue=settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=summary,
    )
