"""The queue of received decisions: each is kept until a matching approval request is open, and each is answered."""

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
"""The most decisions kept while no request is open; further ones are refused, so that a flood cannot fill the memory."""


@dataclass
class Received:
    """One received decision; `answer` is set once it has been evaluated."""

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
        """Keep a decision until a matching request is open; refuse it if there can be none."""
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
        """Return the oldest decision for the open request; an early one waits for the request that it names."""
        for received in self._queue:
            named = text_of(received.raw, "proposal_id")
            if not received.early or open_request is None or named == open_request.proposal_id:
                return received
        return None

    def remove(self, received: Received) -> None:
        """Remove a decision from the queue for evaluation."""
        self._queue.remove(received)

    def accept(self, received: Received, decision_id: str, reason: str, follows: str) -> None:
        """Answer an accepted decision with its consequences."""
        self._seen.append(decision_id)
        received.answer, received.follows, received.accepted = reason, follows, True

    def refuse(self, received: Received, why: str) -> None:
        """Answer and record a refused decision."""
        received.answer = why
        sender = text_of(received.raw, "approver") or "unknown"
        self._recorder.refuse(MessageName.DECIDE, why, sender, received.raw)

    def reject_superseded(self, proposal_id: str) -> None:
        """Refuse decisions that name the request that was just closed; keep those that name another."""
        self._decided.append(proposal_id)
        for received in list(self._queue):
            received.early = True
            if text_of(received.raw, "proposal_id") == proposal_id:
                self._queue.remove(received)
                self.refuse(received, f"{proposal_id} is already decided")

    def close(self) -> None:
        """Refuse the remaining decisions at the end, so that every sender has an answer."""
        self._closed = True
        for received in self._queue:
            self.refuse(received, "the request ended without an approval request that this decision fits")
        self._queue.clear()

    def snapshot(self) -> tuple[DecisionSnapshot, ...]:
        """Return the queue for a new history."""
        return tuple(DecisionSnapshot(raw=received.raw, early=True) for received in self._queue)

    def resume(self, queue: Sequence[DecisionSnapshot], seen: Sequence[str], decided: Sequence[str]) -> None:
        """Restore the queue of the previous history; decisions received since are behind it."""
        self._queue = [Received(raw=one.raw, early=one.early) for one in queue] + self._queue
        self._seen, self._decided = list(seen), list(decided)
