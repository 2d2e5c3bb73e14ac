"""The webhooks' part of the composition root, shared by the worker and the command line."""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.following.webhooks import WebhookFollower
from activities.webhooks.delivery import WebhookSender
from dispatch.storage.webhooks_file import WebhooksFile
from dispatch.temporal_errors import is_not_found
from runtime.doors.refusals import not_taken_in
from runtime.settings import Settings
from workflows.webhook_follow import WebhookFollow

_DEFAULT_QUEUE: Final = "dispatch"


def webhooks_file(settings: Settings) -> WebhooksFile:
    """Return the file of webhooks; it has none where the settings name no file."""
    return WebhooksFile(settings.webhooks)


def follower_id(settings: Settings) -> str:
    """Name the follower's workflow; a second desk in the same namespace has one of its own."""
    queue = settings.task_queue
    return "webhook-follow" if queue == _DEFAULT_QUEUE else f"webhook-follow.{queue}"


def webhook_follower(client: Client, settings: Settings, stopping: asyncio.Event | None) -> WebhookFollower:
    """Build the follower of a worker of the desk."""
    return WebhookFollower(
        client,
        webhooks_file(settings),
        not_taken_in(settings),
        settings.task_queue,
        timedelta(seconds=settings.webhook_look_seconds),
        timedelta(hours=settings.webhook_give_up_hours),
        stopping,
    )


def webhook_sender(settings: Settings) -> WebhookSender:
    """Build what sends, for a worker of the actions: it alone reads the secrets."""
    return WebhookSender(webhooks_file(settings), settings.client_timeout_seconds)


async def ensure_webhooks(client: Client, settings: Settings) -> None:
    """Start the follower where webhooks are configured and there is none; end it where they are not.

    Raises SettingsError where the file is wrong.
    """
    if not webhooks_file(settings).read():
        try:
            await client.get_workflow_handle(follower_id(settings)).cancel()
        except RPCError as error:
            if not is_not_found(error):
                raise
        return
    await client.start_workflow(
        WebhookFollow.run,
        id=follower_id(settings),
        task_queue=settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="tells receivers of webhooks what happens to requests",
    )
