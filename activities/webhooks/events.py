"""Derives webhook events from a history and the list of refusals: without I/O, and deterministic."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from dispatch.audit.models import AuditEntry, AuditKind, Trail
from dispatch.audit.read.payload import field, words
from dispatch.models.request.status import WAITING_STATES, Ending, RequestState
from dispatch.models.request.submission import desk_named_in
from dispatch.models.webhooks import WebhookData, WebhookEvent, WebhookMessage
from dispatch.storage.not_taken_in import RefusedFile


class Happened(NamedTuple):
    """One event; `known_by` identifies it permanently, so that a receiver can drop duplicates."""

    known_by: str
    message: WebhookMessage


def message_id(webhook: str, known_by: str) -> str:
    """Return the webhook-id of an event for one receiver."""
    return f"webhook-{webhook}-{hashlib.sha256(known_by.encode()).hexdigest()[:24]}"


def events_of(trail: Trail) -> Iterator[Happened]:
    """Yield the events of a request, in order: each wait that began, each decision that counts, and its end."""
    desk, status = desk_named_in(trail.request_id), WebhookData(id=trail.request_id)
    for entry in trail.entries:
        if entry.kind is AuditKind.STATUS:
            desk = words(entry.facts, "desk") or desk
            before, status = status, _status(trail.request_id, desk, entry)
            if status.state in WAITING_STATES and status != before:
                yield from _happened(trail, entry, WebhookEvent.WAITING, status)
        elif entry.kind is AuditKind.DECISION and entry.facts.get("message") == "decide":
            decision = words(field(entry.facts, "content"), "decision_type")
            data = WebhookData(
                id=trail.request_id,
                desk=desk,
                state=status.state,
                owner=status.owner,
                decision=decision or None,
            )
            yield from _happened(trail, entry, WebhookEvent.DECIDED, data)
    if trail.ended_at is not None and trail.runs:
        ending = trail.ending if trail.ending in {each.value for each in Ending} else "failed"
        data = WebhookData(
            id=trail.request_id, desk=desk, state=RequestState.CLOSED, owner=status.owner, ending=ending
        )
        message = WebhookMessage(type=WebhookEvent.CLOSED, timestamp=trail.ended_at, data=data)
        yield Happened(f"{trail.request_id}\n{trail.runs[-1].run_id}\nclosed", message)


def event_of_refusal(refused: RefusedFile) -> Happened:
    """Return the event of a request that a door refused."""
    data = WebhookData(id=refused.refused_id, desk=refused.desk, door=refused.door)
    message = WebhookMessage(type=WebhookEvent.REFUSED, timestamp=refused.refused_at, data=data)
    return Happened(f"refused\n{refused.refused_id}", message)


def _status(request_id: str, desk: str | None, entry: AuditEntry) -> WebhookData:
    return WebhookData.model_validate(
        {
            "id": request_id,
            "desk": desk,
            "state": words(entry.facts, "state") or None,
            "owner": words(entry.facts, "owner") or None,
            "review_point": words(entry.facts, "by") or None,
        }
    )


def _happened(trail: Trail, entry: AuditEntry, kind: WebhookEvent, data: WebhookData) -> Iterator[Happened]:
    if entry.at is not None:
        # Earlier histories are deleted with time, so their number is no stable name.
        run = trail.runs[entry.run - 1].run_id
        message = WebhookMessage(type=kind, timestamp=entry.at, data=data)
        yield Happened(f"{trail.request_id}\n{run}\n{entry.event_ids[0]}", message)
