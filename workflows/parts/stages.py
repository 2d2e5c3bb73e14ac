"""The team as the coordinator calls it: the fixed stages by typed reference, the open sets by their playbook name.

Longer than other files: every call of the team is read in one place.
"""

import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.assembler import Assembler
    from activities.guardian import Guardian
    from activities.intake import IntakeDesk
    from activities.planner import plan
    from activities.triage import TriageDesk
    from activities.verifier import Verifier
    from dispatch.models.handoff import PENDING_HANDOFF, StageInput
    from dispatch.models.request.intake import Intake, IntakeBrief, Triage, TriageBrief
    from dispatch.models.request.item import Item
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.composition import Message, MessageBrief
    from dispatch.models.work.finding import (
        Brief,
        Finding,
        FindingStatus,
        Guidance,
        ReviewException,
        Severity,
    )
    from dispatch.models.work.guardian import GuardBrief, GuardResult, Request
    from dispatch.models.work.plan import Plan, PlanBrief
    from dispatch.models.work.playbook import Playbook, PlaybookInForce, Reception, Role
    from dispatch.models.work.proposal import (
        Action,
        AssemblyBrief,
        BoundAction,
        Proposal,
        Review,
        ReviewBrief,
    )
    from dispatch.models.work.verification import Verification, VerificationBrief
    from dispatch.process.intake import unread
    from dispatch.process.requester_messages import RequesterMessage
    from workflows.parts import options
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.trail_recorder import TrailRecorder

R = TypeVar("R")


class Stages:
    """Builds the brief of each stage and hands it to the activity that does the work."""

    def __init__(
        self, request_id: str, submission: Submission, dispatcher: ActivityDispatcher, recorder: TrailRecorder
    ) -> None:
        self._id, self._submission = request_id, submission
        self._dispatcher, self._recorder = dispatcher, recorder

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

    async def triage(self, taken_in: Intake, desk: str | None, decided_by: str) -> Triage:
        return await self._dispatcher.call_local(
            TriageDesk.triage,
            TriageBrief(
                handoff=PENDING_HANDOFF,
                intake=taken_in,
                submission=self._submission,
                desk=desk,
            ),
            Triage,
            receiver="triage",
            why=f"route to {desk}, as named" if desk else "find the desk and the urgency",
            decided_by=decided_by,
        )

    async def plan(
        self, playbook: PlaybookInForce, items: tuple[Item, ...], findings: tuple[Finding, ...] = ()
    ) -> Plan:
        why = "a finding calls for a handoff rule" if findings else "what is missing, and who is needed"
        return await self._dispatcher.call_local(
            plan,
            PlanBrief(
                handoff=PENDING_HANDOFF,
                playbook=playbook,
                items=items,
                findings=findings,
            ),
            Plan,
            receiver="planner",
            why=why,
            decided_by="playbook",
        )

    async def examine(
        self,
        group: tuple[str, ...],
        playbook: Playbook,
        items: tuple[Item, ...],
        findings: tuple[Finding, ...],
        guidance: tuple[Guidance, ...],
        exceptions: tuple[ReviewException, ...] = (),
        *,
        body: str = "",
    ) -> tuple[Finding, ...]:
        """Call a group in parallel; who fails is unavailable, which never reads as clean."""
        wanted = {item.kind for item in items}
        wanted |= {
            policy.requires_intent for policy in playbook.guardian.actions.values() if policy.requires_intent
        }
        intents = {kind: ask for kind, ask in playbook.intents.items() if kind in wanted}

        async def one(name: str) -> Finding:
            role = playbook.specialists[name]
            try:
                return await self._open_set(
                    f"specialist.{name}",
                    role,
                    Brief(
                        handoff=PENDING_HANDOFF,
                        request_id=self._id,
                        requester=self._submission.sender,
                        subject=self._submission.subject,
                        body=body,
                        attachments=self._submission.attachments,
                        items=items,
                        findings=findings,
                        guidance=guidance,
                        exceptions=exceptions,
                        intents=intents,
                        config=role.config,
                    ),
                    Finding,
                    why="mend what the reviewer flagged" if exceptions else f"the plan calls {name}",
                    give_up_after=timedelta(minutes=playbook.plan.max_minutes),
                )
            except StageFailedError as error:
                why = str(error)
                handoff = self._recorder.record(
                    EntryKind.HANDOFF,
                    sender=f"specialist.{name}",
                    what="unavailable",
                    why=why,
                    decided_by="process",
                )
                return Finding(
                    handoff=handoff, specialist=name, status=FindingStatus.UNAVAILABLE, summary=why
                )

        return tuple(await asyncio.gather(*(one(name) for name in group)))

    async def assemble(
        self,
        proposal_id: str,
        playbook: PlaybookInForce,
        items: tuple[Item, ...],
        findings: tuple[Finding, ...],
        guidance: tuple[Guidance, ...],
    ) -> Proposal:
        return await self._dispatcher.call_local(
            Assembler.assemble,
            AssemblyBrief(
                handoff=PENDING_HANDOFF,
                request_id=self._id,
                proposal_id=proposal_id,
                submission=self._submission,
                playbook=playbook,
                items=items,
                findings=findings,
                guidance=guidance,
            ),
            Proposal,
            receiver="assembler",
            why=f"one draft from {len(findings)} findings",
        )

    async def write_message(self, message: RequesterMessage, playbook: PlaybookInForce) -> Action:
        """Have the contact's composer write a message; gives the action that sends it."""
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
            ),
            Message,
            receiver="assembler",
            why=message.reason,
            decided_by="playbook",
        )
        return written.action

    async def review(
        self, proposal: Proposal, playbook: Playbook, items: tuple[Item, ...], findings: tuple[Finding, ...]
    ) -> tuple[ReviewException, ...]:
        """Begin with the invariants that the proposal breaks, and call every reviewer in parallel.

        A reviewer that did not run is itself a critical exception.
        """

        async def one(name: str, role: Role) -> tuple[ReviewException, ...]:
            try:
                review = await self._open_set(
                    f"reviewer.{name}",
                    role,
                    ReviewBrief(
                        handoff=PENDING_HANDOFF,
                        proposal=proposal,
                        items=items,
                        findings=findings,
                        config=role.config,
                    ),
                    Review,
                    why="check the draft against the standards",
                    give_up_after=timedelta(minutes=playbook.plan.max_minutes),
                )
            except StageFailedError as error:
                text = f"{name} did not run: {error}"
                return (
                    ReviewException(
                        reviewer=name, standard="review.ran", severity=Severity.CRITICAL, text=text
                    ),
                )
            return review.exceptions

        reviews = await asyncio.gather(*(one(name, role) for name, role in playbook.review.reviewers.items()))
        return tuple(exception for exceptions in (proposal.exceptions, *reviews) for exception in exceptions)

    async def inspect(
        self,
        bound: BoundAction,
        playbook: Playbook,
        exceptions: tuple[ReviewException, ...] = (),
        siblings: tuple[BoundAction, ...] = (),
        request: Request | None = None,
        *,
        to_requester: bool = False,
    ) -> GuardResult:
        """Have one action inspected; `to_requester` by the contact's policy, as a question or a notice."""
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
            ),
            GuardResult,
            receiver="guardian",
            why=f"{bound.action.name} on {bound.action.subject} is proposed: {bound.action.why}",
            give_up_after=timedelta(minutes=playbook.plan.max_minutes),
        )
        return guard_result.model_copy(update={"brief": None})

    async def verify(self, proposal: Proposal, items: tuple[Item, ...]) -> Verification:
        return await self._dispatcher.call_read(
            Verifier.verify,
            VerificationBrief(
                handoff=PENDING_HANDOFF,
                actions=proposal.actions,
                items=items,
                draft=proposal.draft,
                delivery=proposal.delivery,
                refusals=proposal.refusals,
            ),
            Verification,
            receiver="verifier",
            why="read the world back, item by item",
            give_up_after=options.VERIFY_TIMEOUT,
        )

    async def _open_set(
        self, name: str, role: Role, brief: StageInput, result: type[R], *, why: str, give_up_after: timedelta
    ) -> R:
        """Call a role by the playbook's name, so that history shows who acted; locally if it reaches no system."""
        if role.uses:
            return await self._dispatcher.call_read(name, brief, result, why=why, give_up_after=give_up_after)
        return await self._dispatcher.call_local(name, brief, result, why=why)
