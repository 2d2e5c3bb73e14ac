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
    from dispatch.models.people.decision import Decision, Gate
    from dispatch.models.request.follow_up import (
        CarriedFollowUp,
        FollowUpDossier,
        FollowUpOrder,
        FollowUpOutcome,
    )
    from dispatch.models.request.list_summary import GLANCE, Glance
    from dispatch.models.request.status import RequestState, Status
    from dispatch.models.trail import EntryKind, TrailEntry
    from dispatch.models.work.playbook import PlaybookInForce
    from dispatch.models.work.proposal import Draft
    from dispatch.models.work.verification import Verification, VerificationBrief, VerificationVerdict
    from dispatch.process.list_summary import as_memo, glance_of_follow_up, glance_of_order
    from dispatch.text.message_payloads import single
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import Handover, HandoverFailed
    from workflows.parts.approvals import People
    from workflows.parts.deadline_wait import extend
    from workflows.parts.effects import Effect
    from workflows.parts.endings import HistoryFull
    from workflows.parts.persist_trail import keep_refusals
    from workflows.parts.settlement import settle
    from workflows.parts.status_publisher import Standing
    from workflows.parts.trail_recorder import Ledger


@workflow.defn(name="FollowUp")
class FollowUp:
    """Waits, reads the effects back, and hands what no longer stands to a person (`decide` settles it)."""

    @workflow.init
    def __init__(self, order: FollowUpOrder) -> None:
        self._id = workflow.info().workflow_id
        self._order = order.model_copy(update={"carried": None})
        self._verification: Verification | None = None
        self._ledger = Ledger()
        self._standing = Standing(self._id, f"follow-up of {order.request_id}", RequestState.FOLLOWING_UP)
        self._standing.routed(order.desk, order.priority)
        self._handover = Handover(self._ledger, self._standing)
        self._handover.priority = Priority(priority_key=order.priority)
        self._people = People(
            self._id, order.requester, self._ledger, self._standing, self._handover, self._at_a_glance
        )
        # As in the coordinator: only the follow-up itself may say what was carried over.
        carried = self._carried = order.carried if workflow.info().continued_run_id else None
        if carried is not None:
            self._ledger.entries, self._ledger.refusals = list(carried.trail), carried.refusals
            self._standing.resume(carried.status)
            self._verification = carried.verification
            self._people.resume(carried.people)

    @workflow.run
    async def run(self, order: FollowUpOrder) -> FollowUpOutcome:
        """Give what was found when the effects were read back, and who has it now."""
        try:
            return await self._follow_up(order)
        except asyncio.CancelledError:
            self._people.close()
            await keep_refusals(self._ledger, self._handover)
            raise

    async def _follow_up(self, order: FollowUpOrder) -> FollowUpOutcome:
        if self._carried is None:
            due = workflow.now() + order.after
            self._standing.at(RequestState.FOLLOWING_UP, awaiting="the time to read the effects back", by=due)
            self._standing.publish()
            await workflow.sleep(order.after, summary=f"read {len(order.actions)} effects back")
            verdict, why = await self._read_back(order)
        else:
            verdict, why = self._carried.verdict, self._carried.why
        owner = "nobody"
        if verdict is not VerificationVerdict.CONFIRMED:
            try:
                owner, why = await settle(
                    self._people, self._id, "an effect no longer stands", why, order.waiting
                )
            except HistoryFull:
                await workflow.wait_condition(workflow.all_handlers_finished)
                carried = self._as_carried(verdict, why)
                workflow.continue_as_new(order.model_copy(update={"carried": carried}), memo=workflow.memo())
        await self._people.finish()
        self._people.close()
        self._ledger.record(EntryKind.ENDING, what=verdict, why=why + self._ledger.closing_note())
        self._standing.at(RequestState.CLOSED, awaiting="nothing", owner=owner)
        self._standing.publish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return FollowUpOutcome(
            request_id=order.request_id,
            verdict=verdict,
            why=why,
            owner=owner,
            trail=tuple(self._ledger.entries),
        )

    def _as_carried(self, verdict: VerificationVerdict, why: str) -> CarriedFollowUp:
        return CarriedFollowUp(
            verdict=verdict,
            why=why,
            verification=self._verification,
            status=self._standing.status,
            trail=tuple(self._ledger.entries),
            refusals=self._ledger.refusals,
            people=self._people.carried(),
        )

    def _at_a_glance(self, gate: Gate, approvals: tuple[Decision, ...]) -> Glance:
        return glance_of_follow_up(self._order.requester, gate, approvals, self._order.actions)

    async def _read_back(self, order: FollowUpOrder) -> tuple[VerificationVerdict, str]:
        try:
            verification = await self._handover.outside(
                Verifier.verify,
                VerificationBrief,
                Verification,
                to="verifier",
                give_up_after=options.VERIFY_TIMEOUT,
                why=f"the playbook wants it read back after {spoken(order.after)}",
                decided_by="playbook",
                actions=order.actions,
                items=(),
                draft=Draft(subject="", text="", statements=()),
            )
        except HandoverFailed as error:
            return VerificationVerdict.UNVERIFIABLE, str(error)
        self._verification = verification
        return verification.verdict, "; ".join(f"{a.name}: {a.why}" for a in verification.actions)

    @workflow.signal(description="A person's decision on an effect that no longer stands.")
    def decide(self, *raw: Any) -> None:
        self._people.receive(single(raw))

    @workflow.update(name="decide", description="As the signal, and says what became of the decision.")
    async def decide_and_tell(self, *raw: Any) -> dict[str, JsonValue]:
        return await self._people.receive_and_tell(single(raw))

    @workflow.signal(description="Move the deadline of the open wait: {approver, deadline, reason}.")
    def extend(self, *raw: Any) -> None:
        extend(single(raw), self._people.patience, self._people.may_decide, self._ledger)

    @workflow.query(description="Where the follow-up stands.")
    def status(self) -> Status:
        return self._standing.status

    @workflow.query(description="The record so far.")
    def trail(self) -> list[TrailEntry]:
        return self._ledger.entries

    @workflow.query(
        description="All that a person needs to settle it: what was done, what is there now, gate."
    )
    def dossier(self) -> FollowUpDossier:
        return FollowUpDossier(
            status=self._standing.status,
            order=self._order,
            verification=self._verification,
            gate=self._people.open_gate,
            approvals=self._people.approvals,
            trail=tuple(self._ledger.entries),
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
        order = FollowUpOrder(
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
                memo={GLANCE: as_memo(glance_of_order(requester, order.actions))},
                static_summary=f"follow-up of {request_id}",
            )
        except WorkflowAlreadyStartedError:
            # After a reset the check of the first run still stands.
            workflow.logger.info("follow-up already started", extra={"child": child_id})
        started.append(child_id)
    return tuple(started)
