"""Reads received signals and updates, and their answers."""

from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.entry_builder import failure_text
from dispatch.audit.read.payload import contents, digest_of, first, text
from dispatch.audit.read.reading import Reading
from dispatch.models.request.message_names import SENT_BY_REQUESTER


def signalled(reading: Reading, event: HistoryEvent) -> bool:
    """Take a signal in."""
    a = event.workflow_execution_signaled_event_attributes
    note = reading.note(AuditKind.MESSAGE, event, digest=digest_of(a.input))
    note.facts["identity"] = text(a.identity, 200)
    reading.messages.received(note, a.signal_name, contents(a.input))
    whole = a.external_workflow_execution.workflow_id
    if whole and a.signal_name in SENT_BY_REQUESTER:
        # From another workflow, as Temporal says: what the requester wrote comes to a part through the whole request.
        note.facts["through"] = text(whole, 200)
    return True


def update_accepted(reading: Reading, event: HistoryEvent) -> bool:
    """Take an update in."""
    a = event.workflow_execution_update_accepted_event_attributes
    request = a.accepted_request
    note = reading.note(AuditKind.MESSAGE, event, digest=digest_of(request.input.args))
    note.facts |= {"identity": text(request.meta.identity, 200), "by_update": True}
    update = request.meta.update_id or a.protocol_instance_id
    reading.messages.received(note, request.input.name, contents(request.input.args), update)
    return True


def update_completed(reading: Reading, event: HistoryEvent) -> bool:
    """Add the answer to an update."""
    a = event.workflow_execution_update_completed_event_attributes
    failure = failure_text(a.outcome.failure)[1] if a.outcome.HasField("failure") else ""
    note = reading.messages.answered(a.meta.update_id, first(a.outcome.success), failure)
    if note is None or note.run != reading.run:
        return False
    note.ids.append(event.event_id)
    return True
