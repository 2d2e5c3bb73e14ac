"""Sends one signed message to one receiver; Temporal retries it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import httpx
from standardwebhooks.webhooks import Webhook as Signer
from temporalio import activity

from activities.failures import translated
from dispatch.http import USER_AGENT, bounded, retry_after, trusted_certificates
from dispatch.models.errors import RefusedError, SettingsError, UnavailableError
from dispatch.models.webhooks import Delivered, DeliveryInput, Webhook
from dispatch.storage.webhooks_file import WebhooksFile

_BUSY: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class WebhookSender:
    """Reads address and secret at each attempt, so that a person's correction counts for the next one."""

    def __init__(self, file: WebhooksFile, timeout_seconds: float) -> None:
        self._file, self._timeout = file, timeout_seconds

    @activity.defn(name="webhook.deliver")
    async def deliver(self, delivery: DeliveryInput) -> Delivered:
        """Send it with the id of this workflow; raises ApplicationError: Unavailable, which is retried, or Refused."""
        with translated():
            try:
                webhook = next((w for w in self._file.read() if w.name == delivery.webhook), None)
                secret = self._file.secret_of(webhook) if webhook is not None else ""
            except SettingsError as error:
                raise UnavailableError(str(error)) from None
            if webhook is None:
                raise RefusedError(f"there is no webhook {delivery.webhook} any more", "removed")
            return await self._send(webhook, secret, activity.info().workflow_id or "", delivery)

    async def _send(
        self, webhook: Webhook, secret: str, message_id: str, delivery: DeliveryInput
    ) -> Delivered:
        body, now = delivery.message.model_dump_json(exclude_none=True), datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(secret).sign(message_id, now, body),
        }
        try:
            # Only the answer's head is read; a redirect would send the message to an address that nobody configured.
            async with (
                httpx.AsyncClient(
                    timeout=self._timeout,
                    verify=trusted_certificates(),
                    trust_env=False,
                    follow_redirects=False,
                ) as http,
                http.stream("POST", webhook.url, content=body, headers=headers) as answer,
            ):
                _judge(webhook.name, answer)
                return Delivered(status=answer.status_code)
        except httpx.HTTPError as error:
            raise UnavailableError(
                bounded(f"the webhook {webhook.name} was not answered ({type(error).__name__})")
            ) from None


def _judge(name: str, answer: httpx.Response) -> None:
    if answer.is_success:
        return
    said = f"the webhook {name} answered {answer.status_code}"
    if answer.status_code == HTTPStatus.GONE:
        raise RefusedError(f"{said}: it wants no more; remove it from the file of webhooks", "gone")
    asked = retry_after(answer.headers.get("Retry-After")) if answer.status_code in _BUSY else None
    raise UnavailableError(said, asked)
