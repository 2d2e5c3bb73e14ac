"""Reads effects back again, hours or days after the answer went out, and reopens the request to a person."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.verifier import Verifier
    from dispatch.models.durations import spoken
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.people.decision import ApprovalRequest, Decision
    from dispatch.models.request.follow_up import (
        FollowUpDetail,
        FollowUpInput,
        FollowUpOutcome,
        FollowUpSnapshot,
    )
    from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
    from dispatch.models.request.message_names import QueryName
    from dispatch.models.request.status import READ_BACK_LATER, RequestState
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import PlaybookInForce
    from dispatch.models.work.proposal import Draft
    from dispatch.models.work.verification import Verification, VerificationBrief, VerificationVerdict
    from dispatch.process.list_summary import as_memo, summary_of_follow_up, summary_of_follow_up_input
    from workflows.parts import options
    from workflows.parts.acting.effects import Effect
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.approval.approvals import Approvals
    from workflows.parts.approval.decision_handlers import DecisionHandlers
    from workflows.parts.approval.extensions import Extensions
    from workflows.parts.approval.settlement import settle
    from workflows.parts.endings import HistoryFullError
    from workflows.parts.persist_trail import persist_trail
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder


@workflow.defn(name="FollowUp")
class FollowUp(DecisionHandlers):
    """Waits, reads the effects back, and hands missing effects to a person.

    Signals, all inherited: `decide` settles it, `extend` moves the deadline. The update `decide` returns what became
    of the decision. Queries: `status` and `trail`, inherited, and `detail`.
    """

    @workflow.init
    def __init__(self, follow_up: FollowUpInput) -> None:
        self._id = workflow.info().workflow_id
        self._input = follow_up.model_copy(update={"snapshot": None})
        self._verification: Verification | None = None
        self._recorder = TrailRecorder()
        self._status = StatusPublisher(
            self._id, f"follow-up of {follow_up.request_id}", RequestState.FOLLOWING_UP
        )
        self._status.routed(follow_up.desk, follow_up.priority)
        self._dispatcher = ActivityDispatcher(self._recorder, self._status)
        self._dispatcher.priority = Priority(priority_key=follow_up.priority)
        self._approvals = Approvals(
            self._id, follow_up.requester, self._recorder, self._status, self._dispatcher, self._summarise
        )
        self._extensions = Extensions(follow_up.requester, self._recorder, self._dispatcher)
        # As in the coordinator: only the follow-up itself may write its snapshot.
        snapshot = self._snapshot = follow_up.snapshot if workflow.info().continued_run_id else None
        if snapshot is not None:
            self._recorder.entries, self._recorder.refusals = list(snapshot.trail), snapshot.refusals
            self._status.resume(snapshot.status)
            self._verification = snapshot.verification
            self._approvals.resume(snapshot.approvals)

    @workflow.run
    async def run(self, follow_up: FollowUpInput) -> FollowUpOutcome:
        """Return the result of reading the effects back, and the owner."""
        try:
            return await self._read_back_and_settle(follow_up)
        except asyncio.CancelledError:
            self._approvals.close()
            await persist_trail(self._recorder, self._dispatcher)
            raise

    async def _read_back_and_settle(self, follow_up: FollowUpInput) -> FollowUpOutcome:
        if self._snapshot is None:
            due = workflow.now() + follow_up.after
            self._status.at(RequestState.FOLLOWING_UP, awaiting="the time to read the effects back", by=due)
            self._status.publish()
            await workflow.sleep(follow_up.after, summary=READ_BACK_LATER)
            verdict, why = await self._read_back(follow_up)
        else:
            verdict, why = self._snapshot.verdict, self._snapshot.why
        owner = "nobody"
        if verdict is not VerificationVerdict.CONFIRMED:
            try:
                owner, why = await settle(
                    self._approvals, self._id, "an effect no longer stands", why, follow_up.waiting
                )
            except HistoryFullError:
                await workflow.wait_condition(workflow.all_handlers_finished)
                snapshot = self._as_snapshot(verdict, why)
                workflow.continue_as_new(
                    follow_up.model_copy(update={"snapshot": snapshot}), memo=workflow.memo()
                )
        await self._approvals.finish()
        self._approvals.close()
        self._recorder.record(EntryKind.ENDING, what=verdict, why=why + self._recorder.closing_note())
        self._status.at(RequestState.CLOSED, awaiting="nothing", owner=owner)
        self._status.publish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return FollowUpOutcome(
            request_id=follow_up.request_id,
            verdict=verdict,
            why=why,
            owner=owner,
            trail=tuple(self._recorder.entries),
        )

    def _as_snapshot(self, verdict: VerificationVerdict, why: str) -> FollowUpSnapshot:
        return FollowUpSnapshot(
            verdict=verdict,
            why=why,
            verification=self._verification,
            status=self._status.status,
            trail=tuple(self._recorder.entries),
            refusals=self._recorder.refusals,
            approvals=self._approvals.snapshot(),
        )

    def _summarise(self, approval_request: ApprovalRequest, approvals: tuple[Decision, ...]) -> ListSummary:
        return summary_of_follow_up(self._input.requester, approval_request, approvals, self._input.actions)

    async def _read_back(self, follow_up: FollowUpInput) -> tuple[VerificationVerdict, str]:
        try:
            verification = await self._dispatcher.call_read(
                Verifier.verify,
                VerificationBrief(
                    handoff=PENDING_HANDOFF,
                    actions=follow_up.actions,
                    items=(),
                    draft=Draft(title="", text="", statements=()),
                ),
                Verification,
                receiver="verifier",
                why=f"the playbook wants it read back after {spoken(follow_up.after)}",
                decided_by="playbook",
                give_up_after=options.VERIFY_TIMEOUT,
            )
        except StageFailedError as error:
            return VerificationVerdict.UNVERIFIABLE, str(error)
        self._verification = verification
        return verification.verdict, "; ".join(f"{a.name}: {a.why}" for a in verification.actions)

    @workflow.query(
        name=QueryName.DETAIL.value,
        description="All that a person needs to settle it: what was done, what is there now, approval request.",
    )
    def detail(self) -> FollowUpDetail:
        return FollowUpDetail(
            status=self._status.status,
            input=self._input,
            verification=self._verification,
            approval_request=self._approvals.open_request,
            approvals=self._approvals.approvals,
            trail=tuple(self._recorder.entries),
        )


async def start_follow_ups(
    request_id: str,
    requester: str,
    playbook: PlaybookInForce,
    priority: int | None,
    effects: Iterable[Effect],
) -> tuple[str, ...]:
    """Start the checks that the playbook schedules, one for each time; they outlive the request. Returns their ids."""

    def after(effect: Effect) -> timedelta:
        return effect.policy.follow_up_after or timedelta()

    started = []
    scheduled = sorted((effect for effect in effects if effect.policy.follow_up_after), key=after)
    for number, (when, due) in enumerate(groupby(scheduled, key=after), start=1):
        child_id = f"{request_id}.follow-up-{number}"
        follow_up = FollowUpInput(
            request_id=request_id,
            requester=requester,
            desk=playbook.ref.desk,
            priority=priority or playbook.playbook.priority,
            actions=tuple(effect.bound for effect in due),
            after=when,
            waiting=playbook.playbook.timed(playbook.playbook.escalation),
        )
        try:
            await workflow.start_child_workflow(
                FollowUp.run,
                follow_up,
                id=child_id,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                memo={LIST_SUMMARY: as_memo(summary_of_follow_up_input(requester, follow_up.actions))},
                static_summary=f"follow-up of {request_id}",
            )
        except WorkflowAlreadyStartedError:
            # After a reset the check of the first run still exists.
            workflow.logger.info("follow-up already started", extra={"child": child_id})
        started.append(child_id)
    return tuple(started)
