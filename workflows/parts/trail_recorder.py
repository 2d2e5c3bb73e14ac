"""The trail of one request; its entries are in the inputs of activities and in the result."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.canonical import digest_of
    from dispatch.models.contract import Contract
    from dispatch.models.handoff import Handoff
    from dispatch.models.trail import EntryKind, TrailEntry
    from dispatch.models.work.model_use import ModelUse

MOST_REFUSALS: Final = 100
"""Refused messages that are kept one by one; further ones are counted, and history still holds each signal."""


class TrailRecorder:
    """Appends entries in order; entries are never changed or removed."""

    def __init__(self) -> None:
        self.entries: list[TrailEntry] = []
        self.refusals = 0

    def record(
        self,
        kind: EntryKind,
        *,
        what: str,
        why: str,
        sender: str = "coordinator",
        receiver: str = "coordinator",
        decided_by: str = "process",
        about: Contract | JsonValue = None,
        use: ModelUse | None = None,
    ) -> Handoff:
        """Add one entry; `about` is its subject, kept as a digest."""
        handoff = Handoff(
            seq=len(self.entries) + 1,
            sender=sender,
            receiver=receiver,
            what=what,
            why=why,
            decided_by=decided_by,
            digest=digest_of(about),
            at=workflow.now(),
        )
        self.entries.append(TrailEntry(kind=kind, use=use, **handoff.model_dump()))
        return handoff

    def refuse(self, what: str, why: str, sender: str, about: JsonValue) -> None:
        """Record a refused message, bounded so that a flood cannot fill the trail."""
        self.refusals += 1
        if self.refusals <= MOST_REFUSALS:
            self.record(EntryKind.REFUSED, what=what, why=why, sender=sender, about=about)

    def closing_note(self) -> str:
        """Return how many refusals are in history only, or nothing."""
        beyond = self.refusals - MOST_REFUSALS
        return f" ({beyond} further refused messages are in history)" if beyond > 0 else ""
