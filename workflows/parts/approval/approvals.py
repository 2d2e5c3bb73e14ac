"""People's decisions: received at any time, judged when a gate is open, each one answered and recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.decision_check import DecisionChecks
    from dispatch.approval.requests import decision_by_hand, precheck
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.people.decision import (
        ApprovalItem,
        ApprovalKind,
        ApprovalRequest,
        Decision,
        DecisionCheck,
        DecisionCheckResult,
        DecisionType,
    )
    from dispatch.models.people.notification import NotifyEvent
    from dispatch.models.request.list_summary import ListSummary
    from dispatch.models.request.snapshot import ApprovalSnapshot, ApprovalsSnapshot, DecisionSnapshot
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import Waiting
    from dispatch.text.message_payloads import bounded, text_of
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.approval.approver_notifications import ApproverNotifications
    from workflows.parts.deadline_wait import DeadlineWait, WakeReason
    from workflows.parts.endings import HistoryFullError, history_full
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

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


T = TypeVar("T", "ApprovalsByDigest", Decision, Expired, None)

ApprovalsByDigest = dict[str, tuple[Decision, ...]]
"""By digest: the approvals it has, of as many different people as its tier asks for."""

Summarise = Callable[[ApprovalRequest, tuple[Decision, ...]], ListSummary]
"""Says an open gate, with the approvals it has, in a line."""


class Approvals:
    """Waits for people on the request's behalf. The first valid decision in history order wins."""

    def __init__(
        self,
        request_id: str,
        requester: str,
        recorder: TrailRecorder,
        status: StatusPublisher,
        dispatcher: ActivityDispatcher,
        summarise: Summarise,
    ) -> None:
        self._request_id, self._requester = request_id, requester
        self._summarise = summarise
        self._recorder, self._status, self._dispatcher = recorder, status, dispatcher
        self._notices = ApproverNotifications(request_id, recorder, status, dispatcher)
        self._queue: list[Received] = []
        self._seen: list[str] = []
        self._decided: list[str] = []
        self._gate: ApprovalRequest | None = None
        self._approvals: ApprovalsByDigest = {}
        self._turn = 0
        self._snapshot: ApprovalSnapshot | None = None
        self.wait: DeadlineWait | None = None
        self._closed = False

    def receive(self, raw: Any) -> Received:
        """Take a decision in; it is kept until a gate it fits is open, and refused where none can be."""
        received = Received(raw=bounded(raw), early=self._gate is None)
        named = text_of(received.raw, "proposal_id")
        if self._closed:
            self._refuse(received, "the request is closed")
        elif self._gate is None and named in self._decided:
            self._refuse(received, f"{named} is already decided")
        elif self._gate is not None and (why := precheck(self._gate, received.raw, self._seen)):
            self._refuse(received, why)
        elif len(self._queue) >= MOST_KEPT:
            self._refuse(received, f"{MOST_KEPT} decisions already wait to be read; send it again later")
        else:
            self._queue.append(received)
        return received

    async def receive_and_report(self, raw: Any) -> dict[str, JsonValue]:
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
    def open_request(self) -> ApprovalRequest | None:
        """The gate that stands open, with the deadline in force."""
        if self._gate is None or self.wait is None:
            return None
        return self._gate.model_copy(update={"deadline": self.wait.deadline})

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """What was approved at the open gate so far."""
        return tuple(decision for given in self._approvals.values() for decision in given)

    @property
    def may_decide(self) -> tuple[str, ...]:
        """Who may decide at the open gate, and so may move its deadline."""
        return self._gate.approvers if self._gate else ()

    async def decide(
        self, approval_request: ApprovalRequest, waiting: Waiting, state: str, withdrawn: Callable[[], bool]
    ) -> ApprovalsByDigest | Decision | Expired | None:
        """Open a gate and wait.

        Gives the approvals of each digest once all subjects have theirs, else the first decision that is not
        an approval, Expired at the deadline, or None when the requester withdrew.

        Raises HistoryFull, with the gate left open for a new history, when all that has come in is judged.
        """
        approval_request, wait, approvals = self._open(approval_request, waiting)
        try:
            while not withdrawn():
                self._show(approval_request, state, waiting.approvers[self._turn], wait.deadline, approvals)
                why = await wait.until(
                    lambda: withdrawn() or self._next() is not None or history_full(),
                    f"{approval_request.kind}: {approval_request.why}",
                )
                if why is WakeReason.EXPIRED:
                    return self._tell(approval_request, waiting, Expired())
                if why in {WakeReason.REMIND, WakeReason.ESCALATE}:
                    self._turn += why is WakeReason.ESCALATE
                    self._nudge(why, approval_request, waiting)
                elif (received := self._next()) is not None and not withdrawn():
                    decision = await self._judge(received, self.open_request or approval_request)
                    if decision is not None and decision.verdict is not DecisionType.APPROVE:
                        return self._tell(approval_request, waiting, decision)
                    if decision is not None:
                        approvals[decision.action_digest] += (decision,)
                    if not any(_still_needs(subject, approvals) for subject in approval_request.subjects):
                        return self._tell(approval_request, waiting, approvals)
                elif why is WakeReason.READY and not withdrawn():
                    await self._notices.finish()
                    self._snapshot = ApprovalSnapshot(
                        approval_request=approval_request,
                        wait=wait.snapshot(),
                        turn=self._turn,
                        approvals=self.approvals,
                        notices=self._notices.snapshot(),
                    )
                    raise HistoryFullError
            return self._tell(approval_request, waiting, None)
        finally:
            self._gate = self.wait = None
            self._approvals = {}
            if self._snapshot is None:
                self._reject_superseded(approval_request)

    def _open(
        self, approval_request: ApprovalRequest, waiting: Waiting
    ) -> tuple[ApprovalRequest, DeadlineWait, ApprovalsByDigest]:
        """Open a gate anew, or the one that the history before this one left open."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None and snapshot.approval_request.proposal_id == approval_request.proposal_id:
            approval_request, self._turn, given = snapshot.approval_request, snapshot.turn, snapshot.approvals
            wait = DeadlineWait.resumed(snapshot.wait)
            self._notices.resume(snapshot.notices)
        else:
            self._notices.opened(approval_request, waiting)
            self._turn, given = 0, ()
            wait = DeadlineWait(
                waiting.deadline,
                waiting.reminders,
                waiting.escalate_after,
                escalations=len(waiting.approvers) - 1,
            )
        self._gate, self.wait = approval_request, wait
        self._approvals = {
            subject.digest: tuple(d for d in given if d.action_digest == subject.digest)
            for subject in approval_request.subjects
        }
        return approval_request, wait, self._approvals

    def snapshot(self) -> ApprovalsSnapshot:
        """Give what a new history must know."""
        queue = tuple(DecisionSnapshot(raw=received.raw, early=True) for received in self._queue)
        return ApprovalsSnapshot(
            approval_request=self._snapshot, queue=queue, seen=tuple(self._seen), decided=tuple(self._decided)
        )

    def resume(self, snapshot: ApprovalsSnapshot) -> None:
        """Go on where the history before this one left off."""
        self._snapshot = snapshot.approval_request
        self._queue = [Received(raw=one.raw, early=one.early) for one in snapshot.queue] + self._queue
        self._seen, self._decided = list(snapshot.seen), list(snapshot.decided)

    def _reject_superseded(self, approval_request: ApprovalRequest) -> None:
        """Refuse at once what names the gate just closed; what names another is kept for it."""
        self._decided.append(approval_request.proposal_id)
        for received in list(self._queue):
            received.early = True
            if text_of(received.raw, "proposal_id") == approval_request.proposal_id:
                self._queue.remove(received)
                self._refuse(received, f"{approval_request.proposal_id} is already decided")

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

    async def _judge(self, received: Received, approval_request: ApprovalRequest) -> Decision | None:
        self._queue.remove(received)
        sender = text_of(received.raw, "approver") or "unknown"
        ruling = await self._dispatcher.call_local(
            DecisionChecks.verify_decision,
            DecisionCheck(
                handoff=PENDING_HANDOFF,
                approval_request=approval_request,
                raw=received.raw,
                received_at=workflow.now(),
                requester=self._requester,
                approvals=self.approvals,
                seen=tuple(self._seen),
            ),
            DecisionCheckResult,
            receiver="decision_check",
            why=f"a decision from {sender[:50]} has come in",
        )
        if not ruling.accepted or ruling.decision is None:
            self._refuse(received, ruling.reason)
            return None
        decision = ruling.decision
        self._seen.append(decision.decision_id)
        received.answer, received.accepted = ruling.reason, True
        self._recorder.record(
            EntryKind.DECISION,
            what=f"{decision.verdict} {approval_request.kind} {decision.proposal_id}"
            + (f", signed with {ruling.signed_with}" if ruling.signed_with else ""),
            why=decision.reason or ruling.reason,
            sender=f"approver.{decision.approver}",
            decided_by=decision.approver,
            about=decision,
        )
        return decision

    def _refuse(self, received: Received, why: str) -> None:
        received.answer = why
        self._recorder.refuse("decide", why, text_of(received.raw, "approver") or "unknown", received.raw)

    def _show(
        self,
        approval_request: ApprovalRequest,
        state: str,
        owner: str,
        by: datetime,
        approvals: ApprovalsByDigest,
    ) -> None:
        open_subject = next(
            subject for subject in approval_request.subjects if _still_needs(subject, approvals)
        )
        given = ", ".join(decision.approver for decision in approvals[open_subject.digest])
        self._status.at(
            state,
            awaiting=f"a{' second' if given else ''} decision: {open_subject.summary}"
            + (f" (approved by {given})" if given else ""),
            owner=owner,
            by=by,
            subject_digest=open_subject.digest,
            proposal_id=approval_request.proposal_id,
            next_command=_command(self._request_id, approval_request, open_subject, owner),
            signal=decision_by_hand(approval_request, open_subject, owner, workflow.now()),
        )
        self._status.publish()
        self._status.show(self._summarise(approval_request, self.approvals))

    def _tell(self, approval_request: ApprovalRequest, waiting: Waiting, how: T) -> T:
        """Tell those who heard of the gate that it is closed, and pass on what closed it."""
        by, what = _in_words(how)
        self._notices.tell(NotifyEvent.DECIDED, approval_request, waiting, by, what)
        return how

    def _nudge(self, why: WakeReason, approval_request: ApprovalRequest, waiting: Waiting) -> None:
        event = NotifyEvent.ESCALATION if why is WakeReason.ESCALATE else NotifyEvent.REMINDER
        owner = waiting.approvers[self._turn]
        self._notices.tell(event, approval_request, waiting, owner, "nobody has decided so far")
        self._recorder.record(
            EntryKind.REMINDER,
            what=event,
            why=f"{approval_request.kind} {approval_request.proposal_id} is still open",
            receiver=f"approver.{owner}",
            decided_by="playbook",
        )


def _still_needs(subject: ApprovalItem, approvals: ApprovalsByDigest) -> bool:
    return len(approvals[subject.digest]) < subject.approvals_needed


def _in_words(how: ApprovalsByDigest | Decision | Expired | None) -> tuple[str, str]:
    """Give who closed a gate, and how."""
    if isinstance(how, dict):
        last = list(how.values())[-1][-1]
        return last.approver, f"{last.approver} approved"
    if isinstance(how, Decision):
        return how.approver, f"{how.approver} decided: {how.verdict}"
    if isinstance(how, Expired):
        return "nobody", "nobody decided by the deadline"
    return "requester", "the requester took the request back"


def _command(request_id: str, approval_request: ApprovalRequest, subject: ApprovalItem, owner: str) -> str:
    if approval_request.kind is ApprovalKind.ROUTING:
        desk = subject.choices["desk"][0]
        return f"dispatch edit {request_id} desk={desk} --as {owner}"
    # Who holds a role is not known here: the approvers file is not in history, and may be another tomorrow.
    who = owner if subject.approval == "named" else "NAME"
    return f"dispatch {approval_request.verdicts[0]} {request_id} --as {who}"
