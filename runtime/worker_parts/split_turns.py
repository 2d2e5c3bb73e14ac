"""Turns that a query cut in two amid a local activity, and what came between the halves.

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
    """Watches one workflow's turns for such a second half.

    From inside it looks the same whether the result is in history already or comes with this half, so neither order
    would be right for both. History knows: such a half is given back, and the server has it taken again from there.
    """

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._query_came = False

    def would_be_out_of_order(self, activation: Any) -> bool:
        """Check a turn before it is taken: whether it tells a local activity's result beside anything else after a cut."""
        if not self._query_came or any(job.HasField("remove_from_cache") for job in activation.jobs):
            return False
        results = [job for job in activation.jobs if _ends(job) in self._running]
        return 0 < len(results) < len(activation.jobs)

    def took_a_turn(self, activation: Any, completion: Any) -> None:
        """Take note of a turn that was taken: what it was told (`activation`) and what it asked for (`completion`)."""
        self._query_came = bool(self._running) and any(
            job.HasField("query_workflow") for job in activation.jobs
        )
        self._running.difference_update(_ends(job) for job in activation.jobs)
        for command in completion.successful.commands:
            if command.HasField("schedule_local_activity"):
                self._running.add(command.schedule_local_activity.seq)


def _ends(job: Any) -> int:
    """Return the number of the activity whose end a job tells; they count from 1, and 0 is none."""
    return int(job.resolve_activity.seq) if job.HasField("resolve_activity") else 0


def taken_again(run_id: str) -> WorkflowActivationCompletion:
    """Return the answer that gives a turn back: the worker forgets the workflow, and takes the turn from its history."""
    completion = WorkflowActivationCompletion(run_id=run_id)
    completion.failed.failure.message = WHY
    completion.failed.force_cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE
    return completion
