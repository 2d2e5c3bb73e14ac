"""How long an activity may take and how often it is tried; one place for every timeout."""

from datetime import timedelta
from typing import Final

from temporalio.common import RetryPolicy

LOCAL_TIMEOUT: Final = timedelta(seconds=30)
"""A role that runs inside the workflow's task; it computes and reaches nothing."""

LOCAL_RETRY: Final = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=3)

LEFT_UNDONE_TIMEOUT: Final = timedelta(minutes=10)
"""How long such a role is queued where the worker that was to run it inside the task was ending."""

LOCAL_READ_TIMEOUT: Final = timedelta(seconds=2)
"""The first attempt of a read, inside the workflow's task, which stays open so long. Far below the 10 s that the server
gives a task, and far above what a read takes (docs/decisions/0018); a signal waits for the task's end."""

ATTEMPT_TIMEOUT: Final = timedelta(seconds=30)
"""One attempt of a role that reaches an outside system; above the clients' own timeouts."""

REACHING_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
)
"""Until the playbook's minutes are over; failures.py says which errors are not worth a second try."""

LASTING: Final = timedelta(seconds=10)
"""A state of the desk's own that is still there after this is written to lists; a request that needs nobody has ended."""

VERIFY_TIMEOUT: Final = timedelta(minutes=10)


MODEL_HEARTBEAT: Final = timedelta(seconds=30)
"""A worker that asks a model reports every few seconds; without a word for so long another worker asks again."""


def action_task_queue(desk_task_queue: str) -> str:
    """Name the queue that only workers with outside credentials listen on."""
    return f"{desk_task_queue}-actions"


def model_task_queue(desk_task_queue: str, model: str) -> str:
    """Name the queue that only workers of one language model listen on, so that a slow one keeps no other waiting."""
    return f"{desk_task_queue}-model-{model}"
