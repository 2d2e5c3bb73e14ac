"""What is otherwise about the workers of a test's desk: nothing that it proves, only how long it waits.

A worker without a workflow cache (SDK 1.35) now and then takes a task while it still evicts the request, for a query, and
never answers it. The server gives the task out again after its timeout, which is 10 s unless the start says otherwise.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from unittest.mock import patch

from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.worker import Worker

from runtime.worker_parts.sandbox import Sandbox

_PATIENCE_SECONDS: Final = 60
_TASK_TIMEOUT: Final = timedelta(seconds=4)


def never_too_slow(worker: Worker) -> None:
    """Let a workflow take its time: after 2 s without a yield the SDK throws an exception into its thread.

    It takes that for a deadlock. On a machine busy with several processes of tests it is none, and the exception has
    been seen to come up in whatever the thread did, even in another test. There is no setting for it.
    """
    assert worker._workflow_worker is not None
    worker._workflow_worker._deadlock_timeout_seconds = _PATIENCE_SECONDS


@contextmanager
def prepared_once() -> Iterator[None]:
    """Import each workflow into a sandbox to try it for the first worker of a process alone; there are hundreds."""
    tried, prepare = set[type](), Sandbox.prepare_workflow

    def once(sandbox: Sandbox, definition: Any) -> None:
        if definition.cls not in tried:
            prepare(sandbox, definition)
            tried.add(definition.cls)

    with patch.object(Sandbox, "prepare_workflow", once):
        yield


def tried_again_soon(client: Client) -> Client:
    """Return a client over the same connection that starts workflows with a short timeout of a task."""
    config: Mapping[str, Any] = client.config()
    return Client(**{**config, "interceptors": [*config["interceptors"], _ShortTasks()]})


class _ShortTasks(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 (the SDK's name)
        return _Outbound(next)


class _Outbound(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 (as above)
        input.task_timeout = _TASK_TIMEOUT
        return await super().start_workflow(input)
