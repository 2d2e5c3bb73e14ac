"""One desk's part of a request: its text for the requester goes to the whole request, which tells it with the others."""

import asyncio
from enum import StrEnum

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.family import PART_ANSWER, PartAnswer
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending, RequestState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.process.family.telling import answer_of, is_told_by_whole
    from dispatch.process.requester_messages import notice_message
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.requester.dialog import RequesterDialog
    from workflows.parts.status_publisher import COORDINATOR, StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder


class Moment(StrEnum):
    """When a part sends its request a signal; the request then reads where the part stands."""

    ACTING = "acting"
    WAITING = "waiting"
    SETTLED = "settled"


class OwnPart:
    """Does nothing in a request that is whole.

    A part whose request is gone (terminated, or deleted) answers for itself: nothing that was reviewed is lost.
    """

    def __init__(
        self,
        request_id: str,
        submission: Submission,
        state: ProcessState,
        recorder: TrailRecorder,
        status: StatusPublisher,
        requester: RequesterDialog,
    ) -> None:
        self._id, self._part, self._state = request_id, submission.part, state
        self._recorder, self._status, self._requester = recorder, status, requester
        self._submission = submission
        self._pending: asyncio.Task[bool] | None = None
        if self._part is not None:
            status.on_published = self._published

    def check_held(self) -> None:
        """Raise EndedEarlyError where a person takes the part at once, for what it needs was not done."""
        if self._part is not None and self._part.held:
            raise EndedEarlyError(Ending.ESCALATED, self._part.held)

    async def withhold(self) -> None:
        """Leave the delivery to the whole request, if that is still there.

        Where actions wait for their time, the text that says so is told at once, as it would have been delivered.
        """
        state = self._state
        if not is_told_by_whole(self._submission, state.playbook) or state.proposed.delivery is None:
            return
        now = workflow.now()
        is_planned = any(
            due is not None and due > now
            for due in (bound.action.not_before for bound in state.proposed.actions)
        )
        if is_planned:
            self._answer(self._reviewed(Ending.DONE))
        if not await self._signal(Moment.SETTLED if is_planned else Moment.ACTING):
            state.answer = None
            return
        state.withheld = True
        self._record("text reviewed", "it goes into the one answer to the whole request")

    async def settle(self, ending: Ending, why: str) -> None:
        """Say how it ended: to the whole request, or by a notice of its own where that is gone.

        Raises nothing: whether a notice can be sent does not change the ending.
        """
        state = self._state
        if self._part is None:
            await self._tell(ending, why)
            return
        is_as_reviewed = state.verified and state.withheld
        if state.answer is not None and (state.ending is not None or is_as_reviewed):
            return
        self._answer(
            self._reviewed(ending)
            if is_as_reviewed
            else PartAnswer(ending=ending, paragraphs=self._notice(ending, why))
        )
        if not await self._signal(Moment.SETTLED):
            state.answer = state.answer and state.answer.model_copy(update={"told": True})
            await self._tell(ending, why)

    def _answer(self, answer: PartAnswer) -> None:
        """Put the answer where the whole request reads it without asking a worker: no query cuts the part's turns in two."""
        self._state.answer = answer
        workflow.upsert_memo({PART_ANSWER: answer.model_dump(mode="json", exclude_defaults=True)})

    def _reviewed(self, ending: Ending) -> PartAnswer:
        """Return what was reviewed and, where people decide on it, approved; with what the delivery hands over."""
        handed = (document for finding in self._state.findings for document in finding.attachments)
        return PartAnswer(
            ending=ending,
            paragraphs=answer_of(self._state.proposed.draft),
            reviewed=True,
            attachments=tuple(dict.fromkeys(handed)),
        )

    async def _tell(self, ending: Ending, why: str) -> None:
        state = self._state
        playbook = state.triaged.playbook if state.triaged else None
        # If only a part is left for a person, the reply says so.
        untold = ending is not Ending.DONE and not state.verified and state.ending is None
        if playbook is not None and untold:
            await self._requester.tell(ending, why, playbook)

    def _notice(self, ending: Ending, why: str) -> tuple[str, ...]:
        state = self._state
        playbook = state.triaged.playbook if state.triaged else None
        if playbook is None or ending is Ending.DONE or state.verified:
            return ()
        message = notice_message(playbook.playbook, ending, why, state.language)
        return message.paragraphs if message is not None else ()

    def _published(self) -> None:
        status = self._status.status
        if status.state == RequestState.SCHEDULED or status.review_point.owner not in {COORDINATOR, "nobody"}:
            self._pending = asyncio.create_task(self._signal(Moment.WAITING))

    async def _signal(self, moment: Moment) -> bool:
        """Wake the whole request; False where it is gone."""
        if self._part is None:
            return False
        whole = workflow.get_external_workflow_handle(self._part.parent)
        try:
            await whole.signal(MessageName.PART, {"part": self._id, "at": moment.value})
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            self._record("whole request gone", f"{self._part.parent} takes no message; it answers for itself")
            return False
        return True

    def _record(self, what: str, why: str) -> None:
        parent = self._part.parent if self._part is not None else ""
        self._recorder.record(EntryKind.PART, what=what, why=why, receiver=parent)
