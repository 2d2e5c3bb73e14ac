"""Reads effects back again, hours or days after the answer went out, and reopens the request to a person."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from typing import Any

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.verifier import Verifier
    from dispatch.models.durations import spoken
    from dispatch.models.people.decision import ApprovalRequest, Decision
    from dispatch.models.request.follow_up import (
        FollowUpDetail,
        FollowUpInput,
        FollowUpOutcome,
        FollowUpSnapshot,
    )
    from dispatch.models.request.list_summary import LIST_SUMMARY, ListSummary
    from dispatch.models.request.status import RequestState, Status
    from dispatch.models.trail import EntryKind, TrailEntry
    from dispatch.models.work.playbook import PlaybookInForce
    from dispatch.models.work.proposal import Draft
    from dispatch.models.work.verification import Verification, VerificationBrief, VerificationVerdict
    from dispatch.process.list_summary import as_memo, summary_of_follow_up, summary_of_follow_up_input
    from dispatch.text.message_payloads import single
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.approvals import Approvals
    from workflows.parts.deadline_wait import extend
    from workflows.parts.effects import Effect
    from workflows.parts.endings import HistoryFullError
    from workflows.parts.persist_trail import persist_trail
    from workflows.parts.settlement import settle
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder


@workflow.defn(name="FollowUp")
class FollowUp:
    """Waits, reads the effects back, and hands what no longer stands to a person (`decide` settles it)."""

    @workflow.init
    def __init__(self, order: FollowUpInput) -> None:
        self._id = workflow.info().workflow_id
        self._order = order.model_copy(update={"carried": None})
        self._verification: Verification | None = None
        self._recorder = TrailRecorder()
        self._status = StatusPublisher(
            self._id, f"follow-up of {order.request_id}", RequestState.FOLLOWING_UP
        )
        self._status.routed(order.desk, order.priority)
        self._dispatcher = ActivityDispatcher(self._recorder, self._status)
        self._dispatcher.priority = Priority(priority_key=order.priority)
        self._approvals = Approvals(
            self._id, order.requester, self._recorder, self._status, self._dispatcher, self._summarise
        )
        # As in the coordinator: only the follow-up itself may say what was carried over.
        carried = self._snapshot = order.carried if workflow.info().continued_run_id else None
        if carried is not None:
            self._recorder.entries, self._recorder.refusals = list(carried.trail), carried.refusals
            self._status.resume(carried.status)
            self._verification = carried.verification
            self._approvals.resume(carried.people)

    @workflow.run
    async def run(self, order: FollowUpInput) -> FollowUpOutcome:
        """Give what was found when the effects were read back, and who has it now."""
        try:
            return await self._follow_up(order)
        except asyncio.CancelledError:
            self._approvals.close()
            await persist_trail(self._recorder, self._dispatcher)
            raise

    async def _follow_up(self, order: FollowUpInput) -> FollowUpOutcome:
        if self._snapshot is None:
            due = workflow.now() + order.after
            self._status.at(RequestState.FOLLOWING_UP, awaiting="the time to read the effects back", by=due)
            self._status.publish()
            await workflow.sleep(order.after, summary=f"read {len(order.actions)} effects back")
            verdict, why = await self._read_back(order)
        else:
            verdict, why = self._snapshot.verdict, self._snapshot.why
        owner = "nobody"
        if verdict is not VerificationVerdict.CONFIRMED:
            try:
                owner, why = await settle(
                    self._approvals, self._id, "an effect no longer stands", why, order.waiting
                )
            except HistoryFullError:
                await workflow.wait_condition(workflow.all_handlers_finished)
                carried = self._as_snapshot(verdict, why)
                workflow.continue_as_new(order.model_copy(update={"carried": carried}), memo=workflow.memo())
        await self._approvals.finish()
        self._approvals.close()
        self._recorder.record(EntryKind.ENDING, what=verdict, why=why + self._recorder.closing_note())
        self._status.at(RequestState.CLOSED, awaiting="nothing", owner=owner)
        self._status.publish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return FollowUpOutcome(
            request_id=order.request_id,
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
            people=self._approvals.carried(),
        )

    def _summarise(self, approval_request: ApprovalRequest, approvals: tuple[Decision, ...]) -> ListSummary:
        return summary_of_follow_up(self._order.requester, approval_request, approvals, self._order.actions)

    async def _read_back(self, order: FollowUpInput) -> tuple[VerificationVerdict, str]:
        try:
            verification = await self._dispatcher.outside(
                Verifier.verify,
                VerificationBrief,
                Verification,
                to="verifier",
                give_up_after=options.VERIFY_TIMEOUT,
                why=f"the playbook wants it read back after {spoken(order.after)}",
                decided_by="playbook",
                actions=order.actions,
                items=(),
                draft=Draft(title="", text="", statements=()),
            )
        except StageFailedError as error:
            return VerificationVerdict.UNVERIFIABLE, str(error)
        self._verification = verification
        return verification.verdict, "; ".join(f"{a.name}: {a.why}" for a in verification.actions)

    @workflow.signal(description="A person's decision on an effect that no longer stands.")
    def decide(self, *raw: Any) -> None:
        self._approvals.receive(single(raw))

    @workflow.update(name="decide", description="As the signal, and says what became of the decision.")
    async def decide_and_tell(self, *raw: Any) -> dict[str, JsonValue]:
        return await self._approvals.receive_and_tell(single(raw))

    @workflow.signal(description="Move the deadline of the open wait: {approver, deadline, reason}.")
    def extend(self, *raw: Any) -> None:
        extend(single(raw), self._approvals.wait, self._approvals.may_decide, self._recorder)

    @workflow.query(description="Where the follow-up stands.")
    def status(self) -> Status:
        return self._status.status

    @workflow.query(description="The record so far.")
    def trail(self) -> list[TrailEntry]:
        return self._recorder.entries

    @workflow.query(
        description="All that a person needs to settle it: what was done, what is there now, gate."
    )
    def detail(self) -> FollowUpDetail:
        return FollowUpDetail(
            status=self._status.status,
            order=self._order,
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
    """Start the checks that the playbook schedules, one for each time; they outlive the request. Gives their ids."""

    def after(effect: Effect) -> timedelta:
        return effect.policy.follow_up_after or timedelta()

    started = []
    scheduled = sorted((effect for effect in effects if effect.policy.follow_up_after), key=after)
    for number, (when, due) in enumerate(groupby(scheduled, key=after), start=1):
        child_id = f"{request_id}.follow-up-{number}"
        order = FollowUpInput(
            request_id=request_id,
            requester=requester,
            desk=playbook.ref.desk,
            priority=priority or playbook.playbook.priority,
            actions=tuple(effect.bound for effect in due),
            after=when,
            waiting=playbook.playbook.escalation,
        )
        try:
            await workflow.start_child_workflow(
                FollowUp.run,
                order,
                id=child_id,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                memo={LIST_SUMMARY: as_memo(summary_of_follow_up_input(requester, order.actions))},
                static_summary=f"follow-up of {request_id}",
            )
        except WorkflowAlreadyStartedError:
            # After a reset the check of the first run still stands.
            workflow.logger.info("follow-up already started", extra={"child": child_id})
        started.append(child_id)
    return tuple(started)
