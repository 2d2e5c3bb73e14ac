"""The fixed stages as the coordinator calls them, by typed reference."""

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.assembler import Assembler
    from activities.guardian import Guardian
    from activities.intake import IntakeDesk
    from activities.planner import plan
    from activities.triage import TriageDesk
    from activities.verifier import Verifier
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.intake import Intake, IntakeBrief, Triage, TriageBrief
    from dispatch.models.request.item import Item
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.composition import Message, MessageBrief
    from dispatch.models.work.finding import Finding, ReviewException
    from dispatch.models.work.guardian import AskedFor, GuardBrief, GuardResult, Request
    from dispatch.models.work.plan import Plan, PlanBrief
    from dispatch.models.work.playbook import Playbook, PlaybookInForce, Reception
    from dispatch.models.work.proposal import Action, AssemblyBrief, BoundAction, Proposal
    from dispatch.models.work.verification import Verification, VerificationBrief
    from dispatch.process.family.telling import is_told_by_whole
    from dispatch.process.intake import unread
    from dispatch.process.requester_messages import RequesterMessage
    from dispatch.text.requested import request_of
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.approval.opinions import Opinions
    from workflows.parts.asked_models import AskedModels
    from workflows.parts.trail_recorder import TrailRecorder


class Stages:
    """Builds the brief of each stage and hands it to the activity that does the work."""

    def __init__(
        self,
        request_id: str,
        submission: Submission,
        state: ProcessState,
        dispatcher: ActivityDispatcher,
        recorder: TrailRecorder,
        models: AskedModels,
    ) -> None:
        self._id, self._submission, self._state = request_id, submission, state
        self._dispatcher, self._recorder = dispatcher, recorder
        self._opinions = Opinions(submission, state, models)

    @property
    def language(self) -> str:
        """Return in which language the requester is written to."""
        return self._state.language

    async def take_in(self) -> Intake:
        return await self._dispatcher.call_local(
            IntakeDesk.intake,
            IntakeBrief(
                handoff=PENDING_HANDOFF,
                submission=self._submission,
            ),
            Intake,
            receiver="intake",
            why=f"a {self._submission.trigger.kind} came in",
            decided_by="trigger",
        )

    def unread(self, why: str) -> Intake:
        """Make a request that nobody read of a submission; it computes nothing that depends on the text."""
        handoff = self._recorder.record(
            EntryKind.HANDOFF, sender="intake", what="unread", why=why, decided_by="process"
        )
        return unread(self._submission, handoff, why)

    async def reception(self) -> Reception:
        """Ask who takes what cannot be read."""
        return await self._dispatcher.look_up(TriageDesk.reception, Reception)

    async def triage(self) -> Triage:
        desk = self._state.routing.desk
        return await self._dispatcher.call_local(
            TriageDesk.triage,
            TriageBrief(
                handoff=PENDING_HANDOFF,
                intake=self._state.taken_in,
                submission=self._submission,
                desk=desk,
            ),
            Triage,
            receiver="triage",
            why=f"route to {desk}, as named" if desk else "find the desk and the urgency",
            decided_by=self._state.routing.decided_by,
        )

    async def plan(self, findings: tuple[Finding, ...] = ()) -> Plan:
        """Find what is missing and who is needed; with `findings`, what a routing rule makes of them."""
        why = "a finding calls for a routing rule" if findings else "what is missing, and who is needed"
        return await self._dispatcher.call_local(
            plan,
            PlanBrief(
                handoff=PENDING_HANDOFF,
                playbook=self._state.in_force,
                items=self._state.items,
                findings=findings,
                language=self._state.language,
            ),
            Plan,
            receiver="planner",
            why=why,
            decided_by="playbook",
        )

    async def assemble(self) -> Proposal:
        state = self._state
        return await self._dispatcher.call_local(
            Assembler.assemble,
            AssemblyBrief(
                handoff=PENDING_HANDOFF,
                request_id=self._id,
                proposal_id=f"p{state.round}",
                submission=self._submission,
                playbook=state.in_force,
                items=state.items,
                set_aside=tuple(state.set_aside),
                findings=state.findings,
                guidance=state.guidance,
                declined=state.declined,
                approved=tuple(one.bound for one in state.approved),
                previous=state.previous if state.guidance else None,
                additions=state.additions if state.guidance or state.declined else (),
                language=state.language,
            ),
            Proposal,
            receiver="assembler",
            why=f"one draft from {len(state.findings)} findings{self._ranked_anew()}",
        )

    def _ranked_anew(self) -> str:
        """Return the rank where the records have changed it since triage."""
        state = self._state
        if state.rank is None or state.triaged is None or state.rank == state.triaged.rank:
            return ""
        return f"; now {state.rank.in_words}"

    async def write_message(self, message: RequesterMessage, playbook: PlaybookInForce) -> Action:
        """Have the contact's composer write a message; returns the action that sends it."""
        written = await self._dispatcher.call_local(
            Assembler.write_message,
            MessageBrief(
                handoff=PENDING_HANDOFF,
                submission=self._submission,
                playbook=playbook,
                purpose=message.purpose,
                subject=message.subject,
                paragraphs=message.paragraphs,
                item_ids=message.item_ids,
                reason=message.reason,
                language=self._state.language,
            ),
            Message,
            receiver="assembler",
            why=message.reason,
            decided_by="playbook",
        )
        return written.action

    async def inspect_proposal(self, spending: tuple[BoundAction, ...]) -> tuple[GuardResult, ...]:
        """Have every action inspected alone, each of those that spend with the others that do; then a model's opinion."""
        state, playbook = self._state, self._state.playbook
        inspections = (
            self.inspect(
                bound,
                playbook,
                state.exceptions,
                tuple(other for other in spending if other is not bound) if bound in spending else (),
                request_of(bound, state.proposed, state.taken_in, playbook),
                told_elsewhere=state.proposed.delivers(bound)
                and is_told_by_whole(self._submission, playbook),
            )
            for bound in state.proposed.actions
        )
        return await self._opinions.on(tuple(await asyncio.gather(*inspections)))

    async def inspect(
        self,
        bound: BoundAction,
        playbook: Playbook,
        exceptions: tuple[ReviewException, ...] = (),
        siblings: tuple[BoundAction, ...] = (),
        request: Request | None = None,
        *,
        to_requester: bool = False,
        told_elsewhere: bool = False,
        inspected: tuple[str, ...] = (),
    ) -> GuardResult:
        """Have one action inspected; `to_requester` by the contact's policy, as a question or a notice.

        `told_elsewhere`: another request delivers it. `inspected` are texts in it that other desks' guardians allowed.
        """
        # What pays reserves in the customer's quota, and the server is to know from the start what is being asked.
        call = self._dispatcher.call_read if request is None else self._dispatcher.call_remote
        guard_result = await call(
            Guardian.inspect,
            GuardBrief(
                handoff=PENDING_HANDOFF,
                bound=bound,
                policy=playbook.contact_guardian if to_requester else playbook.guardian,
                requester=self._submission.sender,
                exceptions=exceptions,
                siblings=siblings,
                to_requester=to_requester,
                request=request,
                asked_for=() if to_requester else self._asked_for(bound),
                wrote_again=self._state.unread_additions,
                told_elsewhere=told_elsewhere,
                inspected=inspected,
            ),
            GuardResult,
            receiver="guardian",
            why=f"{bound.action.name} on {bound.action.subject} is proposed: {bound.action.why}",
            give_up_after=timedelta(minutes=playbook.plan.max_minutes),
        )
        return guard_result.model_copy(update={"brief": None})

    def _asked_for(self, bound: BoundAction) -> tuple[AskedFor, ...]:
        """Return what the items that an action is for ask for; of one that names none, all."""
        items = self._state.worked_on
        named = tuple(item for item in items if item.item_id in bound.action.item_ids)
        return tuple(AskedFor(intent=item.kind, fields=dict(item.fields)) for item in named or items)

    async def verify(self, items: tuple[Item, ...] | None = None) -> Verification:
        """Read back what was done for these items; for all that the desk worked on where none are given."""
        state, proposal = self._state, self._state.proposed
        done = tuple(b for b in proposal.actions if not (state.withheld and proposal.delivers(b)))
        asked = {
            bound.digest: request_of(bound, proposal, state.taken_in, state.playbook)
            for bound in done
            if bound.digest not in state.authorization
        }
        return await self._dispatcher.call_read(
            Verifier.verify,
            VerificationBrief(
                handoff=PENDING_HANDOFF,
                actions=done,
                items=self._state.worked_on if items is None else items,
                draft=proposal.draft,
                delivery=proposal.delivery,
                told_elsewhere=state.withheld,
                refusals=proposal.refusals,
                unapproved={digest: request for digest, request in asked.items() if request is not None},
            ),
            Verification,
            receiver="verifier",
            why="read the world back, item by item",
            give_up_after=options.VERIFY_TIMEOUT,
        )
