"""Roles that language models do: each on its model's queue, within the request's budget, and on record."""

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from dispatch.models.handoff import StageInput
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.model_use import ByModel, ModelFailure, ModelOutcome, ModelUse
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.trail_recorder import TrailRecorder

R = TypeVar("R")

_IN_WORDS = {
    ModelOutcome.ACCEPTED: "an answer",
    ModelOutcome.REPAIRED: "a repaired answer",
    ModelOutcome.FELL_BACK: "no answer that can be used",
}


class AskedModels:
    """Has models do roles; a model that gives nothing that can be used never ends a request."""

    def __init__(self, state: ProcessState, dispatcher: ActivityDispatcher, recorder: TrailRecorder) -> None:
        self._state, self._dispatcher, self._recorder = state, dispatcher, recorder

    async def ask(
        self,
        activity: str,
        model: str,
        brief: StageInput,
        result: type[ByModel[R]],
        *,
        why: str,
        receiver: str,
        fallback: str,
    ) -> R | None:
        """Hand a brief to the model's queue; None where the role's rules are to do it.

        Raises StageFailedError where a person is to do it.
        """
        policy = self._state.playbook.models
        if over := policy.budget.exceeded_by(self._state.spent):
            self._fall_back(_nothing(receiver, model, ModelFailure.OVER_BUDGET, over), receiver, fallback)
            return None
        self._state.spent = self._state.spent.with_question()
        try:
            answered = await self._dispatcher.call_model(
                activity,
                brief,
                result,
                model=model,
                why=f"{why}; by the model {model}",
                receiver=receiver,
                give_up_after=policy.give_up_after,
            )
        except StageFailedError as failed:
            no_worker = _nothing(
                receiver, model, ModelFailure.NO_WORKER, _unasked(failed, policy.give_up_after)
            )
            self._fall_back(no_worker, receiver, fallback)
            return None
        if answered.use is None:
            return None
        self._state.spent = self._state.spent.with_use(answered.use)
        if answered.result is None:
            self._fall_back(answered.use, receiver, fallback)
            return None
        self._record(answered.use, receiver, answered.use.why or "it has the form and passed the checks")
        return answered.result

    def _fall_back(self, use: ModelUse, receiver: str, fallback: str) -> None:
        self._record(
            use, receiver, f"{use.why}; {'the rules do it' if fallback == 'rules' else 'a person does it'}"
        )
        if fallback != "rules":
            raise StageFailedError(
                ApplicationError(
                    f"the model {use.model} gave no answer that can be used: {use.why}", type="ModelFellBack"
                )
            )

    def _record(self, use: ModelUse, receiver: str, why: str) -> None:
        prompt = f"prompt {use.prompt.name} {use.prompt.version}" if use.prompt.name else "process"
        self._recorder.record(
            EntryKind.MODEL,
            sender=f"model.{use.model}",
            receiver=receiver,
            what=_IN_WORDS[use.outcome],
            why=why,
            decided_by=prompt,
            about=use,
            use=use,
        )


def _nothing(receiver: str, model: str, failure: ModelFailure, why: str) -> ModelUse:
    role = receiver.rpartition(".")[2]
    return ModelUse(role=role, model=model, outcome=ModelOutcome.FELL_BACK, failure=failure, why=why)


def _unasked(failed: StageFailedError, give_up_after: timedelta) -> str:
    if failed.kind == "TimeoutError":
        return f"no worker of the model answered within {give_up_after.total_seconds():g} seconds"
    return f"it could not be asked: {failed}"
