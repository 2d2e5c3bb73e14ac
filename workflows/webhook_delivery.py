"""Delivers one message to one receiver: retried for days, then given up as a failed workflow that lists show."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.webhooks.delivery import WebhookSender
    from dispatch.models.webhooks import Delivered, DeliveryInput
    from workflows.parts import options

_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(seconds=5), backoff_coefficient=3, maximum_interval=timedelta(hours=1)
)


@workflow.defn(name="WebhookDelivery")
class WebhookDelivery:
    """Its id is the webhook-id: the same for every attempt, so that a receiver can drop duplicates."""

    @workflow.run
    async def run(self, delivery: DeliveryInput) -> Delivered:
        """Deliver; raises ApplicationError, which ends it as failed, if it was given up."""
        try:
            return await workflow.execute_activity_method(
                WebhookSender.deliver,
                delivery,
                task_queue=options.action_task_queue(workflow.info().task_queue),
                start_to_close_timeout=options.ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=delivery.give_up_after,
                retry_policy=_RETRY,
                summary=f"{delivery.message.type} to {delivery.webhook}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            why = f"a webhook was given up: {error.cause or error}"
            workflow.logger.warning(why)
            raise ApplicationError(why, type="WebhookGivenUp", non_retryable=True) from None
