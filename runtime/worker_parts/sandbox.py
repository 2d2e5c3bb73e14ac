"""The sandbox of workers, tests and replays: Temporal's own, without two costs that have no benefit here.

Our workflows are not imported again for each execution, which took 10 ms of a worker's time each: their parts were
already passed through, so the sandbox checked one file. tests/architecture/test_workflow_code.py checks all of them.

Before each payload that it carries, the SDK (1.35) enters the sandbox only to ask in which context the payload is to
be coded. Ours are coded alike in every context, and the asking was measured at 45 % of a worker's time for workflows.
"""

from typing import Any, Final

from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from runtime.worker_parts.backlog_limiter import RunTracker
from runtime.worker_parts.split_turns import SplitTurns, taken_again

OWN: Final = ("workflows",)


class Sandbox(SandboxedWorkflowRunner):
    """Temporal's sandbox; each workflow in it answers the SDK's question about contexts from outside.

    An unintended import raises an error. `under_way` records each workflow task.
    """

    def __init__(self, under_way: RunTracker | None = None) -> None:
        super().__init__(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(
                *OWN
            ).with_import_notification_policy(
                SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
                | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
            )
        )
        self._under_way = under_way or RunTracker()

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Create the sandbox of one workflow."""
        return _WithoutContext(super().create_instance(det), self._under_way)


class _WithoutContext(WorkflowInstance):
    """A workflow whose payloads are coded without a context, as the SDK allows for every one of them."""

    def __init__(self, inside: WorkflowInstance, under_way: RunTracker) -> None:
        self._inside, self._under_way = inside, under_way
        self._split_turns = SplitTurns()

    def activate(self, act: Any) -> Any:
        if self._split_turns.would_be_out_of_order(act):
            return taken_again(act.run_id)
        completion = self._inside.activate(act)
        self._split_turns.took_a_turn(act, completion)
        self._under_way.took_a_turn(act.run_id, act, completion)
        return completion

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        """Return None: no payload of any command (`command_info`) needs a context."""
        del command_info
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """Return None: no payload is stored outside of the history."""
        del command_info
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Any:
        return self._inside.get_info()

    def get_thread_id(self) -> int | None:
        return self._inside.get_thread_id()


SANDBOX: Final = Sandbox()
"""The sandbox for callers that do not count running requests."""
