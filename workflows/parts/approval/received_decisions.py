"""Decisions as they come in: kept until an approval request is open that they fit, each one answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.approval.requests import precheck
    from dispatch.models.people.decision import ApprovalRequest
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.request.snapshot import DecisionSnapshot
    from dispatch.text.message_payloads import bounded, text_of
    from workflows.parts.trail_recorder import TrailRecorder

MOST_KEPT: Final = 100
"""Decisions kept while no request is open; more are refused, so that a flood cannot fill the workflow's memory."""


@dataclass
class Received:
    """One decision as it came in; `answer` is set once it has been evaluated."""

    raw: JsonValue
    early: bool
    answer: str | None = None
    follows: str = ""
    accepted: bool = False


class ReceivedDecisions:
    """The queue of decisions that are not evaluated yet, in history order."""

    def __init__(self, recorder: TrailRecorder) -> None:
        self._recorder = recorder
        self._queue: list[Received] = []
        self._seen: list[str] = []
        self._decided: list[str] = []
        self._closed = False

    @property
    def seen(self) -> tuple[str, ...]:
        """Return the ids of the decisions that were accepted."""
        return tuple(self._seen)

    @property
    def decided(self) -> tuple[str, ...]:
        """Return the ids of the approval requests that are closed."""
        return tuple(self._decided)

    def receive(self, raw: Any, open_request: ApprovalRequest | None) -> Received:
        """Keep a decision until a request that it fits is open; refuse it where there can be none."""
        received = Received(raw=bounded(raw), early=open_request is None)
        named = text_of(received.raw, "proposal_id")
        if self._closed:
            self.refuse(received, "the request is closed")
        elif open_request is None and named in self._decided:
            self.refuse(received, f"{named} is already decided")
        elif open_request is not None and (why := precheck(open_request, received.raw, self._seen)):
            self.refuse(received, why)
        elif len(self._queue) >= MOST_KEPT:
            self.refuse(received, f"{MOST_KEPT} decisions already wait to be read; send it again later")
        else:
            self._queue.append(received)
        return received

    def next(self, open_request: ApprovalRequest | None) -> Received | None:
        """Return the oldest decision for the open request; one that came early waits for the request that it names."""
        for received in self._queue:
            named = text_of(received.raw, "proposal_id")
            if not received.early or open_request is None or named == open_request.proposal_id:
                return received
        return None

    def remove(self, received: Received) -> None:
        """Take a decision out of the queue, because it is evaluated now."""
        self._queue.remove(received)

    def accept(self, received: Received, decision_id: str, reason: str, follows: str) -> None:
        """Answer a decision that counts, with what happens now."""
        self._seen.append(decision_id)
        received.answer, received.follows, received.accepted = reason, follows, True

    def refuse(self, received: Received, why: str) -> None:
        """Answer and record a decision that does not count."""
        received.answer = why
        sender = text_of(received.raw, "approver") or "unknown"
        self._recorder.refuse(MessageName.DECIDE, why, sender, received.raw)

    def reject_superseded(self, proposal_id: str) -> None:
        """Refuse at once what names the request that was just closed; what names another is kept for it."""
        self._decided.append(proposal_id)
        for received in list(self._queue):
            received.early = True
            if text_of(received.raw, "proposal_id") == proposal_id:
                self._queue.remove(received)
                self.refuse(received, f"{proposal_id} is already decided")

    def close(self) -> None:
        """Refuse what is left: after the end nothing waits, and every sender has an answer."""
        self._closed = True
        for received in self._queue:
            self.refuse(received, "the request ended without an approval request that this decision fits")
        self._queue.clear()

    def snapshot(self) -> tuple[DecisionSnapshot, ...]:
        """Return the queue for a new history."""
        return tuple(DecisionSnapshot(raw=received.raw, early=True) for received in self._queue)

    def resume(self, queue: Sequence[DecisionSnapshot], seen: Sequence[str], decided: Sequence[str]) -> None:
        """Restore the queue of the history before this one; what came in since is behind it."""
        self._queue = [Received(raw=one.raw, early=one.early) for one in queue] + self._queue
        self._seen, self._decided = list(seen), list(decided)
