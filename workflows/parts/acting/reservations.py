"""A request's reservations in customers' quotas, and the report of its end to them."""

from collections.abc import Iterable

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from dispatch.guard.spend_quota import claims_of, quota_id
    from dispatch.models.work.proposal import BoundAction
    from dispatch.models.work.spend_quota import CLOSE, CloseRequest


class Reservations:
    """Records the quotas in which the guardian reserves; a request that spends nothing has none."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._owners: dict[str, str] = {}

    def expect(self, actions: Iterable[BoundAction]) -> tuple[BoundAction, ...]:
        """Record the quotas in which the inspection of these actions reserves; returns the actions that spend."""
        spending = []
        for bound in actions:
            for owner in claims_of([bound]):
                self._owners[owner] = bound.playbook.desk
                spending.append(bound)
        return tuple(spending)

    async def close(self, paid: Iterable[str]) -> None:
        """Report to the quotas that the request has ended, with the keys of effects that were or may have been paid.

        A signal needs no running worker; the quota may have ended, because it ends when nothing counts in it.
        """
        request = CloseRequest(request_id=self._request_id, paid=tuple(paid))
        for owner, desk in self._owners.items():
            quota = quota_id(workflow.info().task_queue, desk, owner)
            try:
                await workflow.get_external_workflow_handle(quota).signal(CLOSE, request)
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.warning(
                    "a reservation was not closed", extra={"quota": quota, "why": str(error)}
                )
        self._owners.clear()

    def snapshot(self) -> dict[str, str]:
        """Return the snapshot for a new history."""
        return dict(self._owners)

    def resume(self, snapshot: dict[str, str]) -> None:
        """Restore the snapshot of the previous history."""
        self._owners = dict(snapshot)
