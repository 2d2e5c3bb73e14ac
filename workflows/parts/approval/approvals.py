"""People's decisions: received at any time, evaluated while an approval request is open, answered and recorded."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.decision_check import DecisionChecks
    from dispatch.approval.consequences import done_with, more_due, owners_now, still_awaited
    from dispatch.approval.requests import decision_by_hand, next_command
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.people.decision import (
        ApprovalRequest,
        Decision,
        DecisionCheck,
        DecisionCheckResult,
        DecisionType,
    )
    from dispatch.models.people.notification import NotifyEvent
    from dispatch.models.request.list_summary import MOST_NAMED, ListSummary
    from dispatch.models.request.snapshot import ApprovalSnapshot, ApprovalsSnapshot
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import Waiting
    from dispatch.text.message_payloads import text_of
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.approval.approver_notifications import ApproverNotifications
    from workflows.parts.approval.extensions import OpenWait
    from workflows.parts.approval.outcomes import Decided, Expired, decided_of, describe
    from workflows.parts.approval.received_decisions import Received, ReceivedDecisions
    from workflows.parts.deadline_wait import DeadlineWait, WakeReason, open_wait
    from workflows.parts.endings import HistoryFullError, history_full
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder


T = TypeVar("T", Decided, Expired, None)

_OF_ONE_ITEM: Final = frozenset({DecisionType.APPROVE, DecisionType.REJECT})

Summarise = Callable[[ApprovalRequest, tuple[Decision, ...]], ListSummary]
"""Returns the row of an open approval request, with its approvals and rejections so far, in lists."""


class Approvals:
    """Handles approval requests and their decisions. The first valid decision in history order wins."""

    def __init__(
        self,
        request_id: str,
        requester: str,
        recorder: TrailRecorder,
        status: StatusPublisher,
        dispatcher: ActivityDispatcher,
        summarise: Summarise,
    ) -> None:
        self._request_id, self._requester, self._summarise = request_id, requester, summarise
        self._recorder, self._status, self._dispatcher = recorder, status, dispatcher
        self._notifications = ApproverNotifications(request_id, recorder, status, dispatcher)
        self._received = ReceivedDecisions(recorder)
        self._open_request: ApprovalRequest | None = None
        self._given: list[Decision] = []
        self._turn = 0
        self._snapshot: ApprovalSnapshot | None = None
        self.wait: DeadlineWait | None = None

    def receive(self, raw: Any) -> Received:
        """Receive a decision: keep it until a matching approval request is open, refuse it if there can be none."""
        return self._received.receive(raw, self._open_request)

    async def receive_and_report(self, raw: Any) -> dict[str, JsonValue]:
        """Receive a decision and return the result: accepted, refused and why, or kept for a later request."""
        received = self.receive(raw)
        if received.early and received.answer is None:
            why = "no approval request is open; kept until one opens that it fits"
            return {"accepted": False, "kept": True, "reason": why}
        await workflow.wait_condition(lambda: received.answer is not None)
        return {
            "accepted": received.accepted,
            "kept": False,
            "reason": received.answer,
            "follows": received.follows,
        }

    @property
    def open_request(self) -> ApprovalRequest | None:
        """Return the open approval request, with its present deadline."""
        gate, wait = self._open_request, self.wait
        return gate.model_copy(update={"deadline": wait.deadline}) if gate and wait else None

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """Return the approvals that the open request has so far."""
        return tuple(one for one in self._given if one.decision_type is DecisionType.APPROVE)

    @property
    def rejections(self) -> tuple[Decision, ...]:
        """Return the rejections of single items that the open request has so far."""
        return tuple(one for one in self._given if one.decision_type is DecisionType.REJECT)

    @property
    def open_wait(self) -> OpenWait | None:
        """Return the wait of the open request; people who may decide there may move its deadline."""
        gate = self.open_request
        return OpenWait(self.wait, gate.approvers, gate.role_names, gate) if gate and self.wait else None

    async def decide(
        self, approval_request: ApprovalRequest, waiting: Waiting, state: str, withdrawn: Callable[[], bool]
    ) -> Decided | Expired | None:
        """Open an approval request and wait.

        Returns the decisions once each item is approved or rejected, or once the first edit or response closes it;
        Expired at the deadline, or None when the requester withdrew.

        Raises HistoryFullError, with the request left open for a new history, when all decisions are evaluated.
        """
        approval_request, wait = await self._open(approval_request, waiting)
        try:
            while not withdrawn():
                self._show(approval_request, state, wait.deadline)
                why = await wait.until(
                    lambda: (
                        withdrawn() or self._received.next(self._open_request) is not None or history_full()
                    ),
                    f"{approval_request.kind}: {approval_request.why}",
                )
                if why is WakeReason.EXPIRED:
                    return self._closed_by(approval_request, waiting, Expired())
                if why in {WakeReason.REMIND, WakeReason.ESCALATE}:
                    self._turn += why is WakeReason.ESCALATE
                    self._remind(why, approval_request, waiting)
                elif (received := self._received.next(self._open_request)) is not None and not withdrawn():
                    decision = await self._evaluate(received, self.open_request or approval_request)
                    if decision is not None and decision.decision_type not in _OF_ONE_ITEM:
                        decided = decided_of(approval_request, self._given, decision)
                        return self._closed_by(approval_request, waiting, decided)
                    if decision is not None:
                        self._given.append(decision)
                        self._ask_for_more(decision, approval_request, waiting)
                    if not still_awaited(approval_request, self.approvals, self.rejections):
                        decided = decided_of(approval_request, self._given)
                        return self._closed_by(approval_request, waiting, decided)
                elif why is WakeReason.READY and not withdrawn():
                    await self._notifications.finish()
                    self._snapshot = ApprovalSnapshot(
                        approval_request=approval_request,
                        wait=wait.snapshot(),
                        turn=self._turn,
                        approvals=tuple(self._given),
                        notifications=self._notifications.snapshot(),
                    )
                    raise HistoryFullError
            return self._closed_by(approval_request, waiting, None)
        finally:
            self._open_request = self.wait = None
            self._given = []
            if self._snapshot is None:
                self._received.reject_superseded(approval_request.proposal_id)

    async def _open(
        self, approval_request: ApprovalRequest, waiting: Waiting
    ) -> tuple[ApprovalRequest, DeadlineWait]:
        """Open a new approval request, or the one that the previous history left open."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None and snapshot.approval_request.proposal_id == approval_request.proposal_id:
            approval_request, self._turn = snapshot.approval_request, snapshot.turn
            earlier = snapshot.approvals
            wait = DeadlineWait(snapshot.wait)
            self._notifications.resume(snapshot.notifications)
        else:
            wait = await open_wait(
                waiting, self._dispatcher, waiting.escalate_after, escalations=approval_request.turns
            )
            # The request holds the deadline without a calendar; the wait has the deadline in working time.
            approval_request = approval_request.model_copy(
                update={"opened_at": wait.opened_at, "deadline": wait.deadline}
            )
            self._turn, earlier = 0, ()
            self._notifications.opened(approval_request, waiting, self._owners(approval_request))
        self._open_request, self.wait, self._given = approval_request, wait, list(earlier)
        return approval_request, wait

    def snapshot(self) -> ApprovalsSnapshot:
        """Return the snapshot for a new history."""
        return ApprovalsSnapshot(
            approval_request=self._snapshot,
            queue=self._received.snapshot(),
            seen=self._received.seen,
            decided=self._received.decided,
        )

    def resume(self, snapshot: ApprovalsSnapshot) -> None:
        """Restore the snapshot of the previous history."""
        self._snapshot = snapshot.approval_request
        self._received.resume(snapshot.queue, snapshot.seen, snapshot.decided)

    async def finish(self) -> None:
        """Wait until no notification is running; must be awaited before the end and before a new history."""
        await self._notifications.finish()

    def close(self) -> None:
        """Refuse the remaining decisions at the end, so that every sender has an answer."""
        self._received.close()

    async def _evaluate(self, received: Received, approval_request: ApprovalRequest) -> Decision | None:
        self._received.remove(received)
        sender = text_of(received.raw, "approver") or "unknown"
        result = await self._dispatcher.call_local(
            DecisionChecks.verify_decision,
            DecisionCheck(
                handoff=PENDING_HANDOFF,
                approval_request=approval_request,
                raw=received.raw,
                received_at=workflow.now(),
                requester=self._requester,
                approvals=self.approvals,
                rejections=self.rejections,
                seen=self._received.seen,
            ),
            DecisionCheckResult,
            receiver="decision_check",
            why=f"a decision from {sender[:50]} has come in",
        )
        if not result.accepted or result.decision is None:
            self._received.refuse(received, result.reason)
            return None
        decision = result.decision
        self._received.accept(received, decision.decision_id, result.reason, result.follows)
        key = next(one.key for one in approval_request.items if one.digest == decision.action_digest)
        self._recorder.record(
            EntryKind.DECISION,
            what=f"{decision.decision_type} {approval_request.kind} {decision.proposal_id}"
            + (f" on {key}" if key else "")
            + (f", signed with {result.signed_with}" if result.signed_with else ""),
            why=decision.reason or result.reason,
            sender=f"approver.{decision.approver}",
            decided_by=decision.approver,
            about=decision,
        )
        return decision

    def _show(self, approval_request: ApprovalRequest, state: str, by: datetime) -> None:
        open_item, *more = still_awaited(approval_request, self.approvals, self.rejections)
        owner, *others = self._owners(approval_request)
        earlier = [one.approver for one in self.approvals if one.action_digest == open_item.digest]
        progress = f"{open_item.approval.progress(len(earlier))}: {', '.join(earlier)}"
        self._status.at(
            state,
            awaiting=f"a decision: {open_item.summary}"
            + (f" ({progress})" if earlier else "")
            + "".join(f"; and {item.summary}" for item in more),
            owner=owner,
            about=open_item.summary,
            by=by,
            action_digest=open_item.digest,
            proposal_id=approval_request.proposal_id,
            next_command=next_command(self._request_id, approval_request, open_item, owner),
            signal=decision_by_hand(approval_request, open_item, owner, workflow.now()),
        )
        self._status.publish()
        list_summary = self._summarise(approval_request, tuple(self._given))
        done = done_with(approval_request, self.approvals, self.rejections)
        names = {"also_with": tuple(others[:MOST_NAMED]), "done": done[:MOST_NAMED]}
        self._status.show(list_summary.model_copy(update=names))

    def _closed_by(self, approval_request: ApprovalRequest, waiting: Waiting, outcome: T) -> T:
        """Notify the people who were notified of the approval request that it is closed, and return its outcome."""
        closer, summary = describe(outcome)
        self._notifications.notify(NotifyEvent.DECIDED, approval_request, waiting, (closer,), summary)
        return outcome

    def _remind(self, why: WakeReason, approval_request: ApprovalRequest, waiting: Waiting) -> None:
        event = NotifyEvent.ESCALATION if why is WakeReason.ESCALATE else NotifyEvent.REMINDER
        self._tell(event, approval_request, waiting, "nobody has decided so far")
        self._recorder.record(
            EntryKind.REMINDER,
            what=event,
            why=f"{approval_request.kind} {approval_request.proposal_id} is still open",
            receiver=", ".join(f"approver.{owner}" for owner in self._owners(approval_request)),
            decided_by="playbook",
        )

    def _ask_for_more(self, decision: Decision, approval_request: ApprovalRequest, waiting: Waiting) -> None:
        if why := more_due(approval_request, decision, self.approvals, self.rejections):
            self._tell(NotifyEvent.APPROVED, approval_request, waiting, why)

    def _tell(
        self, event: NotifyEvent, approval_request: ApprovalRequest, waiting: Waiting, why: str
    ) -> None:
        """Notify everybody whose decision may be due, except people whose decisions are complete."""
        done = done_with(approval_request, self.approvals, self.rejections)
        owners = self._owners(approval_request)
        self._notifications.notify(event, approval_request, waiting, owners, why, done)

    def _owners(self, approval_request: ApprovalRequest) -> tuple[str, ...]:
        return owners_now(approval_request, self.approvals, self.rejections, self._turn)
