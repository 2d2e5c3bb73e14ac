"""The parts as child workflows: begun once, signalled, cancelled; none ends because the whole request does."""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ChildWorkflowHandle, ExternalWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.contract import Contract
    from dispatch.models.request.family import Family, FamilyPart
    from dispatch.models.request.list_summary import LIST_SUMMARY
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import RequestState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.process.list_summary import as_memo, summary_of_arrival
    from workflows.parts.activity_dispatcher import ActivityDispatcher
    from workflows.parts.status_publisher import COORDINATOR
    from workflows.parts.trail_recorder import TrailRecorder
    from workflows.search_attributes import OWNER, STATE


class Children:
    """Knows the children that the present history began; those of an earlier one are only read and signalled."""

    def __init__(
        self,
        request_id: str,
        submission: Submission,
        state: ProcessState,
        recorder: TrailRecorder,
        dispatcher: ActivityDispatcher,
    ) -> None:
        self._id, self._submission, self._state = request_id, submission, state
        self._recorder, self._dispatcher = recorder, dispatcher
        self._handles: dict[str, ChildWorkflowHandle[Any, Any]] = {}

    async def begin(self, part: FamilyPart, submission: Submission) -> None:
        """Begin a part; one that exists already, as after a reset, is joined and not begun twice."""
        self._recorder.record(
            EntryKind.PART,
            what=f"{part.name} begun",
            why=f"{part.request_id}: {', '.join(part.planned.item_ids)}",
            receiver=part.request_id,
            decided_by="triage",
            about=submission,
        )
        try:
            self._handles[part.request_id] = await workflow.start_child_workflow(
                "Coordinator",
                submission,
                id=part.request_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                memo={LIST_SUMMARY: as_memo(summary_of_arrival(submission))},
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(STATE, RequestState.INTAKE.value),
                        SearchAttributePair(OWNER, COORDINATOR),
                    ]
                ),
                priority=self._dispatcher.priority,
                static_summary=f"the part of {part.name} of {self._id}",
            )
        except WorkflowAlreadyStartedError:
            self._recorder.record(
                EntryKind.PART,
                what=f"{part.name} joined",
                why=f"{part.request_id} exists already",
                sender=part.request_id,
            )

    async def signal(self, part: FamilyPart, name: MessageName, payload: Contract | JsonValue) -> None:
        """Send a part a message; one that has ended takes none."""
        try:
            await self._external(part).signal(name, payload)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            self._recorder.record(
                EntryKind.PART,
                what=f"{name} not taken",
                why=f"{part.request_id} has ended",
                sender=part.request_id,
            )

    async def cancel(self, family: Family) -> None:
        """Ask every open part to undo what it did and to end."""
        for part in family.parts:
            if part.begun and not part.ended:
                try:
                    await self._external(part).cancel()
                except FailureError:
                    workflow.logger.info("a part has ended already", extra={"part": part.request_id})

    def have_ended(self, family: Family) -> bool:
        """Check whether a part has ended whose end was not read yet."""
        return any(
            not part.ended and (handle := self._handles.get(part.request_id)) is not None and _is_over(handle)
            for part in family.parts
        )

    def are_unseen(self, family: Family) -> bool:
        """Check whether the end of an open part would be an event of another history."""
        return any(
            part.begun and not part.ended and part.request_id not in self._handles for part in family.parts
        )

    @staticmethod
    def _external(part: FamilyPart) -> ExternalWorkflowHandle[Any]:
        return workflow.get_external_workflow_handle(part.request_id)


def _is_over(handle: ChildWorkflowHandle[Any, Any]) -> bool:
    """Check whether a child has ended; how it ended is read, so its failure is only taken note of here."""
    if not handle.done():
        return False
    if not handle.cancelled():
        handle.exception()
    return True
