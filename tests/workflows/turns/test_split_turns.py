"""A query that cuts a turn in two: what comes between the halves is told in the order in which a replay tells it."""

import asyncio

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client
from temporalio.worker import Replayer, Worker

from runtime.worker_parts.sandbox import SANDBOX
from runtime.worker_parts.shutdown import running_workers
from tests.desk import STOPPED_WITHIN
from tests.desk_workers import never_too_slow
from tests.workflows.turns.halves import PATIENCE_SECONDS, Halves
from tests.workflows.turns.listening import Listening, reading


@pytest.mark.parametrize("message", ["signal", "update"])
async def test_a_message_between_the_halves_replays(client: Client, message: str) -> None:
    """The turn is taken again from history, once; the workflow goes on, and its history replays."""
    name = f"halves-{message}"
    halves = Halves.of(name)
    handle = await client.start_workflow(Listening.run, name, id=name, task_queue=name)
    querying = asyncio.create_task(handle.query(Listening.answered, name))
    # It is with the server before a worker is.
    await asyncio.sleep(0.5)
    worker = Worker(
        client, task_queue=name, workflows=[Listening], activities=[reading], workflow_runner=SANDBOX
    )
    never_too_slow(worker)
    async with running_workers(worker, give_up_after=STOPPED_WITHIN):
        assert await asyncio.to_thread(halves.query_came.wait, PATIENCE_SECONDS)
        if message == "signal":
            await handle.signal(Listening.tell, "a word")
            asking = None
        else:
            asking = asyncio.create_task(handle.execute_update(Listening.ask, "a word"))
            await asyncio.sleep(0.5)
        halves.message_came.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await querying == 1
            assert await handle.result() == ["a word"]
            if asking is not None:
                await asking
    history = await handle.fetch_history()
    await Replayer(workflows=[Listening], workflow_runner=SANDBOX).replay_workflow(history)
    failed = [
        event.workflow_task_failed_event_attributes.cause
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ]
    assert failed == [WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE]
