"""What workers, tests and replays run workflows in: Temporal's own sandbox, without a cost that buys us nothing.

Before each payload that it carries, the SDK (1.35) enters the sandbox only to ask in which context the payload is to
be coded. Ours are coded alike in every context, and the asking was measured at 45 % of a worker's time for workflows.
"""

from typing import Any, Final

from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy


class Sandbox(SandboxedWorkflowRunner):
    """Temporal's sandbox; each workflow in it answers the SDK's question about contexts from outside."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Put one workflow into a sandbox of its own."""
        return _WithoutContext(super().create_instance(det))


class _WithoutContext(WorkflowInstance):
    """A workflow whose payloads are coded without a context, as the SDK allows for every one of them."""

    def __init__(self, inside: WorkflowInstance) -> None:
        self._inside = inside

    def activate(self, act: Any) -> Any:
        return self._inside.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        """Say that no payload needs one, whatever command (`command_info`) it belongs to."""
        del command_info
        return None

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """Say that none is stored outside of the history."""
        del command_info
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Any:
        return self._inside.get_info()

    def get_thread_id(self) -> int | None:
        return self._inside.get_thread_id()


SANDBOX: Final = Sandbox(
    restrictions=SandboxRestrictions.default.with_import_notification_policy(
        SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
)
"""Workers, tests and replays run on this one: an import that slips past the sandbox raises."""
