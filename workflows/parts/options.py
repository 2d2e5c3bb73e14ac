"""Timeouts and retry policies of all activities."""

from datetime import timedelta
from typing import Final

from temporalio.common import RetryPolicy

LOCAL_TIMEOUT: Final = timedelta(seconds=30)
"""A role that runs inside the workflow's task; it only computes."""

LOCAL_RETRY: Final = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=3)

LEFT_UNDONE_TIMEOUT: Final = timedelta(minutes=10)
"""Options of such a role if it is queued because its worker was stopping."""

LOCAL_READ_TIMEOUT: Final = timedelta(seconds=2)
"""The first attempt of a read, inside the workflow's task, which stays open so long. Far below the 10 s that the server
gives a task, and far above what a read takes (docs/decisions/0018); a signal waits for the task's end."""

ATTEMPT_TIMEOUT: Final = timedelta(seconds=30)
"""One attempt of a role that uses an outside system; above the clients' own timeouts."""

REACHING_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
)
"""Retried until the playbook's minutes are over; failures.py lists the errors that are not retried."""

LASTING: Final = timedelta(seconds=10)
"""A stage of the desk's own that lasts longer than this is published; by then a request that needs no person has ended."""

VERIFY_TIMEOUT: Final = timedelta(minutes=10)


MODEL_HEARTBEAT: Final = timedelta(seconds=30)
"""The heartbeat timeout of a model's role: its worker reports every few seconds; after this time another worker retries."""


def action_task_queue(desk_task_queue: str) -> str:
    """Return the queue that only workers with credentials for actions listen on."""
    return f"{desk_task_queue}-actions"


def model_task_queue(desk_task_queue: str, model: str) -> str:
    """Return the queue that only workers of one language model listen on, so that a slow model delays no other role."""
    return f"{desk_task_queue}-model-{model}"
