"""Webhooks that the desk sends: their receivers, events and messages."""

import ipaddress
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from dispatch.models.contract import Contract, Moment
from dispatch.models.work.playbook import DeskName

DELIVERY: Final = "WebhookDelivery"
"""The type of the workflows that deliver."""
ABOUT: Final = "about"
"""Their memo with the receiver and the event."""


class WebhookEvent(StrEnum):
    """The type of an event; its first word is its subject."""

    WAITING = "request.waiting"
    DECIDED = "request.decided"
    CLOSED = "request.closed"
    REFUSED = "request.refused"


def _guarded(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.username or parts.password or parts.fragment or not host:
        raise ValueError("it is an address with a host, without a user, a password or a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_private(host)):
        raise ValueError("it begins with https://; http:// is for this machine and private networks alone")
    return url


def _is_private(host: str) -> bool:
    """Check whether a host is this machine, a private address, or a name without a dot, which only a local network has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return (address.is_private or address.is_loopback) and not address.is_unspecified


class Webhook(Contract):
    """One receiver; without `desks` it gets the events of every desk."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_guarded)]
    secret_file: str = Field(
        min_length=1, description="holds whsec_ and the secret in base64; only its owner may read it"
    )
    events: tuple[WebhookEvent, ...] = Field(min_length=1)
    desks: tuple[DeskName, ...] = ()

    def wants(self, event: WebhookEvent, desk: str | None) -> bool:
        return event in self.events and (not self.desks or desk in self.desks)


class WebhookData(Contract):
    """An event of a request, without the requester's texts or identity."""

    id: str = Field(description="of the request; of the entry in 'Not taken in' where it was refused")
    desk: str | None = None
    state: str | None = Field(default=None, description="a state of the process")
    owner: str | None = Field(default=None, description="who has to act next")
    review_point: Moment | None = None
    decision: str | None = Field(default=None, description="approve, edit, respond or reject")
    ending: str | None = None
    door: str | None = Field(default=None, description="that refused it")


class WebhookMessage(Contract):
    """The body, in the shape that Standard Webhooks recommends."""

    type: WebhookEvent
    timestamp: Moment = Field(description="when it happened, not when it was sent")
    data: WebhookData


class DeliveryInput(Contract):
    """One message to one receiver; `give_up_after` is how long it is retried."""

    webhook: str
    message: WebhookMessage
    give_up_after: timedelta


class Delivered(Contract):
    """A receiver accepted a message, with its answer."""

    status: int


class Watched(Contract):
    """The checkpoint of the webhooks' follower; it survives retries and continue-as-new."""

    until: Moment = Field(description="by Temporal's clock: what happened by then was looked at")
    told: int = Field(default=0, ge=0, description="deliveries that it has started")
