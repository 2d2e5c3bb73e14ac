"""The webhooks' part of the composition root, shared by the worker and the command line."""

import asyncio
from datetime import timedelta

from temporalio.client import Client

from activities.following.webhooks import WebhookFollower
from activities.webhooks.delivery import WebhookSender
from dispatch.storage.webhooks_file import WebhooksFile
from runtime.doors.refusals import not_taken_in
from runtime.followers import ensure_follower_is, id_of_the_desk
from runtime.settings import Settings
from workflows.webhook_follow import WebhookFollow


def webhooks_file(settings: Settings) -> WebhooksFile:
    """Return the file of webhooks; it has no entries if the settings name no file."""
    return WebhooksFile(settings.webhooks)


def follower_id(settings: Settings) -> str:
    """Return the id of the follower's workflow."""
    return id_of_the_desk("webhook-follow", settings)


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
    """Build the sender, for a worker of the actions; only it reads the secrets."""
    return WebhookSender(webhooks_file(settings), settings.client_timeout_seconds)


async def ensure_webhooks(client: Client, settings: Settings) -> None:
    """Start the follower if webhooks are configured and none runs; end it if they are not.

    Raises SettingsError where the file is wrong.
    """
    await ensure_follower_is(
        client,
        settings,
        WebhookFollow.run,
        follower_id(settings),
        wanted=bool(webhooks_file(settings).read()),
        summary="tells receivers of webhooks what happens to requests",
    )
