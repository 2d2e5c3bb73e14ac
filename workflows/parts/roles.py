"""The roles of a desk's playbook, called by their names: specialists and reviewers."""

import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.handoff import PENDING_HANDOFF, StageInput
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.finding import Brief, Finding, FindingByModel, FindingStatus, ReviewException
    from dispatch.models.work.model_use import ByModel
    from dispatch.models.work.playbook import Role
    from dispatch.models.work.proposal import Review, ReviewBrief, ReviewByModel
    from dispatch.models.work.severity import Severity
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.asked_models import AskedModels
    from workflows.parts.trail_recorder import TrailRecorder

R = TypeVar("R")


class Roles:
    """Calls specialists and reviewers in parallel; one that fails never reads as clean."""

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
        self._dispatcher, self._recorder, self._models = dispatcher, recorder, models

    async def examine(
        self,
        group: tuple[str, ...],
        earlier: tuple[Finding, ...],
        flagged: tuple[ReviewException, ...] = (),
    ) -> tuple[Finding, ...]:
        """Call a group of specialists; one that fails is unavailable.

        They read the `earlier` findings and, where a draft is to be mended, what was `flagged` in it.
        """
        return tuple(await asyncio.gather(*(self._finding(name, earlier, flagged) for name in group)))

    async def review(self) -> tuple[ReviewException, ...]:
        """Begin with the invariants that the proposal breaks, and call every reviewer.

        A reviewer that did not run is itself a critical exception.
        """
        reviewers = self._state.playbook.review.reviewers
        reviews = await asyncio.gather(*(self._exceptions(name, role) for name, role in reviewers.items()))
        all_of_them = (self._state.proposed.exceptions, *reviews)
        return tuple(exception for exceptions in all_of_them for exception in exceptions)

    async def _finding(
        self, name: str, earlier: tuple[Finding, ...], flagged: tuple[ReviewException, ...]
    ) -> Finding:
        state, playbook = self._state, self._state.playbook
        role = playbook.specialists[name]
        wanted = {item.kind for item in state.worked_on}
        wanted |= {
            policy.requires_intent for policy in playbook.guardian.actions.values() if policy.requires_intent
        }
        brief = Brief(
            handoff=PENDING_HANDOFF,
            specialist=name if role.is_named_in_briefs else "",
            desk=playbook.desk if role.is_named_in_briefs else "",
            request_id=self._id,
            requester=self._submission.sender,
            subject=self._submission.subject,
            body=state.taken_in.body,
            attachments=(
                *self._submission.attachments,
                *(document for addition in state.additions for document in addition.attachments),
            ),
            items=state.worked_on,
            findings=earlier,
            guidance=state.guidance,
            declined=state.declined,
            exceptions=flagged,
            intents={
                kind: intent.in_language(state.language)
                for kind, intent in playbook.intents.items()
                if kind in wanted
            },
            config=role.config,
            language=state.language,
            asked_at=self._submission.asked_at,
        )
        why = "mend what the reviewer flagged" if flagged else f"the plan calls {name}"
        try:
            return await self._call("specialist", name, role, brief, (Finding, FindingByModel), why)
        except StageFailedError as error:
            handoff = self._recorder.record(
                EntryKind.HANDOFF,
                sender=f"specialist.{name}",
                what="unavailable",
                why=str(error),
                decided_by="process",
            )
            return Finding(
                handoff=handoff, specialist=name, status=FindingStatus.UNAVAILABLE, summary=str(error)
            )

    async def _exceptions(self, name: str, role: Role) -> tuple[ReviewException, ...]:
        brief = ReviewBrief(
            handoff=PENDING_HANDOFF,
            reviewer=name if role.is_named_in_briefs else "",
            desk=self._state.playbook.desk if role.is_named_in_briefs else "",
            proposal=self._state.proposed,
            items=self._state.worked_on,
            findings=self._state.findings,
            requester_name=self._submission.sender.name if role.model is not None else "",
            config=role.config,
        )
        try:
            why = "check the draft against the standards"
            review = await self._call("reviewer", name, role, brief, (Review, ReviewByModel), why)
        except StageFailedError as error:
            text = f"{name} did not run: {error}"
            return (
                ReviewException(reviewer=name, standard="review.ran", severity=Severity.CRITICAL, text=text),
            )
        return review.exceptions

    async def _call(
        self,
        part: str,
        name: str,
        role: Role,
        brief: StageInput,
        results: tuple[type[R], type[ByModel[R]]],
        why: str,
    ) -> R:
        """Call a role so that history shows, by the playbook's name, who acted; locally if it uses no system.

        One that a model does is asked there first; `results` are those of the rules and of the model.

        A generic role runs under its own activity type; who it acts for is in the record and in Temporal's UI.
        """
        receiver, activity = f"{part}.{name}", f"{part}.{name}"
        if role.role is not None:
            activity = f"role.{role.role}"
            why = why if name in why else f"{name}: {why}"
        result, by_model = results
        if role.model is not None:
            answered = await self._models.ask(
                activity, role.model, brief, by_model, why=why, receiver=receiver, fallback=role.fallback
            )
            if answered is not None:
                return answered
            why = f"{why}; by its rules, for nothing of the model {role.model} is used"
        if role.uses:
            limit = timedelta(minutes=self._state.playbook.plan.max_minutes)
            return await self._dispatcher.call_read(
                activity, brief, result, why=why, receiver=receiver, give_up_after=limit
            )
        return await self._dispatcher.call_local(activity, brief, result, why=why, receiver=receiver)
