"""The fixed process, from a request's arrival to its verified outcome.

Longer than other files: every stage is here, so that the whole process can be read in one place.
"""

import asyncio
from typing import Any, Final

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.requests import request_approval, request_routing
    from dispatch.models.people.decision import ApprovalRequest, Decision, DecisionType
    from dispatch.models.request.intake import Intake, Triage
    from dispatch.models.request.list_summary import ListSummary
    from dispatch.models.request.message_names import MessageName, QueryName
    from dispatch.models.request.request_detail import RequestDetail
    from dispatch.models.request.snapshot import ProcessState, ResumePoint, RoutingState
    from dispatch.models.request.status import Ending, RequestState
    from dispatch.models.trail import EntryKind, Outcome
    from dispatch.models.work.finding import Finding, FindingStatus, ReviewException
    from dispatch.models.work.guardian import GuardDecision
    from dispatch.models.work.plan import Plan, Step
    from dispatch.models.work.playbook import Playbook, PlaybookInForce
    from dispatch.models.work.proposal import Proposal
    from dispatch.models.work.verification import VerificationVerdict
    from dispatch.process.items import account
    from dispatch.process.mending import groups_to_mend
    from dispatch.text.message_payloads import single
    from dispatch.text.requested import request_of
    from workflows.follow_up import start_follow_ups
    from workflows.parts.activity_dispatcher import StageFailedError
    from workflows.parts.approval.authorizations import authorizations_of, guidance_of
    from workflows.parts.approval.decision_handlers import DecisionHandlers
    from workflows.parts.approval.settlement import settle
    from workflows.parts.closing import TO_A_PERSON, escalation_of, failed_snapshot, find_reception
    from workflows.parts.deadline_wait import DeadlineWait
    from workflows.parts.detail_view import detail_of, list_summary_of
    from workflows.parts.effects import EffectFailedError
    from workflows.parts.endings import EndedEarlyError, HistoryFullError, required
    from workflows.parts.persist_trail import persist_trail
    from workflows.parts.request_input import read_input
    from workflows.parts.request_parts import RequestParts
    from workflows.parts.task_failures import TASK_FAILURES

MOST_ROUTINGS: Final = 3


@workflow.defn(name="Coordinator")
class Coordinator(DecisionHandlers):
    """One request. The coordinator routes, orders, assembles and decides when it is finished; it does no hands-on work.

    A submission is taken apart into items (intake), ranked and routed to a desk (triage), and completed with what
    the requester has to add (missing information). The desk's playbook says which specialists look at it (plan,
    specialists); their findings become one draft with its actions (assemble), which is checked against the
    playbook's standards (review). The guardian inspects each action alone (guard), people decide on what is held
    (approve); only then is anything done (execute), read back from the world (verify), and put on record (close).

    Signals: `answer` brings missing information, `decide` a person's decision, `extend` moves a deadline,
    `withdraw` takes the request back. The update `decide` does as the signal and returns what became of the decision.
    Queries: `status`, `trail` and `detail`. `decide`, `extend`, `status` and `trail` are inherited, because a
    follow-up has them too. Temporal's own cancellation undoes what was done.
    """

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        self._submission, self._snapshot, self._problem = read_input(raw)
        self._id = workflow.info().workflow_id
        parts = self._parts = RequestParts.build(self._id, self._submission, self._summarise)
        self._recorder, self._status, self._dispatcher = parts.recorder, parts.status, parts.dispatcher
        self._approvals, self._stages, self._requester = parts.approvals, parts.stages, parts.requester
        self._effects, self._reservations = parts.effects, parts.reservations
        named = self._submission.desk
        self._state = ProcessState(
            routing=RoutingState(desk=named, decided_by="submitter" if named else "playbook")
        )
        if self._snapshot is not None:
            self._state = self._snapshot.state
            parts.resume(self._snapshot)
            self._rank()

    @workflow.run
    async def run(self, *_submission: Any) -> Outcome:
        """Run the stages in order; any of them may end the request early."""
        if self._problem:
            raise ApplicationError(self._problem, type="NotTakenIn", non_retryable=True)
        try:
            try:
                self._check_ended()
                if self._is_before(ResumePoint.ROUTING):
                    await self._intake()
                if self._is_before(ResumePoint.INFORMATION):
                    await self._triage()
                if self._is_before(ResumePoint.APPROVAL):
                    await self._complete_information()
                approved = False
                while not approved:
                    if self._is_before(ResumePoint.APPROVAL):
                        await self._call_specialists()
                        await self._assemble()
                        await self._review()
                        await self._guard()
                    approved = await self._approve()
                await self._execute()
                await self._verify()
                ending, why = Ending.DONE, "every item was carried to its end and read back"
            except EndedEarlyError as ended:
                ending, why = ended.ending, ended.why
            except StageFailedError as failed:
                ending, why = Ending.ESCALATED, f"{self._status.status.state} failed: {failed}"
            return await self._close(ending, why)
        except (asyncio.CancelledError, Exception) as interruption:
            await self._leave_history(interruption)
            raise

    async def _leave_history(self, interruption: asyncio.CancelledError | Exception) -> None:
        """Continue in a new history where this one is full or the process itself fails; undo if cancelled.

        Returns where the interruption is to be raised again.
        """
        if isinstance(interruption, HistoryFullError):
            self._state.items = interruption.items or self._state.items
            await self._approvals.finish()
            await workflow.wait_condition(workflow.all_handlers_finished)
            snapshot = self._parts.snapshot(self._state)
            workflow.continue_as_new(args=[self._submission, snapshot], memo=workflow.memo())
        elif isinstance(interruption, asyncio.CancelledError):
            await self._cancel()
        # Only a person's part is left in the new history; where that fails too, Temporal goes on trying.
        elif (
            not isinstance(interruption, FailureError)
            and not self._state.failed
            and TASK_FAILURES.is_last_try(workflow.info().run_id)
        ):
            snapshot = failed_snapshot(self._state, self._parts, interruption)
            workflow.continue_as_new(args=[self._submission, snapshot], memo=workflow.memo())

    def _check_ended(self) -> None:
        """Raise EndedEarlyError for automatic mail, which nobody reads or answers, and where only settling is left."""
        if (automatic := self._submission.automatic) is not None:
            raise EndedEarlyError(Ending.SET_APART, automatic.in_words)
        if self._state.ending is not None:
            raise EndedEarlyError(self._state.ending, self._state.why)

    def _is_before(self, stage: ResumePoint) -> bool:
        """Check whether the steps that lead to a stage are still to be done, in this history or the one before."""
        order = list(ResumePoint)
        return self._snapshot is None or order.index(self._snapshot.at) < order.index(stage)

    async def _intake(self) -> None:
        """Take it apart; what cannot be read within its bounds goes on unread, so that a person has it."""
        self._status.at(RequestState.INTAKE)
        unread = self._submission.unread
        if not unread:
            try:
                self._state.intake = await self._stages.take_in()
            except StageFailedError as failed:
                unread = str(failed)
        if unread:
            self._continue_unread(unread)
        self._state.items = self._taken_in.items

    def _continue_unread(self, why: str) -> None:
        """Continue with a request of one item that nobody read; no desk that was named before takes it unseen."""
        self._state.intake = self._stages.unread(why)
        self._state.routing = self._state.routing.model_copy(update={"desk": None, "decided_by": "process"})

    async def _triage(self) -> None:
        """Rank and route; where no desk fits, a person is asked."""
        self._status.at(RequestState.TRIAGE)
        while True:
            routing = self._state.routing
            try:
                triage: Triage = await self._stages.triage(self._taken_in, routing.desk, routing.decided_by)
            except StageFailedError as failed:
                if self._taken_in.unread:
                    raise
                self._continue_unread(str(failed))
                continue
            self._state.triaged, self._state.items = triage, triage.items
            if triage.playbook is not None:
                break
            if routing.number > MOST_ROUTINGS:
                raise EndedEarlyError(
                    Ending.REJECTED, f"routed {MOST_ROUTINGS} times to desks that do not exist"
                )
            self._state.routing = await self._ask_for_routing(triage, routing.number)
        self._status.routed(self._playbook.desk, triage.priority)
        self._rank()

    def _rank(self) -> None:
        triaged = self._state.triaged
        if triaged is not None and triaged.playbook is not None:
            self._dispatcher.priority = Priority(
                priority_key=triaged.priority, fairness_key=triaged.fairness_key[:64]
            )

    async def _ask_for_routing(self, triage: Triage, number: int) -> RoutingState:
        waiting = triage.reception.routing
        approval_request = request_routing(
            self._id, triage.desks, waiting, workflow.now(), triage.why, number
        )
        decision = await self._approvals.decide(
            approval_request, waiting, RequestState.WAITING_FOR_ROUTING, self._is_withdrawn
        )
        self._requester.check_withdrawn()
        if not isinstance(decision, Decision):
            raise EndedEarlyError(Ending.REJECTED, "nobody routed it by the deadline")
        if decision.decision_type is DecisionType.REJECT:
            raise EndedEarlyError(Ending.REJECTED, f"rejected by {decision.approver}: {decision.reason}")
        desk = str(decision.edits.get("desk"))
        return RoutingState(number=number + 1, desk=desk, decided_by=decision.approver)

    async def _complete_information(self) -> None:
        """Plan; what the plan finds missing is asked for, all at once, before anybody starts to work."""
        if self._taken_in.unread:
            raise EndedEarlyError(Ending.ESCALATED, f"{self._taken_in.unread}; a person reads it")
        while True:
            self._status.at(RequestState.PLAN)
            plan = self._state.plan = await self._stages.plan(self._in_force, self._state.items)
            if plan.step is not Step.ASK:
                break
            self._state.items = await self._requester.ask(plan.questions, self._state.items, self._in_force)
        if plan.step is Step.ESCALATE:
            raise EndedEarlyError(Ending.ESCALATED, plan.why)

    async def _call_specialists(self) -> None:
        """Call each group in parallel and the groups in order; a later one reads the findings of the earlier."""
        self._requester.check_withdrawn()
        self._status.at(RequestState.SPECIALISTS)
        self._state.findings = ()
        for group in self._plan.groups:
            while True:
                found = await self._examine(group, self._state.findings)
                if all(finding.status is FindingStatus.FOUND for finding in found):
                    break
                step = await self._stages.plan(
                    self._in_force, self._state.items, (*self._state.findings, *found)
                )
                if step.step is Step.ESCALATE:
                    raise EndedEarlyError(Ending.ESCALATED, step.why)
                if step.step is not Step.ASK:
                    break
                self._state.items = await self._requester.ask(
                    step.questions, self._state.items, self._in_force
                )
                self._status.at(RequestState.SPECIALISTS)
            self._state.findings = (*self._state.findings, *found)

    async def _assemble(self) -> None:
        self._status.at(RequestState.ASSEMBLE)
        self._state.proposal = await self._stages.assemble(
            f"p{self._state.round}",
            self._in_force,
            self._state.items,
            self._state.findings,
            self._state.guidance,
        )

    async def _review(self) -> None:
        """Send the draft back while the reviewers flag anything, a bounded number of times; the rest goes to a person."""
        for turn in range(self._playbook.review.max_rounds + 1):
            self._status.at(RequestState.REVIEW)
            flagged = await self._stages.review(
                self._proposal, self._playbook, self._state.items, self._state.findings
            )
            self._state.exceptions = (*self._taken_in.exceptions, *flagged)
            if not flagged or turn == self._playbook.review.max_rounds:
                return
            again = groups_to_mend(self._playbook.review, self._plan.groups, self._state.findings, flagged)
            if not again:
                return
            called = {name for group in again for name in group}
            kept = tuple(finding for finding in self._state.findings if finding.specialist not in called)
            for group in again:
                kept = (*kept, *await self._examine(group, kept, flagged))
            self._state.findings = kept
            await self._assemble()

    async def _guard(self) -> None:
        """Have every action inspected alone, those that spend with the sum of them; one that is blocked ends the request."""
        self._status.at(RequestState.GUARD)
        actions = self._proposal.actions
        spending = self._reservations.expect(actions)
        inspections = (
            self._stages.inspect(
                bound,
                self._playbook,
                self._state.exceptions,
                tuple(other for other in spending if other is not bound) if bound in spending else (),
                request_of(bound, self._proposal, self._taken_in, self._playbook),
            )
            for bound in actions
        )
        self._state.guard_results = tuple(await asyncio.gather(*inspections))
        blocked = [v for v in self._state.guard_results if v.decision is GuardDecision.BLOCK]
        if blocked:
            raise EndedEarlyError(
                Ending.BLOCKED, "; ".join(reason.text for v in blocked for reason in v.reasons)
            )

    async def _approve(self) -> bool:
        """Wait for people on what is held; True when all may run, False when it goes round once more."""
        self._requester.check_withdrawn()
        held = request_approval(
            self._proposal.actions, self._state.guard_results, self._playbook.guardian, workflow.now()
        )
        if held is None:
            return True
        decision = await self._approvals.decide(*held, RequestState.WAITING_FOR_APPROVAL, self._is_withdrawn)
        self._snapshot = None
        self._requester.check_withdrawn()
        if isinstance(decision, dict):
            self._state.authorization = authorizations_of(held[0], decision, self._submission.sender.address)
            return True
        if not isinstance(decision, Decision):
            raise EndedEarlyError(Ending.REJECTED, "nobody decided by the deadline; silence approves nothing")
        if decision.decision_type is DecisionType.REJECT:
            raise EndedEarlyError(Ending.REJECTED, f"rejected by {decision.approver}: {decision.reason}")
        if self._state.round >= self._playbook.plan.max_rounds:
            raise EndedEarlyError(
                Ending.ESCALATED, f"sent back {self._state.round} times; the last by {decision.approver}"
            )
        self._state.round += 1
        self._state.previous = self._state.proposal
        self._state.guidance = (*self._state.guidance, guidance_of(decision, self._proposal))
        return False

    async def _execute(self) -> None:
        """Carry out the actions in order; where one cannot be done, those before it are undone in reverse."""
        self._state.acting = True
        self._status.at(RequestState.EXECUTE)
        try:
            for bound, guard_result in zip(self._proposal.actions, self._state.guard_results, strict=True):
                policy = self._playbook.guardian.actions[bound.action.name]
                authorization = self._state.authorization.get(bound.digest)
                await self._effects.carry_out(bound, guard_result, policy, authorization)
        except EffectFailedError as failed:
            if not failed.certain:
                raise EndedEarlyError(
                    Ending.UNKNOWN, f"whether it took effect is unknown: {failed}"
                ) from failed
            undone = bool(self._effects.applied)
            self._status.at(RequestState.COMPENSATE)
            left = await self._effects.undo_all(f"undone, because {failed}")
            if left or not undone:
                raise EndedEarlyError(Ending.ESCALATED, "; ".join([str(failed), *left])) from failed
            raise EndedEarlyError(
                Ending.COMPENSATED, f"{failed}; what was done before it is undone"
            ) from failed

    async def _verify(self) -> None:
        """Read the world back, independently of who acted; anything but confirmed never ends as done."""
        self._status.at(RequestState.VERIFY)
        verification = await self._stages.verify(self._proposal, self._state.items)
        problems = "; ".join(verification.not_confirmed)
        self._recorder.record(
            EntryKind.VERIFICATION,
            what=verification.verdict,
            why=problems or "all read back as ordered",
            sender="verifier",
            about=verification,
        )
        if verification.verdict is not VerificationVerdict.CONFIRMED:
            raise EndedEarlyError(Ending.ESCALATED, problems)

    async def _close(self, ending: Ending, why: str) -> Outcome:
        """Notify the requester, hand over what a person must settle, schedule the follow-ups, and record the end."""
        owner, follow_ups = "nobody", tuple[str, ...]()
        playbook = self._state.triaged.playbook if self._state.triaged else None
        closing = asyncio.ensure_future(self._reservations.close(self._effects.paid()))
        if playbook is not None and ending is not Ending.DONE and self._state.ending is None:
            await self._requester.tell(ending, why, playbook)
        self._state.ending, self._state.why = ending, why
        if ending in TO_A_PERSON:
            await find_reception(self._state, self._stages)
            owner, why = await settle(self._approvals, self._id, ending, why, escalation_of(self._state))
        if playbook is not None:
            follow_ups = await start_follow_ups(
                self._id,
                self._submission.sender.address,
                playbook,
                self._status.status.priority,
                self._effects.applied,
            )
        await closing
        await self._approvals.finish()
        self._end(ending, why, owner)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return Outcome(
            request_id=self._id,
            desk=self._status.status.desk,
            ending=ending,
            why=why,
            owner=owner,
            items=account(self._state.items, self._state.proposal, ending, why),
            effects=tuple(effect.receipt.effect_id for effect in self._effects.applied),
            follow_ups=follow_ups,
            trail=tuple(self._recorder.entries),
        )

    async def _cancel(self) -> None:
        """Undo what was done, as Temporal's cancellation asks; the run then ends as cancelled."""
        self._state.acting = True
        self._status.at(RequestState.COMPENSATE)
        left = await self._effects.undo_all("the request was cancelled")
        await self._reservations.close(self._effects.paid())
        owner = escalation_of(self._state).approvers[0] if left else "nobody"
        await self._approvals.finish()
        self._end(Ending.CANCELLED, "; ".join(["cancelled", *left]), owner)
        await persist_trail(self._recorder, self._dispatcher)

    def _end(self, ending: Ending, why: str, owner: str) -> None:
        self._approvals.close()
        self._requester.close()
        self._recorder.record(
            EntryKind.ENDING, what=ending, why=why + self._recorder.closing_note(), receiver=owner
        )
        self._status.at(ending, awaiting="nothing", owner=owner)
        self._status.publish()

    async def _examine(
        self, group: tuple[str, ...], earlier: tuple[Finding, ...], flagged: tuple[ReviewException, ...] = ()
    ) -> tuple[Finding, ...]:
        return await self._stages.examine(
            group,
            self._playbook,
            self._state.items,
            earlier,
            self._state.guidance,
            flagged,
            body=self._taken_in.body,
        )

    def _summarise(self, approval_request: ApprovalRequest, approvals: tuple[Decision, ...]) -> ListSummary:
        return list_summary_of(self._submission, self._state, approval_request, approvals)

    def _is_withdrawn(self) -> bool:
        return self._requester.withdrawn

    def _open_wait(self) -> tuple[DeadlineWait | None, tuple[str, ...]]:
        if self._requester.wait is not None:
            return self._requester.wait, self._playbook.escalation.approvers
        return super()._open_wait()

    @property
    def _in_force(self) -> PlaybookInForce:
        triaged = self._state.triaged
        return required(triaged.playbook if triaged else None, "no playbook is in force")

    @property
    def _playbook(self) -> Playbook:
        return self._in_force.playbook

    @property
    def _taken_in(self) -> Intake:
        return required(self._state.intake, "nothing was taken in")

    @property
    def _plan(self) -> Plan:
        return required(self._state.plan, "nothing was planned")

    @property
    def _proposal(self) -> Proposal:
        return required(self._state.proposal, "nothing was proposed")

    @workflow.signal(
        name=MessageName.ANSWER.value,
        description='Missing information: {"fields": {"order_number": "DD-10001"}}.',
    )
    def answer(self, *raw: Any) -> None:
        self._requester.receive(single(raw))

    @workflow.signal(
        name=MessageName.WITHDRAW.value, description="The requester takes the request back: {reason}."
    )
    def withdraw(self, *raw: Any) -> None:
        self._requester.withdraw(single(raw), too_late=self._state.acting)

    @workflow.query(
        name=QueryName.DETAIL.value,
        description="All that a person needs to decide: request, draft, evidence, reasons, approval request.",
    )
    def detail(self) -> RequestDetail:
        return detail_of(self._submission, self._state, self._parts)
