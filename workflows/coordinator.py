"""The fixed process, from a request's arrival to its verified outcome.

Longer than other files on purpose: every stage stands here, so that the whole process is read in one place.
"""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue, ValidationError

    from channels.mail.automatic import why_set_apart
    from dispatch.approval.requests import request_approval, request_routing
    from dispatch.models.people.decision import ApprovalRequest, Decision, DecisionType
    from dispatch.models.request.intake import Intake, Triage
    from dispatch.models.request.list_summary import ListSummary
    from dispatch.models.request.request_detail import RequestDetail
    from dispatch.models.request.snapshot import ProcessState, RequestSnapshot, ResumePoint, RoutingState
    from dispatch.models.request.status import Ending, RequestState, Status
    from dispatch.models.request.submission import DocumentRef, Party, Submission, Trigger
    from dispatch.models.trail import EntryKind, Outcome, TrailEntry
    from dispatch.models.work.execution import Authorization
    from dispatch.models.work.finding import Finding, FindingStatus, Guidance, ReviewException
    from dispatch.models.work.guardian import GuardDecision
    from dispatch.models.work.plan import Plan, Step
    from dispatch.models.work.playbook import Playbook, PlaybookInForce, Waiting
    from dispatch.models.work.proposal import Proposal
    from dispatch.models.work.verification import VerificationVerdict
    from dispatch.process.items import account
    from dispatch.process.list_summary import summary_of_approval
    from dispatch.process.mending import groups_to_mend
    from dispatch.text.message_payloads import single
    from dispatch.text.requested import request_of
    from workflows.follow_up import start_follow_ups
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.approvals import Approvals, ApprovalsByDigest
    from workflows.parts.deadline_wait import extend
    from workflows.parts.effects import EffectFailedError, Effects
    from workflows.parts.endings import EndedEarlyError, HistoryFullError
    from workflows.parts.persist_trail import persist_trail
    from workflows.parts.requester_dialog import RequesterDialog
    from workflows.parts.reservations import Reservations
    from workflows.parts.settlement import settle
    from workflows.parts.stages import Stages
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.task_failures import TASK_FAILURES
    from workflows.parts.trail_recorder import TrailRecorder

MOST_ROUTINGS = 3
_WITH_CARRIED = 2
_RESUMES_AT = {
    RequestState.WAITING_FOR_ROUTING: ResumePoint.ROUTING,
    RequestState.WAITING_FOR_INFORMATION: ResumePoint.INFORMATION,
    RequestState.WAITING_FOR_APPROVAL: ResumePoint.APPROVAL,
    RequestState.ESCALATED: ResumePoint.SETTLEMENT,
}
_TO_A_PERSON = frozenset({Ending.ESCALATED, Ending.BLOCKED, Ending.UNKNOWN, Ending.COMPENSATED})
"""What the desk could not bring to an end itself stays open until a person says that it is settled."""


@workflow.defn(name="Coordinator")
class Coordinator:
    """One request. The coordinator routes, orders, assembles and decides when it is finished; it does no hands-on work.

    A submission is taken apart into items (intake), ranked and routed to a desk (triage), and completed with what
    the requester has to add (missing information). The desk's playbook says which specialists look at it (plan,
    specialists); their findings become one draft with its actions (assemble), which is checked against the
    playbook's standards (review). The guardian inspects each action alone (guard), people decide on what is held
    (approve); only then is anything done (execute), read back from the world (verify), and put on record (close).

    Signals: `answer` brings missing information, `decide` a person's decision, `extend` moves a deadline,
    `withdraw` takes the request back. The update `decide` does as the signal and says what became of it. Queries:
    `status` and `trail`. Temporal's own cancellation undoes what was done.
    """

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        submission, self._snapshot, self._unreadable = _read(raw)
        info = workflow.info()
        trigger = f"{submission.trigger.kind} {submission.trigger.trigger_id}"
        self._submission = submission
        self._id = info.workflow_id
        self._recorder = TrailRecorder()
        self._status = StatusPublisher(self._id, trigger, RequestState.INTAKE)
        self._dispatcher = ActivityDispatcher(self._recorder, self._status)
        self._approvals = Approvals(
            self._id,
            submission.sender.address,
            self._recorder,
            self._status,
            self._dispatcher,
            self._summarise,
        )
        self._effects = Effects(self._recorder, self._dispatcher, options.action_task_queue(info.task_queue))
        self._reservations = Reservations(self._id)
        self._stages = Stages(self._id, submission, self._dispatcher, self._recorder)
        self._requester = RequesterDialog(
            self._id, submission, self._recorder, self._status, self._dispatcher, self._stages, self._effects
        )
        named = submission.desk
        self._work = ProcessState(
            routing=RoutingState(desk=named, decided_by="submitter" if named else "playbook")
        )
        if self._snapshot is not None:
            self._resume(self._snapshot)

    @workflow.run
    async def run(self, *_submission: Any) -> Outcome:
        """Carry the request through its stages, in order; any of them may end it early."""
        if self._unreadable:
            raise ApplicationError(self._unreadable, type="NotTakenIn", non_retryable=True)
        try:
            ending, why = self._set_apart() or self._ended_before() or await self._carry_through()
            return await self._close(ending, why)
        except HistoryFullError as full:
            self._work.items = full.items or self._work.items
            await self._approvals.finish()
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(args=[self._submission, self._as_snapshot()], memo=workflow.memo())
        except asyncio.CancelledError:
            await self._cancel()
            raise
        except FailureError:
            raise
        except Exception as error:
            # A person's part alone is left in the new history; where that fails too, Temporal goes on trying.
            if self._work.failed or not TASK_FAILURES.is_last_try(workflow.info().run_id):
                raise
            workflow.continue_as_new(args=[self._submission, self._as_failed(error)], memo=workflow.memo())

    async def _carry_through(self) -> tuple[Ending, str]:
        try:
            if self._is_before(ResumePoint.ROUTING):
                await self._take_in()
            if self._is_before(ResumePoint.INFORMATION):
                await self._triage()
            if self._is_before(ResumePoint.APPROVAL):
                await self._complete_information()
            while True:
                if self._is_before(ResumePoint.APPROVAL):
                    await self._call_specialists()
                    await self._assemble()
                    await self._review()
                    await self._guard()
                if await self._approve():
                    break
            await self._execute()
            await self._verify()
        except EndedEarlyError as ended:
            return ended.ending, ended.why
        except StageFailedError as failed:
            why = f"{self._status.status.state} failed: {failed}"
            return Ending.ESCALATED, why
        return Ending.DONE, "every item was carried to its end and read back"

    async def _take_in(self) -> None:
        """Take it apart; what cannot be read within its bounds goes on unread, so that a person has it."""
        self._status.at(RequestState.INTAKE)
        unread = self._submission.unread
        if not unread:
            try:
                self._work.intake = await self._stages.take_in()
            except StageFailedError as failed:
                unread = str(failed)
        if unread:
            self._goes_unread(unread)
        self._work.items = self._the_intake.items

    def _goes_unread(self, why: str) -> None:
        """Go on with a request of one item that nobody read; no desk that was named before takes it unseen."""
        self._work.intake = self._stages.unread(why)
        self._work.routing = self._work.routing.model_copy(update={"desk": None, "decided_by": "process"})

    async def _triage(self) -> None:
        """Rank and route; where no desk fits, a person is asked."""
        self._status.at(RequestState.TRIAGE)
        while True:
            number, desk, decided_by = (
                self._work.routing.number,
                self._work.routing.desk,
                self._work.routing.decided_by,
            )
            try:
                triage: Triage = await self._stages.triage(self._the_intake, desk, decided_by)
            except StageFailedError as failed:
                if self._the_intake.unread:
                    raise
                self._goes_unread(str(failed))
                continue
            self._work.triaged, self._work.items = triage, triage.items
            if triage.playbook is not None:
                break
            if number > MOST_ROUTINGS:
                raise EndedEarlyError(
                    Ending.REJECTED, f"routed {MOST_ROUTINGS} times to desks that do not exist"
                )
            self._work.routing = await self._ask_for_routing(triage, number)
        self._status.routed(self._playbook.desk, triage.priority)
        self._rank()

    def _rank(self) -> None:
        if (triaged := self._work.triaged) is not None and triaged.playbook is not None:
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
        if decision.verdict is DecisionType.REJECT:
            raise EndedEarlyError(Ending.REJECTED, f"rejected by {decision.approver}: {decision.reason}")
        desk = str(decision.edits.get("desk"))
        return RoutingState(number=number + 1, desk=desk, decided_by=decision.approver)

    async def _complete_information(self) -> None:
        """Plan; what the plan finds missing is asked for, all at once, before anybody starts to work."""
        if self._the_intake.unread:
            raise EndedEarlyError(Ending.ESCALATED, f"{self._the_intake.unread}; a person reads it")
        while True:
            self._status.at(RequestState.PLAN)
            plan = self._work.plan = await self._stages.plan(self._in_force, self._work.items)
            if plan.step is not Step.ASK:
                break
            self._work.items = await self._requester.ask(plan.questions, self._work.items, self._in_force)
        if plan.step is Step.ESCALATE:
            raise EndedEarlyError(Ending.ESCALATED, plan.why)

    async def _call_specialists(self) -> None:
        """Call each group in parallel and the groups in order; a later one reads the findings of the earlier."""
        self._requester.check_withdrawn()
        self._status.at(RequestState.SPECIALISTS)
        self._work.findings = ()
        for group in self._the_plan.groups:
            while True:
                found = await self._examine(group, self._work.findings)
                if all(finding.status is FindingStatus.FOUND for finding in found):
                    break
                step = await self._stages.plan(
                    self._in_force, self._work.items, (*self._work.findings, *found)
                )
                if step.step is Step.ESCALATE:
                    raise EndedEarlyError(Ending.ESCALATED, step.why)
                if step.step is not Step.ASK:
                    break
                self._work.items = await self._requester.ask(step.questions, self._work.items, self._in_force)
                self._status.at(RequestState.SPECIALISTS)
            self._work.findings = (*self._work.findings, *found)

    async def _assemble(self) -> None:
        self._status.at(RequestState.ASSEMBLE)
        self._work.proposal = await self._stages.assemble(
            f"p{self._work.round}", self._in_force, self._work.items, self._work.findings, self._work.guidance
        )

    async def _review(self) -> None:
        """Send the draft back while the reviewers flag anything, a bounded number of times; the rest goes to a person."""
        for turn in range(self._playbook.review.max_rounds + 1):
            self._status.at(RequestState.REVIEW)
            flagged = await self._stages.review(
                self._the_proposal, self._playbook, self._work.items, self._work.findings
            )
            self._work.exceptions = (*self._the_intake.exceptions, *flagged)
            if not flagged or turn == self._playbook.review.max_rounds:
                return
            again = groups_to_mend(self._playbook.review, self._the_plan.groups, self._work.findings, flagged)
            if not again:
                return
            called = {name for group in again for name in group}
            kept = tuple(finding for finding in self._work.findings if finding.specialist not in called)
            for group in again:
                kept = (*kept, *await self._examine(group, kept, flagged))
            self._work.findings = kept
            await self._assemble()

    async def _guard(self) -> None:
        """Have every action inspected alone, those that spend with the sum of them; one that is blocked ends the request."""
        self._status.at(RequestState.GUARD)
        actions = self._the_proposal.actions
        spending = self._reservations.expect(actions)
        inspections = (
            self._stages.inspect(
                bound,
                self._playbook,
                self._work.exceptions,
                tuple(other for other in spending if other is not bound) if bound in spending else (),
                request_of(bound, self._the_proposal, self._the_intake, self._playbook),
            )
            for bound in actions
        )
        self._work.verdicts = tuple(await asyncio.gather(*inspections))
        blocked = [v for v in self._work.verdicts if v.ruling is GuardDecision.BLOCK]
        if blocked:
            raise EndedEarlyError(
                Ending.BLOCKED, "; ".join(reason.text for v in blocked for reason in v.reasons)
            )

    async def _approve(self) -> bool:
        """Wait for people on what is held; True when all may run, False when it goes round once more."""
        self._requester.check_withdrawn()
        held = request_approval(
            self._the_proposal.actions, self._work.verdicts, self._playbook.guardian, workflow.now()
        )
        if held is None:
            return True
        decision = await self._approvals.decide(*held, RequestState.WAITING_FOR_APPROVAL, self._is_withdrawn)
        self._snapshot = None
        self._requester.check_withdrawn()
        if isinstance(decision, dict):
            self._work.authorization = self._as_authorizations(held[0], decision)
            return True
        if not isinstance(decision, Decision):
            raise EndedEarlyError(Ending.REJECTED, "nobody decided by the deadline; silence approves nothing")
        if decision.verdict is DecisionType.REJECT:
            raise EndedEarlyError(Ending.REJECTED, f"rejected by {decision.approver}: {decision.reason}")
        if self._work.round >= self._playbook.plan.max_rounds:
            raise EndedEarlyError(
                Ending.ESCALATED, f"sent back {self._work.round} times; the last by {decision.approver}"
            )
        self._work.round += 1
        self._work.previous = self._work.proposal
        self._work.guidance = (*self._work.guidance, self._as_guidance(decision))
        return False

    async def _execute(self) -> None:
        """Carry out the actions in order; what was done is undone in reverse where a later one cannot be done."""
        self._work.acting = True
        self._status.at(RequestState.EXECUTE)
        try:
            for bound, verdict in zip(self._the_proposal.actions, self._work.verdicts, strict=True):
                policy = self._playbook.guardian.actions[bound.action.name]
                await self._effects.carry_out(
                    bound, verdict, policy, self._work.authorization.get(bound.digest)
                )
        except EffectFailedError as failed:
            if not failed.certain:
                raise EndedEarlyError(
                    Ending.UNKNOWN, f"whether it took effect is unknown: {failed}"
                ) from failed
            undone = bool(self._effects.standing)
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
        verification = await self._stages.verify(self._the_proposal, self._work.items)
        checks = [(check.verdict, check.why) for check in verification.actions]
        checks += [(check.verdict, f"{check.item_id}: {check.why}") for check in verification.items]
        not_confirmed = [
            f"{verdict}: {why}" for verdict, why in checks if verdict is not VerificationVerdict.CONFIRMED
        ]
        self._recorder.record(
            EntryKind.VERIFICATION,
            what=verification.verdict,
            why="; ".join(not_confirmed) or "all read back as ordered",
            sender="verifier",
            about=verification,
        )
        if verification.verdict is not VerificationVerdict.CONFIRMED:
            raise EndedEarlyError(Ending.ESCALATED, "; ".join(not_confirmed))

    async def _close(self, ending: Ending, why: str) -> Outcome:
        """Tell the requester, hand over what a person must settle, schedule the follow-ups, and put it on record."""
        owner, follow_ups = "nobody", tuple[str, ...]()
        in_force = self._work.triaged.playbook if self._work.triaged else None
        closing = asyncio.ensure_future(self._reservations.close(self._effects.paid()))
        if in_force is not None and ending is not Ending.DONE and self._work.ending is None:
            await self._requester.tell(ending, why, in_force)
        self._work.ending, self._work.why = ending, why
        if ending in _TO_A_PERSON:
            await self._find_reception()
            owner, why = await settle(self._approvals, self._id, ending, why, self._escalation)
        if in_force is not None:
            follow_ups = await start_follow_ups(
                self._id,
                self._submission.sender.address,
                in_force,
                self._status.status.priority,
                self._effects.standing,
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
            items=account(self._work.items, self._work.proposal, ending, why),
            effects=tuple(effect.receipt.effect_id for effect in self._effects.standing),
            follow_ups=follow_ups,
            trail=tuple(self._recorder.entries),
        )

    async def _find_reception(self) -> None:
        """Ask who takes a request that no desk has. Where nobody is known, the workflow fails."""
        if self._work.reception is not None or (self._work.triaged is not None and not self._work.failed):
            return
        if self._work.triaged is not None:
            self._work.reception = self._work.triaged.reception
            return
        try:
            self._work.reception = await self._stages.reception()
        except StageFailedError as failed:
            why = f"nobody is known who could take it: {failed}"
            raise ApplicationError(why, type="NotTakenIn", non_retryable=True) from failed

    def _as_failed(self, error: Exception) -> RequestSnapshot:
        """Carry over what a person needs, to a history in which nothing but the wait for a person is left."""
        kind = type(error).__name__
        self._work.failed = True
        self._work.ending = Ending.UNKNOWN if self._work.acting else Ending.ESCALATED
        self._work.why = (
            f"the desk's own process failed again and again at {self._status.status.state} ({kind})"
        )
        return self._as_snapshot().model_copy(update={"at": ResumePoint.SETTLEMENT})

    async def _cancel(self) -> None:
        """Undo what was done, as Temporal's cancellation asks; the run then ends as cancelled."""
        self._work.acting = True
        self._status.at(RequestState.COMPENSATE)
        left = await self._effects.undo_all("the request was cancelled")
        await self._reservations.close(self._effects.paid())
        owner = self._escalation.approvers[0] if left else "nobody"
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
            self._work.items,
            earlier,
            self._work.guidance,
            flagged,
            body=self._the_intake.body,
        )

    def _summarise(self, approval_request: ApprovalRequest, approvals: tuple[Decision, ...]) -> ListSummary:
        proposal = self._work.proposal
        return summary_of_approval(
            self._submission,
            approval_request,
            approvals,
            proposal.actions if proposal else (),
            self._work.verdicts,
            self._work.exceptions,
        )

    def _as_authorizations(
        self, approval_request: ApprovalRequest, approvals: ApprovalsByDigest
    ) -> dict[str, Authorization]:
        return {
            subject.digest: Authorization(
                approval=subject.approval,
                approvers=approval_request.approvers,
                requester=self._submission.sender.address,
                decisions=approvals[subject.digest],
            )
            for subject in approval_request.subjects
        }

    def _as_guidance(self, decision: Decision) -> Guidance:
        edits: dict[str, dict[str, JsonValue]] = {}
        if decision.verdict is DecisionType.EDIT:
            edited = next(b.action for b in self._the_proposal.actions if b.digest == decision.action_digest)
            edits = {f"{edited.name}/{edited.subject}": decision.edits}
        text = decision.reason if decision.verdict is DecisionType.RESPOND else ""
        return Guidance(by=decision.approver, decision_id=decision.decision_id, text=text, edits=edits)

    def _is_withdrawn(self) -> bool:
        return self._requester.withdrawn

    def _is_before(self, stage: ResumePoint) -> bool:
        """Tell whether the steps that lead to a stage are still to be done, in this history or the one before."""
        order = list(ResumePoint)
        return self._snapshot is None or order.index(self._snapshot.at) < order.index(stage)

    def _set_apart(self) -> tuple[Ending, str] | None:
        """Return the ending of automatic mail, of which nothing is read and which nobody answers."""
        automatic = self._submission.automatic
        return None if automatic is None else (Ending.SET_APART, why_set_apart(automatic))

    def _ended_before(self) -> tuple[Ending, str] | None:
        """Give how it ended in the history before this one, where only a person has still to settle it."""
        return (self._work.ending, self._work.why) if self._work.ending is not None else None

    def _as_snapshot(self) -> RequestSnapshot:
        return RequestSnapshot(
            at=_RESUMES_AT.get(RequestState(self._status.status.state), ResumePoint.SETTLEMENT),
            status=self._status.status,
            trail=tuple(self._recorder.entries),
            refusals=self._recorder.refusals,
            work=self._work,
            people=self._approvals.carried(),
            requester=self._requester.carried(),
            effects=self._effects.carried(),
            reservations=self._reservations.carried(),
        )

    def _resume(self, carried: RequestSnapshot) -> None:
        self._recorder.entries, self._recorder.refusals = list(carried.trail), carried.refusals
        self._status.resume(carried.status)
        self._work = carried.work
        self._rank()
        self._approvals.resume(carried.people)
        self._requester.resume(carried.requester)
        self._effects.resume(carried.effects)
        self._reservations.resume(carried.reservations)

    @property
    def _escalation(self) -> Waiting:
        if self._work.reception is not None:
            return self._work.reception.routing
        if self._work.triaged is not None and self._work.triaged.playbook is None:
            return self._work.triaged.reception.routing
        return self._playbook.escalation

    @property
    def _in_force(self) -> PlaybookInForce:
        if self._work.triaged is None or self._work.triaged.playbook is None:
            raise EndedEarlyError(Ending.ESCALATED, "no playbook is in force")
        return self._work.triaged.playbook

    @property
    def _playbook(self) -> Playbook:
        return self._in_force.playbook

    @property
    def _the_intake(self) -> Intake:
        if self._work.intake is None:
            raise EndedEarlyError(Ending.ESCALATED, "nothing was taken in")
        return self._work.intake

    @property
    def _the_plan(self) -> Plan:
        if self._work.plan is None:
            raise EndedEarlyError(Ending.ESCALATED, "nothing was planned")
        return self._work.plan

    @property
    def _the_proposal(self) -> Proposal:
        if self._work.proposal is None:
            raise EndedEarlyError(Ending.ESCALATED, "nothing was proposed")
        return self._work.proposal

    @workflow.signal(description='Missing information: {"fields": {"order_number": "DD-10001"}}.')
    def answer(self, *raw: Any) -> None:
        self._requester.receive(single(raw))

    @workflow.signal(
        description="A person's decision on exactly one digest; `status` shows what it must name."
    )
    def decide(self, *raw: Any) -> None:
        self._approvals.receive(single(raw))

    @workflow.signal(description="Move the deadline of the open wait: {approver, deadline, reason}.")
    def extend(self, *raw: Any) -> None:
        if self._requester.wait is not None:
            extend(single(raw), self._requester.wait, self._playbook.escalation.approvers, self._recorder)
        else:
            extend(single(raw), self._approvals.wait, self._approvals.may_decide, self._recorder)

    @workflow.signal(description="The requester takes the request back: {reason}.")
    def withdraw(self, *raw: Any) -> None:
        self._requester.withdraw(single(raw), too_late=self._work.acting)

    @workflow.update(name="decide", description="As the signal, and says what became of the decision.")
    async def decide_and_tell(self, *raw: Any) -> dict[str, JsonValue]:
        return await self._approvals.receive_and_tell(single(raw))

    @workflow.query(description="Where the request stands: state, next owner, review point, next command.")
    def status(self) -> Status:
        return self._status.status

    @workflow.query(description="The record so far: who, what, why, decided by, when.")
    def trail(self) -> list[TrailEntry]:
        return self._recorder.entries

    @workflow.query(description="All that a person needs to decide: request, draft, evidence, reasons, gate.")
    def detail(self) -> RequestDetail:
        return RequestDetail(
            status=self._status.status,
            submission=self._submission,
            playbook=self._work.triaged.playbook.ref
            if self._work.triaged and self._work.triaged.playbook
            else None,
            items=self._work.items,
            findings=self._work.findings,
            proposal=self._work.proposal,
            previous=self._work.previous,
            guidance=self._work.guidance,
            exceptions=self._work.exceptions,
            verdicts=self._work.verdicts,
            approval_request=self._approvals.open_request,
            approvals=self._approvals.approvals,
            questions=self._requester.questions,
            trail=tuple(self._recorder.entries),
        )


def _read(raw: tuple[Any, ...]) -> tuple[Submission, RequestSnapshot | None, str]:
    """Read the input here and not by the SDK, for which one that does not fit is a task to repeat for ever.

    Gives the submission and, in a history that is not the first, what was carried over; or an empty submission and
    what is wrong: only `run` may end a workflow.
    """
    try:
        # Nobody but the request itself, going on in a new history, may say what was already inspected and approved.
        goes_on = len(raw) == _WITH_CARRIED and workflow.info().continued_run_id is not None
        carried = RequestSnapshot.model_validate(raw[1]) if goes_on else None
        return Submission.model_validate(single(raw[:1] if carried else raw)), carried, ""
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the input"
        nothing = DocumentRef(sha256="0" * 64, size_bytes=0, media_type="text/plain", name="nothing")
        trigger = Trigger(kind="json", trigger_id="unreadable", received_at=workflow.now())
        empty = Submission(trigger=trigger, sender=Party(address="nobody"), body="", source=nothing)
        return empty, None, f"{where}: {first['msg']}; start requests with starter.py submit"
