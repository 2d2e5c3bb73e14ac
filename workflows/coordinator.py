"""The fixed process, from a request's arrival to its verified outcome: every stage in its order."""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from dispatch.approval.requests import request_approval
    from dispatch.models.request.snapshot import ResumePoint
    from dispatch.models.request.status import Ending, RequestState
    from dispatch.models.trail import Outcome
    from dispatch.models.work.finding import FindingStatus
    from dispatch.models.work.guardian import GuardDecision
    from dispatch.models.work.plan import Step
    from dispatch.process.mending import groups_to_mend
    from workflows.parts.acting.effects import EffectFailedError
    from workflows.parts.activity_dispatcher import StageFailedError
    from workflows.parts.approval.extensions import Extensions
    from workflows.parts.approval.outcomes import Decided
    from workflows.parts.approval.routing import ask_for_routing
    from workflows.parts.approval.sorting import ask_for_intents
    from workflows.parts.approval.taking import drop_outgrown, take_decisions
    from workflows.parts.ending.closing import close
    from workflows.parts.ending.compensation import compensate
    from workflows.parts.ending.ending_of import ending_of
    from workflows.parts.ending.interruption import handle_interruption
    from workflows.parts.ending.read_back import record_read_back
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.request_handlers import RequestHandlers
    from workflows.parts.request_input import read_input
    from workflows.parts.request_parts import RequestParts


@workflow.defn(name="Coordinator")
class Coordinator(RequestHandlers):
    """One request. The coordinator routes, delegates, assembles and decides when it is finished; it does no hands-on work.

    A submission is taken apart into items (intake), ranked and routed to a desk (triage), and completed with what
    the requester has to add (missing information). The desk's playbook says which specialists look at it (plan,
    specialists); their findings become one draft with its actions (assemble), which is checked against the
    playbook's standards (review). The guardian inspects each action alone (guard), people decide on what is held
    (approve); only then is anything done (execute), read back from the world (verify), and put on record (close).
    Where items are surely of several desks, each desk does its part as a request of its own (workflows/parts/family),
    and this one tells the requester what became of all.

    The messages that it takes and the queries that it answers are in workflows/parts/request_handlers.py. Temporal's own
    cancellation undoes what was done.
    """

    @workflow.init
    def __init__(self, *raw: Any) -> None:
        submission, snapshot, self._problem = read_input(raw)
        parts = self._parts = RequestParts.build(workflow.info().workflow_id, submission, snapshot)
        self._resume_at = snapshot.at if snapshot is not None else None
        self._state, self._recorder, self._status = parts.state, parts.recorder, parts.status
        self._approvals, self._requester, self._effects = parts.approvals, parts.requester, parts.effects
        self._extensions = Extensions(submission.sender.address, parts.recorder, parts.dispatcher)
        self._stages, self._roles, self._additions = parts.stages, parts.roles, parts.additions

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
                if self._state.is_divided:
                    ending, why = await self._parts.family.run()
                else:
                    await self._do_all()
                    ending, why = ending_of(self._state)
            except EndedEarlyError as ended:
                ending, why = ending_of(self._state, ended)
            except StageFailedError as failed:
                ending, why = Ending.ESCALATED, f"{self._status.status.state} failed: {failed}"
            return await close(self._parts, ending, why)
        except (asyncio.CancelledError, Exception) as interruption:
            await handle_interruption(self._parts, interruption)
            raise

    async def _do_all(self) -> None:
        """Do the work of the one desk that has it."""
        if self._is_before(ResumePoint.APPROVAL):
            await self._complete_information()
        approved = False
        while not approved:
            if self._is_before(ResumePoint.APPROVAL):
                await self._ask_for_a_person()
                await self._call_specialists()
                await self._assemble()
                await self._review()
                await self._guard()
            approved = await self._approve()
        await self._execute()
        await self._verify()

    def _check_ended(self) -> None:
        """Raise EndedEarlyError for automatic mail, which nobody reads or answers, and where only settling is left."""
        if (automatic := self._parts.submission.automatic) is not None:
            raise EndedEarlyError(Ending.SET_APART, automatic.in_words)
        if self._state.ending is not None:
            raise EndedEarlyError(self._state.ending, self._state.why)

    def _is_before(self, stage: ResumePoint) -> bool:
        """Check whether the steps that lead to a stage are still to be done, in this history or the one before."""
        order = list(ResumePoint)
        return self._resume_at is None or order.index(self._resume_at) < order.index(stage)

    async def _intake(self) -> None:
        """Take it apart; what cannot be read within its bounds goes on unread, so that a person has it."""
        self._status.at(RequestState.INTAKE)
        unread = self._parts.submission.unread
        if not unread:
            try:
                self._state.intake = await self._stages.take_in()
            except StageFailedError as failed:
                unread = str(failed)
        if unread:
            self._continue_unread(unread)
        self._state.items = self._state.taken_in.items

    def _continue_unread(self, why: str) -> None:
        """Continue with a request of one item that nobody read; no desk that was named before takes it unseen."""
        self._state.intake = self._stages.unread(why)
        self._state.routing = self._state.routing.model_copy(update={"desk": None, "decided_by": "process"})

    async def _triage(self) -> None:
        """Rank, route and read; a person is asked where no desk fits, and where nobody can tell what is asked."""
        self._status.at(RequestState.TRIAGE)
        while True:
            try:
                triage = self._state.triaged = await self._stages.triage()
            except StageFailedError as failed:
                if self._state.taken_in.unread:
                    raise
                self._continue_unread(str(failed))
                continue
            self._state.items = triage.items
            if triage.playbook is not None:
                break
            number = self._state.routing.number
            self._state.routing = await ask_for_routing(
                self._parts.request_id, triage, number, self._approvals, self._requester
            )
        self._parts.rank()
        if triage.parts:
            return
        self._parts.own_part.check_held()
        items = await self._parts.reading.read(triage.items)
        self._state.items = await ask_for_intents(
            self._parts.request_id, items, self._state.playbook, self._approvals, self._requester
        )

    async def _complete_information(self) -> None:
        """Plan; what the plan finds missing is asked for, all at once, before anybody starts to work."""
        if self._state.taken_in.unread:
            raise EndedEarlyError(Ending.ESCALATED, f"{self._state.taken_in.unread}; a person reads it")
        while True:
            self._status.at(RequestState.PLAN)
            plan = self._state.plan = await self._stages.plan()
            if plan.step is not Step.ASK:
                break
            self._state.items = await self._requester.ask(
                plan.questions, self._state.items, self._state.in_force
            )
        if plan.step is Step.ESCALATE:
            raise EndedEarlyError(Ending.ESCALATED, plan.why)

    async def _ask_for_a_person(self) -> None:
        """Ask the requester what a person wants to know, and go on with the answer, or without one at the deadline."""
        if self._state.to_ask:
            await self._requester.ask_for_a_person(self._state, self._additions.are_new)
            self._state.forget_decisions()

    async def _call_specialists(self) -> None:
        """Call each group in parallel and the groups in order; a later one reads the findings of the earlier."""
        self._requester.check_withdrawn()
        self._status.at(RequestState.SPECIALISTS)
        self._additions.consider()
        self._state.findings = ()
        for group in self._state.planned.groups:
            while True:
                found = await self._roles.examine(group, self._state.findings)
                if all(finding.status is FindingStatus.FOUND for finding in found):
                    break
                step = await self._stages.plan((*self._state.findings, *found))
                if step.step is Step.ESCALATE:
                    raise EndedEarlyError(Ending.ESCALATED, step.why)
                if step.step is not Step.ASK:
                    break
                self._state.items = await self._requester.ask(
                    step.questions, self._state.items, self._state.in_force
                )
                self._status.at(RequestState.SPECIALISTS)
            self._state.findings = (*self._state.findings, *found)
            self._parts.rank()

    async def _assemble(self) -> None:
        self._status.at(RequestState.ASSEMBLE)
        self._state.proposal = await self._stages.assemble()

    async def _review(self) -> None:
        """Send the draft back while the reviewers flag anything, a bounded number of times; the rest goes to a person."""
        policy = self._state.playbook.review
        for turn in range(policy.max_rounds + 1):
            self._status.at(RequestState.REVIEW)
            flagged = await self._roles.review()
            self._state.exceptions = (*self._state.taken_in.exceptions, *flagged)
            if not flagged or turn == policy.max_rounds:
                return
            again = groups_to_mend(policy, self._state.planned.groups, self._state.findings, flagged)
            if not again:
                return
            called = {name for group in again for name in group}
            kept = tuple(finding for finding in self._state.findings if finding.specialist not in called)
            for group in again:
                kept = (*kept, *await self._roles.examine(group, kept, flagged))
            self._state.findings = kept
            await self._assemble()

    async def _guard(self) -> None:
        """Have every action inspected alone, those that spend with the sum of them; one that is blocked ends the request."""
        self._status.at(RequestState.GUARD)
        spending = self._parts.reservations.expect(self._state.proposed.actions)
        results = self._state.guard_results = await self._stages.inspect_proposal(spending)
        blocked = [result for result in results if result.decision is GuardDecision.BLOCK]
        if blocked:
            reasons = [reason.text for result in blocked for reason in result.reasons]
            raise EndedEarlyError(Ending.BLOCKED, "; ".join(reasons))

    async def _approve(self) -> bool:
        """Wait for people on what is held; True when all may run, False when it goes round once more."""
        state = self._state
        self._requester.check_withdrawn()
        # A gate that the history before left open is closed in the usual way, below.
        if self._resume_at is None and self._additions.are_new():
            return self._again()
        if drop_outgrown(state, workflow.now()):
            return self._again()
        held = request_approval(
            state.proposed,
            state.guard_results,
            state.playbook,
            workflow.now(),
            state.authorization,
            state.exceptions,
        )
        if held is None:
            if state.unread_additions and not state.authorization:
                # There is no action that the guardian could have held for a person to read them.
                raise EndedEarlyError(Ending.ESCALATED, "the requester wrote again; a person reads that")
            return True
        outcome = await self._approvals.decide(*held, RequestState.WAITING_FOR_APPROVAL, self._is_overtaken)
        self._resume_at = None
        self._requester.check_withdrawn()
        if outcome is None or self._additions.are_new():
            # Also while a decision was checked: whoever made it did not know what was written meanwhile.
            return self._again()
        if not isinstance(outcome, Decided):
            raise EndedEarlyError(Ending.REJECTED, "nobody decided by the deadline; silence approves nothing")
        if take_decisions(state, held[0], outcome, self._parts.submission.sender.address):
            return self._again()
        return True

    def _is_overtaken(self) -> bool:
        """Check whether what people decide on is no longer all that the requester said."""
        return self._requester.is_withdrawn() or self._additions.are_new()

    def _again(self) -> bool:
        """Make another proposal: people sent back or rejected what there is, or the requester wrote again."""
        if self._additions.are_new():
            self._state.forget_decisions()
        self._state.round += 1
        self._state.previous = self._state.proposal
        return False

    async def _execute(self) -> None:
        """Carry out the actions in order, each at its time; where one cannot be done, those before it are undone."""
        self._state.acting = True
        self._status.at(RequestState.EXECUTE)
        await self._parts.own_part.withhold()
        try:
            await self._effects.carry_out_all(self._state, self._parts.scheduled.until_due)
        except EffectFailedError as failed:
            raise await compensate(failed, self._effects, self._status) from failed

    async def _verify(self) -> None:
        """Read the world back, independently of who acted; anything but confirmed never ends as done."""
        self._status.at(RequestState.VERIFY)
        record_read_back(self._recorder, await self._stages.verify())
        self._state.verified = True
