"""People's decisions: received at any time, judged when a gate is open, each one answered and recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.decision_check import Decisions
    from dispatch.approval.requests import decision_by_hand, misfit
    from dispatch.models.people.decision import (
        Decision,
        DecisionCheck,
        DecisionRuling,
        DecisionVerdict,
        Gate,
        GateKind,
        Subject,
    )
    from dispatch.models.people.notification import NotifyEvent
    from dispatch.models.request.list_summary import Glance
    from dispatch.models.request.snapshot import CarriedDecision, CarriedGate, CarriedPeople
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import Waiting
    from dispatch.text.message_payloads import bounded, text_of
    from workflows.parts.activity_dispatcher import Handover
    from workflows.parts.approver_notifications import Notices
    from workflows.parts.deadline_wait import Awaited, Patience
    from workflows.parts.endings import HistoryFull, history_full
    from workflows.parts.status_publisher import Standing
    from workflows.parts.trail_recorder import Ledger

MOST_KEPT: Final = 100
"""Decisions kept while no gate is open; more are refused, so that a flood cannot fill the workflow's memory."""


@dataclass
class Received:
    """One decision as it came in; `answer` is set once it has been judged."""

    raw: JsonValue
    early: bool
    answer: str | None = None
    accepted: bool = False


class Expired:
    """Nobody decided in time; the safe default is to deny."""


T = TypeVar("T", "Approvals", Decision, Expired, None)

Approvals = dict[str, tuple[Decision, ...]]
"""By digest: the approvals it has, of as many different people as its tier asks for."""

AtAGlance = Callable[[Gate, tuple[Decision, ...]], Glance]
"""Says an open gate, with the approvals it has, in a line."""


class People:
    """Waits for people on the request's behalf. The first valid decision in history order wins."""

    def __init__(
        self,
        request_id: str,
        requester: str,
        ledger: Ledger,
        standing: Standing,
        handover: Handover,
        at_a_glance: AtAGlance,
    ) -> None:
        self._request_id, self._requester = request_id, requester
        self._at_a_glance = at_a_glance
        self._ledger, self._standing, self._handover = ledger, standing, handover
        self._notices = Notices(request_id, ledger, standing, handover)
        self._queue: list[Received] = []
        self._seen: list[str] = []
        self._decided: list[str] = []
        self._gate: Gate | None = None
        self._approvals: Approvals = {}
        self._turn = 0
        self._carried: CarriedGate | None = None
        self.patience: Patience | None = None
        self._closed = False

    def receive(self, raw: Any) -> Received:
        """Take a decision in; it is kept until a gate it fits is open, and refused where none can be."""
        received = Received(raw=bounded(raw), early=self._gate is None)
        named = text_of(received.raw, "proposal_id")
        if self._closed:
            self._refuse(received, "the request is closed")
        elif self._gate is None and named in self._decided:
            self._refuse(received, f"{named} is already decided")
        elif self._gate is not None and (why := misfit(self._gate, received.raw, self._seen)):
            self._refuse(received, why)
        elif len(self._queue) >= MOST_KEPT:
            self._refuse(received, f"{MOST_KEPT} decisions already wait to be read; send it again later")
        else:
            self._queue.append(received)
        return received

    async def receive_and_tell(self, raw: Any) -> dict[str, JsonValue]:
        """Take a decision in and say what became of it: accepted, refused and why, or kept for a gate to come."""
        received = self.receive(raw)
        if received.early and received.answer is None:
            return {
                "accepted": False,
                "kept": True,
                "reason": "no gate is open; kept until one opens that it fits",
            }
        await workflow.wait_condition(lambda: received.answer is not None)
        return {"accepted": received.accepted, "kept": False, "reason": received.answer}

    @property
    def open_gate(self) -> Gate | None:
        """The gate that stands open, with the deadline in force."""
        if self._gate is None or self.patience is None:
            return None
        return self._gate.model_copy(update={"deadline": self.patience.deadline})

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """What was approved at the open gate so far."""
        return tuple(decision for given in self._approvals.values() for decision in given)

    @property
    def may_decide(self) -> tuple[str, ...]:
        """Who may decide at the open gate, and so may move its deadline."""
        return self._gate.approvers if self._gate else ()

    async def decide(
        self, gate: Gate, waiting: Waiting, state: str, withdrawn: Callable[[], bool]
    ) -> Approvals | Decision | Expired | None:
        """Open a gate and wait.

        Gives the approvals of each digest once all subjects have theirs, else the first decision that is not
        an approval, Expired at the deadline, or None when the requester withdrew.

        Raises HistoryFull, with the gate left open for a new history, when all that has come in is judged.
        """
        gate, patience, approvals = self._open(gate, waiting)
        try:
            while not withdrawn():
                self._show(gate, state, waiting.approvers[self._turn], patience.deadline, approvals)
                why = await patience.until(
                    lambda: withdrawn() or self._next() is not None or history_full(),
                    f"{gate.kind}: {gate.why}",
                )
                if why is Awaited.EXPIRED:
                    return self._tell(gate, waiting, Expired())
                if why in {Awaited.REMIND, Awaited.ESCALATE}:
                    self._turn += why is Awaited.ESCALATE
                    self._nudge(why, gate, waiting)
                elif (received := self._next()) is not None and not withdrawn():
                    decision = await self._judge(received, self.open_gate or gate)
                    if decision is not None and decision.verdict is not DecisionVerdict.APPROVE:
                        return self._tell(gate, waiting, decision)
                    if decision is not None:
                        approvals[decision.action_digest] += (decision,)
                    if not any(_still_needs(subject, approvals) for subject in gate.subjects):
                        return self._tell(gate, waiting, approvals)
                elif why is Awaited.READY and not withdrawn():
                    await self._notices.finish()
                    self._carried = CarriedGate(
                        gate=gate,
                        wait=patience.carried(),
                        turn=self._turn,
                        approvals=self.approvals,
                        notices=self._notices.carried(),
                    )
                    raise HistoryFull
            return self._tell(gate, waiting, None)
        finally:
            self._gate = self.patience = None
            self._approvals = {}
            if self._carried is None:
                self._overtaken(gate)

    def _open(self, gate: Gate, waiting: Waiting) -> tuple[Gate, Patience, Approvals]:
        """Open a gate anew, or the one that the history before this one left open."""
        carried, self._carried = self._carried, None
        if carried is not None and carried.gate.proposal_id == gate.proposal_id:
            gate, self._turn, given = carried.gate, carried.turn, carried.approvals
            patience = Patience.resumed(carried.wait)
            self._notices.resume(carried.notices)
        else:
            self._notices.opened(gate, waiting)
            self._turn, given = 0, ()
            patience = Patience(
                waiting.deadline,
                waiting.reminders,
                waiting.escalate_after,
                escalations=len(waiting.approvers) - 1,
            )
        self._gate, self.patience = gate, patience
        self._approvals = {
            subject.digest: tuple(d for d in given if d.action_digest == subject.digest)
            for subject in gate.subjects
        }
        return gate, patience, self._approvals

    def carried(self) -> CarriedPeople:
        """Give what a new history must know."""
        queue = tuple(CarriedDecision(raw=received.raw, early=True) for received in self._queue)
        return CarriedPeople(
            gate=self._carried, queue=queue, seen=tuple(self._seen), decided=tuple(self._decided)
        )

    def resume(self, carried: CarriedPeople) -> None:
        """Go on where the history before this one left off."""
        self._carried = carried.gate
        self._queue = [Received(raw=one.raw, early=one.early) for one in carried.queue] + self._queue
        self._seen, self._decided = list(carried.seen), list(carried.decided)

    def _overtaken(self, gate: Gate) -> None:
        """Refuse at once what names the gate just closed; what names another is kept for it."""
        self._decided.append(gate.proposal_id)
        for received in list(self._queue):
            received.early = True
            if text_of(received.raw, "proposal_id") == gate.proposal_id:
                self._queue.remove(received)
                self._refuse(received, f"{gate.proposal_id} is already decided")

    async def finish(self) -> None:
        """Wait until no word to approvers is under way any more; due before the end and before a new history."""
        await self._notices.finish()

    def close(self) -> None:
        """Refuse what is left: after the end nothing waits, and every sender is told."""
        self._closed = True
        for received in self._queue:
            self._refuse(received, "the request ended without a gate that this decision fits")
        self._queue.clear()

    def _next(self) -> Received | None:
        """Give the oldest decision for the open gate; one that came early waits for the gate that it names."""
        for received in self._queue:
            named = text_of(received.raw, "proposal_id")
            if not received.early or self._gate is None or named == self._gate.proposal_id:
                return received
        return None

    async def _judge(self, received: Received, gate: Gate) -> Decision | None:
        self._queue.remove(received)
        sender = text_of(received.raw, "approver") or "unknown"
        ruling = await self._handover.inside(
            Decisions.verify_decision,
            DecisionCheck,
            DecisionRuling,
            to="decision_check",
            why=f"a decision from {sender[:50]} has come in",
            gate=gate,
            raw=received.raw,
            received_at=workflow.now(),
            requester=self._requester,
            approvals=self.approvals,
            seen=tuple(self._seen),
        )
        if not ruling.accepted or ruling.decision is None:
            self._refuse(received, ruling.reason)
            return None
        decision = ruling.decision
        self._seen.append(decision.decision_id)
        received.answer, received.accepted = ruling.reason, True
        self._ledger.record(
            EntryKind.DECISION,
            what=f"{decision.verdict} {gate.kind} {decision.proposal_id}"
            + (f", signed with {ruling.signed_with}" if ruling.signed_with else ""),
            why=decision.reason or ruling.reason,
            sender=f"approver.{decision.approver}",
            decided_by=decision.approver,
            about=decision,
        )
        return decision

    def _refuse(self, received: Received, why: str) -> None:
        received.answer = why
        self._ledger.refuse("decide", why, text_of(received.raw, "approver") or "unknown", received.raw)

    def _show(self, gate: Gate, state: str, owner: str, by: datetime, approvals: Approvals) -> None:
        open_subject = next(subject for subject in gate.subjects if _still_needs(subject, approvals))
        given = ", ".join(decision.approver for decision in approvals[open_subject.digest])
        self._standing.at(
            state,
            awaiting=f"a{' second' if given else ''} decision: {open_subject.summary}"
            + (f" (approved by {given})" if given else ""),
            owner=owner,
            by=by,
            subject_digest=open_subject.digest,
            proposal_id=gate.proposal_id,
            next_command=_command(self._request_id, gate, open_subject, owner),
            signal=decision_by_hand(gate, open_subject, owner, workflow.now()),
        )
        self._standing.publish()
        self._standing.show(self._at_a_glance(gate, self.approvals))

    def _tell(self, gate: Gate, waiting: Waiting, how: T) -> T:
        """Tell those who heard of the gate that it is closed, and pass on what closed it."""
        by, what = _in_words(how)
        self._notices.tell(NotifyEvent.DECIDED, gate, waiting, by, what)
        return how

    def _nudge(self, why: Awaited, gate: Gate, waiting: Waiting) -> None:
        event = NotifyEvent.ESCALATION if why is Awaited.ESCALATE else NotifyEvent.REMINDER
        owner = waiting.approvers[self._turn]
        self._notices.tell(event, gate, waiting, owner, "nobody has decided so far")
        self._ledger.record(
            EntryKind.REMINDER,
            what=event,
            why=f"{gate.kind} {gate.proposal_id} is still open",
            receiver=f"approver.{owner}",
            decided_by="playbook",
        )


def _still_needs(subject: Subject, approvals: Approvals) -> bool:
    return len(approvals[subject.digest]) < subject.approvals_needed


def _in_words(how: Approvals | Decision | Expired | None) -> tuple[str, str]:
    """Give who closed a gate, and how."""
    if isinstance(how, dict):
        last = list(how.values())[-1][-1]
        return last.approver, f"{last.approver} approved"
    if isinstance(how, Decision):
        return how.approver, f"{how.approver} decided: {how.verdict}"
    if isinstance(how, Expired):
        return "nobody", "nobody decided by the deadline"
    return "requester", "the requester took the request back"


def _command(request_id: str, gate: Gate, subject: Subject, owner: str) -> str:
    if gate.kind is GateKind.ROUTING:
        desk = subject.choices["desk"][0]
        return f".venv/bin/python starter.py edit {request_id} desk={desk} --as {owner}"
    # Who holds a role is not known here: the approvers file is not in history, and may be another tomorrow.
    who = owner if subject.approval == "named" else "NAME"
    return f".venv/bin/python starter.py {gate.verdicts[0]} {request_id} --as {who}"
