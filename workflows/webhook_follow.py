"""Follows requests and sends webhooks; a desk has one if webhooks are configured."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.following.webhooks import WebhookFollower
    from dispatch.models.webhooks import Watched
    from workflows.parts.following import follow_in_turns


@workflow.defn(name="WebhookFollow")
class WebhookFollow:
    """Runs one long-lived activity; its checkpoint survives retries and continue-as-new."""

    @workflow.run
    async def run(self, so_far: Watched | None = None) -> None:
        """Follow from `so_far` on, or from now where nothing was followed before."""
        so_far = so_far or Watched(until=workflow.now())
        workflow.continue_as_new(
            await follow_in_turns(
                WebhookFollower.follow, so_far, "tells receivers of webhooks, within seconds"
            )
        )
