"""Follows what Temporal closes and exports it within seconds; a desk has one, beside the scheduled sweep."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.following.audit import AuditFollower
    from dispatch.audit.store_models import Followed
    from workflows.parts.following import follow_in_turns


@workflow.defn(name="AuditFollow")
class AuditFollow:
    """Runs one long-lived export activity; its checkpoint survives retries and continue-as-new."""

    @workflow.run
    async def run(self, so_far: Followed | None = None) -> None:
        """Follow from `so_far` on, or from now where nothing was followed before."""
        so_far = so_far or Followed(until=workflow.now())
        workflow.continue_as_new(
            await follow_in_turns(AuditFollower.follow, so_far, "exports what is closed, within seconds")
        )
