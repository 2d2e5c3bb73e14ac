"""Detects workflow tasks that a query split during a local activity.

A query that comes while a turn is due is answered within it, at the first pause (SDK 1.35). If a local activity ended by
then, the first half is closed with its result in history, and only the second half tells the workflow. A message that
came between is told before the result, but a replay tells the result first: it was in history first. The replay then
asks for other commands than the workflow did, and the request can go no further.
"""

from typing import Any, Final

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion

WHY: Final = (
    "a query cut the turn before in two, and something came between its halves: taken again from history"
)


class SplitTurns:
    """Checks one workflow's tasks for such a second half.

    The workflow cannot distinguish a result that is already in history from one that comes with this half, so no order
    would be right for both. Such a half is failed, and the server repeats it from history, which has the right order.
    """

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._query_came = False

    def would_be_out_of_order(self, activation: Any) -> bool:
        """Check whether a task, after a split, brings a local activity's result together with another job."""
        if not self._query_came or any(job.HasField("remove_from_cache") for job in activation.jobs):
            return False
        results = [job for job in activation.jobs if _ends(job) in self._running]
        return 0 < len(results) < len(activation.jobs)

    def took_a_turn(self, activation: Any, completion: Any) -> None:
        """Record a task that was run: what it brought (`activation`) and what it asked for (`completion`)."""
        self._query_came = bool(self._running) and any(
            job.HasField("query_workflow") for job in activation.jobs
        )
        self._running.difference_update(_ends(job) for job in activation.jobs)
        for command in completion.successful.commands:
            if command.HasField("schedule_local_activity"):
                self._running.add(command.schedule_local_activity.seq)


def _ends(job: Any) -> int:
    """Return the number of the activity whose result a job brings; numbers start at 1, and 0 is none."""
    return int(job.resolve_activity.seq) if job.HasField("resolve_activity") else 0


def taken_again(run_id: str) -> WorkflowActivationCompletion:
    """Return the completion that fails a task: the worker evicts the workflow and repeats the task from history."""
    completion = WorkflowActivationCompletion(run_id=run_id)
    completion.failed.failure.message = WHY
    completion.failed.force_cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE
    return completion
