"""The one answer to the requester: written from the parts' reviewed texts, inspected, sent and read back like any message."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.assembler import Assembler
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.family import FamilyBrief, FamilyPart
    from dispatch.models.request.item import Item
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending
    from dispatch.models.request.submission import Submission
    from dispatch.models.work.guardian import GuardDecision
    from dispatch.models.work.proposal import Proposal
    from dispatch.process.family.telling import inspected_texts
    from workflows.parts.acting.effects import EffectFailedError, Effects
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.ending.read_back import record_read_back
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.stages import Stages
    from workflows.parts.trail_recorder import TrailRecorder


class FamilyAnswer:
    """Writes by the contact of the desk that answers, under the contact's own policy."""

    def __init__(
        self,
        request_id: str,
        submission: Submission,
        state: ProcessState,
        recorder: TrailRecorder,
        dispatcher: ActivityDispatcher,
        stages: Stages,
        effects: Effects,
    ) -> None:
        self._id, self._submission, self._state = request_id, submission, state
        self._recorder, self._dispatcher = recorder, dispatcher
        self._stages, self._effects = stages, effects

    async def send(self, parts: tuple[FamilyPart, ...], number: int) -> None:
        """Send a message on these parts. Raises EndedEarlyError where it may not or could not be sent, or is not read back."""
        told = tuple(part for part in parts if not _told_itself(part))
        if not told or all(_says_nothing(part) for part in told):
            return
        state, contact = self._state, self._state.playbook.contact
        items = self._items_of(told)
        proposal = state.proposal = await self._write(told, items, number)
        state.exceptions = proposal.exceptions
        (bound,) = proposal.actions
        guard_result = await self._stages.inspect(
            bound, state.playbook, proposal.exceptions, to_requester=True, inspected=inspected_texts(told)
        )
        state.guard_results = (guard_result,)
        if guard_result.decision is not GuardDecision.ALLOW or contact is None:
            raise EndedEarlyError(Ending.ESCALATED, f"it may not be sent: {guard_result.reasons[0].text}")
        try:
            await self._effects.carry_out(bound, guard_result, contact.policy)
        except EffectFailedError as failed:
            raise EndedEarlyError(Ending.ESCALATED, str(failed)) from failed
        record_read_back(self._recorder, await self._stages.verify(items))

    async def _write(self, parts: tuple[FamilyPart, ...], items: tuple[Item, ...], number: int) -> Proposal:
        return await self._dispatcher.call_local(
            Assembler.answer_for_parts,
            FamilyBrief(
                handoff=PENDING_HANDOFF,
                request_id=self._id,
                number=number,
                submission=self._submission,
                playbook=self._state.in_force,
                items=items,
                parts=parts,
                language=self._state.language,
            ),
            Proposal,
            receiver="assembler",
            why=f"tell what became of {len(parts)} {'parts' if len(parts) > 1 else 'part'}",
        )

    def _items_of(self, parts: tuple[FamilyPart, ...]) -> tuple[Item, ...]:
        wanted = {item_id for part in parts for item_id in part.planned.item_ids}
        return tuple(item for item in self._state.items if item.item_id in wanted)


def _told_itself(part: FamilyPart) -> bool:
    return part.report is not None and part.report.answer is not None and part.report.answer.told


def _says_nothing(part: FamilyPart) -> bool:
    """Check whether there is no need to write: the requester took it back, and knows that."""
    return part.report is not None and part.report.ending is Ending.WITHDRAWN
