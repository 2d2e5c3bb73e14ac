"""The state while a history is read: the entries so far, and the open ones."""

from datetime import datetime

from pydantic import JsonValue
from temporalio.api.history.v1 import HistoryEvent

from dispatch.audit.models import AuditKind
from dispatch.audit.read.entry_builder import EntryBuilder, time_of
from dispatch.audit.read.messages import Messages
from dispatch.audit.read.payload import content, field, text


class Reading:
    """`notes` stand in the order of their first events; the keys of what is open are run and event id."""

    def __init__(self) -> None:
        self.notes: list[EntryBuilder] = []
        self.messages = Messages()
        self.internal_events: dict[tuple[int, str], list[int]] = {}
        self.runs: list[dict[str, JsonValue]] = []
        self.ledger: list[JsonValue] = []
        self.builds: list[str] = []
        self.turns: dict[int, list[tuple[int, datetime]]] = {}
        self.fired: list[tuple[EntryBuilder, EntryBuilder | None]] = []
        self.request_id = self.workflow = ""
        self.ending = "open"
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.activities: dict[tuple[int, int], tuple[str, EntryBuilder, JsonValue]] = {}
        self.tried: dict[tuple[int, str, str], tuple[EntryBuilder, EntryBuilder]] = {}
        """Failed local activities, by run, type and summary: the handoff and its failure."""
        self.timers: dict[tuple[int, int], EntryBuilder] = {}
        self.children: dict[tuple[int, int], EntryBuilder] = {}
        self.waiting: EntryBuilder | None = None

    @property
    def run(self) -> int:
        return max(len(self.runs), 1)

    def note(
        self,
        kind: AuditKind,
        event: HistoryEvent,
        *,
        sender: str = "",
        receiver: str = "",
        what: str = "",
        why: str = "",
        decided_by: str = "",
        digest: str | None = None,
        facts: dict[str, JsonValue] | None = None,
        because: list[EntryBuilder] | None = None,
    ) -> EntryBuilder:
        """Begin an entry with this event."""
        note = EntryBuilder(
            kind,
            self.run,
            [event.event_id],
            time_of(event),
            sender,
            receiver,
            what,
            why,
            decided_by,
            digest,
            facts or {},
            because or [],
        )
        self.notes.append(note)
        return note

    def recorded(self, ledger: list[JsonValue]) -> None:
        """Keep the longest trail that the desk wrote: a later one begins with the earlier."""
        if len(ledger) > len(self.ledger):
            self.ledger = ledger

    def recorded_besides(self, entries: list[JsonValue]) -> None:
        """Add a part of the record that no outcome carries to what an earlier history told of it."""
        there = {str(field(entry, "seq")) for entry in self.ledger}
        self.ledger = [*self.ledger, *(e for e in entries if str(field(e, "seq")) not in there)]


def summary_of(event: HistoryEvent) -> str:
    """Return the line with which the desk shows an event in Temporal's own pages."""
    return text(content(event.user_metadata.summary), 500) if event.user_metadata.HasField("summary") else ""


def told(facts: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the facts without empty values."""
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}
