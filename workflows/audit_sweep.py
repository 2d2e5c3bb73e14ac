"""The scheduled sweep: exports every closed request that the audit store lacks, so that no export is missed."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.audit_export import BATCH, AuditExport
    from dispatch.audit.store_models import Exported, Missing, SweepReport

MOST_ROUNDS: Final = 20
"""Lists that one sweep exports; the rest waits for the next sweep, so that a sweep's own history stays small."""
_GIVE_UP: Final = timedelta(minutes=30)
_ATTEMPT: Final = timedelta(minutes=10)
_HEARTBEAT: Final = timedelta(minutes=1)
_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=2))


@workflow.defn(name="AuditSweep")
class AuditSweep:
    """Lists and exports in batches until nothing is missing; an unreadable request does not prevent the others."""

    @workflow.run
    async def run(self) -> SweepReport:
        """Return the exported and the remaining requests."""
        exported, failed = 0, dict[str, str]()
        for _ in range(MOST_ROUNDS):
            missing = await self._list()
            due = [one for one in missing.request_ids if one not in failed]
            if not due:
                return _report(exported, failed, missing.total)
            before = exported
            for first in range(0, len(due), BATCH):
                done = await self._export(due[first : first + BATCH])
                exported += len(done.exported)
                failed |= done.failed
            if exported == before and len(failed) < missing.total:
                break  # still open, or exported by another process: the next sweep checks again
        missing = await self._list()
        return _report(exported, failed, missing.total)

    async def _list(self) -> Missing:
        return await workflow.execute_activity_method(
            AuditExport.list_missing,
            start_to_close_timeout=_ATTEMPT,
            schedule_to_close_timeout=_GIVE_UP,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_RETRY,
            summary="what Temporal closed and the audit store lacks",
        )

    async def _export(self, request_ids: list[str]) -> Exported:
        try:
            return await workflow.execute_activity_method(
                AuditExport.export_history,
                request_ids,
                start_to_close_timeout=_ATTEMPT,
                schedule_to_close_timeout=_GIVE_UP,
                heartbeat_timeout=_HEARTBEAT,
                retry_policy=_RETRY,
                summary=f"export {len(request_ids)} from {request_ids[0]} on",
            )
        except ActivityError as error:
            why = f"the store could not be written: {error.cause}"[:300]
            return Exported(failed=dict.fromkeys(request_ids, why))


def _report(exported: int, failed: dict[str, str], left: int) -> SweepReport:
    few = dict(list(failed.items())[: SweepReport.MOST_FAILED])
    return SweepReport(exported=exported, failed=few, left=left)
