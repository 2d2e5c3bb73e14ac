"""Actions that have a time: held back until then, and looked at once more before they are done."""

import contextlib

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.moments import format_stamp
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import UNTIL_ITS_TIME, Ending, RequestState
    from dispatch.models.work.guardian import GuardDecision, GuardResult
    from dispatch.models.work.proposal import BoundAction
    from dispatch.text.requested import request_of
    from workflows.parts.acting.effects import EffectFailedError, Effects
    from workflows.parts.approval.taking import is_outgrown
    from workflows.parts.endings import EndedEarlyError, HistoryFullError, history_full
    from workflows.parts.requester.additions import Additions
    from workflows.parts.requester.dialog import RequesterDialog
    from workflows.parts.stages import Stages
    from workflows.parts.status_publisher import StatusPublisher


class Scheduled:
    """Waits for the time of an action by a durable timer; the requester can withdraw or write again meanwhile."""

    def __init__(
        self,
        state: ProcessState,
        status: StatusPublisher,
        stages: Stages,
        effects: Effects,
        requester: RequesterDialog,
        additions: Additions,
    ) -> None:
        self._state, self._status, self._stages, self._effects = state, status, stages, effects
        self._requester, self._additions = requester, additions

    async def until_due(self, bound: BoundAction) -> GuardResult:
        """Wait until an action is due, and return what the guardian says of it then.

        Raises EndedEarlyError (withdrawn: what was done is undone as far as it can be; escalated: the requester wrote
        again), EffectFailedError (the guardian no longer lets it pass as it was approved), HistoryFullError.
        """
        due = bound.action.not_before
        if due is not None and due > workflow.now():
            self._state.acting = False
            self._status.at(RequestState.SCHEDULED, awaiting=f"the time of {bound.action.name}", by=due)
            self._status.publish()
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._is_stopped() or history_full(),
                    timeout=due - workflow.now(),
                    timeout_summary=UNTIL_ITS_TIME,
                )
            await self._stop(bound)
            if workflow.now() < due:
                raise HistoryFullError
            self._state.acting = True
            self._status.at(RequestState.EXECUTE)
        return await self._inspect_again(bound)

    def _is_stopped(self) -> bool:
        return self._requester.is_withdrawn() or self._additions.are_new()

    async def _stop(self, bound: BoundAction) -> None:
        if self._requester.is_withdrawn():
            left = await self._effects.undo_all("the requester took the request back")
            raise EndedEarlyError(Ending.WITHDRAWN, "; ".join(["the requester took the request back", *left]))
        if self._additions.are_new():
            raise EndedEarlyError(
                Ending.ESCALATED,
                f"the requester wrote again before {bound.action.name} on {bound.action.subject} was due; a person "
                "reads that",
            )

    async def _inspect_again(self, bound: BoundAction) -> GuardResult:
        """Have the action inspected by what is true now; what was approved before may be another thing since."""
        state = self._state
        request = request_of(bound, state.proposed, state.taken_in, state.playbook)
        now = await self._stages.inspect(bound, state.playbook, state.exceptions, request=request)
        reasons = "; ".join(reason.text for reason in now.reasons)
        if now.decision is GuardDecision.BLOCK:
            raise EffectFailedError(bound, f"blocked at its time: {reasons}", certain=True)
        approved = next((one for one in state.approved if one.bound.digest == bound.digest), None)
        if now.decision is GuardDecision.HOLD and (
            approved is None or is_outgrown(approved, state.authorization[bound.digest], now, workflow.now())
        ):
            at = format_stamp(workflow.now())
            raise EffectFailedError(
                bound, f"not approved as the guardian sees it at {at}: {reasons}", certain=True
            )
        return now
