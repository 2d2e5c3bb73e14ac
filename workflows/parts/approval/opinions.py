"""A model's opinion on what the guardian's rules allow or hold, for each action alone and all at once."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.guard.opinion import with_opinion, without_opinion
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.submission import Submission
    from dispatch.models.work.guardian import (
        GUARDIAN,
        OPINION,
        GuardDecision,
        GuardResult,
        OpinionBrief,
        OpinionByModel,
    )
    from dispatch.models.work.playbook import OpinionPolicy
    from dispatch.models.work.proposal import BoundAction
    from workflows.parts.activity_dispatcher import StageFailedError
    from workflows.parts.asked_models import AskedModels


class Opinions:
    """Asks where the playbook says so; the rules' result is never weakened."""

    def __init__(self, submission: Submission, state: ProcessState, models: AskedModels) -> None:
        self._submission, self._state, self._models = submission, state, models

    async def on(self, results: tuple[GuardResult, ...]) -> tuple[GuardResult, ...]:
        """Return the guardian's results on the proposal's actions, each with the model's opinion where one is asked."""
        opinion = self._state.playbook.guardian.opinion
        if opinion is None or any(result.decision is GuardDecision.BLOCK for result in results):
            return results  # what is blocked ends the request, whatever the rest is
        bound = {one.digest: one for one in self._state.proposed.actions}
        asked = (self._on(bound[result.action_digest], result, opinion) for result in results)
        return tuple(await asyncio.gather(*asked))

    async def _on(self, bound: BoundAction, result: GuardResult, opinion: OpinionPolicy) -> GuardResult:
        policy, action = self._state.playbook.guardian, bound.action
        items = self._state.worked_on
        brief = OpinionBrief(
            handoff=PENDING_HANDOFF,
            bound=bound,
            tiers=tuple(policy.tiers),
            tier=result.tier,
            reasons=result.reasons,
            asked=tuple(
                item.text for item in items if item.item_id in action.item_ids or not action.item_ids
            ),
            requester_name=self._submission.sender.name,
        )
        try:
            answer = await self._models.ask(
                OPINION,
                opinion.model,
                brief,
                OpinionByModel,
                why=f"{action.name} on {action.subject}: may it be riskier than the rules say",
                receiver=GUARDIAN,
                fallback=opinion.fallback,
            )
        except StageFailedError:
            return without_opinion(policy, result, opinion.model)
        return result if answer is None else with_opinion(policy, result, answer, opinion.model)
