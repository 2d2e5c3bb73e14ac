"""Questions to the requester, their answers, and the notice at the end."""

from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.answers import read_answer
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.addition import Addition
    from dispatch.models.request.item import Item
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.request.snapshot import DialogSnapshot, ProcessState, WaitSnapshot
    from dispatch.models.request.status import Ending, RequestState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.plan import AnswerCheck, AnswerCheckResult, Question
    from dispatch.models.work.playbook import PlaybookInForce
    from dispatch.process.list_summary import summary_of_question
    from dispatch.process.requester_messages import (
        notice_message,
        question_message,
        reminder_message,
    )
    from dispatch.text.message_payloads import bounded
    from workflows.parts.acting.effects import Effects
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.deadline_wait import DeadlineWait, WakeReason, open_wait
    from workflows.parts.endings import EndedEarlyError, HistoryFullError, history_full
    from workflows.parts.requester.mail import RequesterMail
    from workflows.parts.stages import Stages
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

MOST_KEPT: Final = 20


class RequesterDialog:
    """Asks for everything together, reminds, and stops at the deadline; every message passes the guardian first."""

    def __init__(
        self,
        request_id: str,
        submission: Submission,
        recorder: TrailRecorder,
        status: StatusPublisher,
        dispatcher: ActivityDispatcher,
        stages: Stages,
        effects: Effects,
        state: ProcessState,
    ) -> None:
        self._id, self._submission, self._state = request_id, submission, state
        self._recorder, self._status, self._dispatcher = recorder, status, dispatcher
        self._stages = stages
        self._mail = RequesterMail(request_id, recorder, dispatcher, stages, effects)
        self._answers: list[JsonValue] = []
        self._asked = 0
        self._closed = False
        self._withdrawn = False
        self._undelivered = False
        self.wait: DeadlineWait | None = None
        self.questions: tuple[Question, ...] = ()
        self._snapshot: WaitSnapshot | None = None

    def receive(self, raw: Any) -> None:
        """Receive an answer; one that arrives before its question is kept."""
        answer = bounded(raw)
        if self._closed:
            self._recorder.refuse(
                MessageName.ANSWER, "the request is past its questions", "requester", answer
            )
        elif not isinstance(answer, dict) or not isinstance(answer.get("fields"), dict):
            self._recorder.refuse(
                MessageName.ANSWER, 'an answer is {"fields": {"<field>": "<text>"}}', "requester", answer
            )
        elif len(self._answers) >= MOST_KEPT:
            self._recorder.refuse(
                MessageName.ANSWER, f"{MOST_KEPT} answers already wait", "requester", answer
            )
        else:
            self._answers.append(answer)

    def receive_text(self, addition: Addition) -> bool:
        """Receive a message that may answer the open question; returns whether it is read as an answer."""
        # Between two histories the question is open too, and is in the snapshot.
        is_open = bool(self.questions) or self._snapshot is not None
        if self._closed or not is_open or len(self._answers) >= MOST_KEPT:
            return False
        answer: dict[str, JsonValue] = {"text": addition.text}
        if addition.attachments:
            answer["attached"] = [document.name for document in addition.attachments]
        self._answers.append(answer)
        return True

    def undelivered(self) -> None:
        """Record that a mail of the desk bounced; nobody can answer a question that did not arrive."""
        self._undelivered = self._undelivered or bool(self.questions)

    def withdraw(self, raw: Any, *, too_late: bool) -> None:
        """Withdraw the request, unless its actions have already started."""
        message = bounded(raw)
        if message is not None and not (isinstance(message, dict) and message.keys() <= {"reason"}):
            self._recorder.refuse(
                MessageName.WITHDRAW, 'send {"reason": "<text>"}, or nothing', "requester", message
            )
        elif too_late:
            self._recorder.refuse(MessageName.WITHDRAW, "the actions have begun", "requester", message)
        elif not self._withdrawn:
            self._withdrawn = True
            self._recorder.record(
                EntryKind.ANSWER,
                what=MessageName.WITHDRAW,
                why="the requester takes the request back",
                sender="requester",
                decided_by="requester",
                about=message,
            )

    def is_withdrawn(self) -> bool:
        """Check whether the requester withdrew the request."""
        return self._withdrawn

    def check_withdrawn(self) -> None:
        """Raise EndedEarlyError if the requester withdrew the request."""
        if self._withdrawn:
            raise EndedEarlyError(Ending.WITHDRAWN, "the requester took the request back")

    async def ask(
        self, questions: tuple[Question, ...], items: tuple[Item, ...], playbook: PlaybookInForce
    ) -> tuple[Item, ...]:
        """Ask for the missing information and wait; returns the items with the answers.

        Raises EndedEarlyError: abandoned at the deadline, withdrawn, or escalated after too many rounds of questions.
        """
        policy = playbook.playbook.timed(playbook.playbook.missing_information)
        language = self._stages.language
        self._asked += 1
        number = self._asked
        if number > policy.max_rounds:
            raise EndedEarlyError(
                Ending.ESCALATED, f"still missing after asking {policy.max_rounds} times: {_names(questions)}"
            )
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            self.wait = DeadlineWait(snapshot)
            reminders = len(policy.reminders) - len(snapshot.reminders)
        else:
            self.wait = await open_wait(policy, self._dispatcher)
            reminders = 0
            deadline = self.wait.deadline
            link = await self._mail.link(playbook, deadline)
            await self._mail.send(question_message(questions, number, deadline, link, language), playbook)
        try:
            while questions:
                self.questions = questions
                self._show(questions)
                why = await self.wait.until(
                    lambda: self._withdrawn or self._undelivered or bool(self._answers) or history_full(),
                    f"awaiting {_names(questions)}",
                )
                self.check_withdrawn()
                if self._undelivered and not self._answers:
                    raise EndedEarlyError(
                        Ending.ESCALATED, "the question to the requester came back undelivered"
                    )
                if why is WakeReason.EXPIRED:
                    raise self._unanswered(questions)
                if why is WakeReason.REMIND:
                    reminders += 1
                    # The deadline may have moved since, and the link expires with it.
                    deadline = self.wait.deadline
                    link = await self._mail.link(playbook, deadline)
                    await self._mail.send(
                        reminder_message(questions, number, reminders, deadline, link, language), playbook
                    )
                elif why is WakeReason.READY and self._answers:
                    items, questions = await self._read(self._answers.pop(0), items, questions)
                elif why is WakeReason.READY:
                    self._asked, self._snapshot = number - 1, self.wait.snapshot()
                    raise HistoryFullError(items)
        finally:
            self.wait = None
            self.questions = ()
        self._leave_to_a_person()
        return items

    def _unanswered(self, questions: tuple[Question, ...]) -> EndedEarlyError:
        """Return how the request ends at the deadline: abandoned only if no message of the requester is unread."""
        why = f"no answer by the deadline: {_names(questions)}"
        if self._state.unread_additions:
            return EndedEarlyError(Ending.ESCALATED, f"{why}; the requester wrote again, a person reads that")
        return EndedEarlyError(Ending.ABANDONED, why)

    def _leave_to_a_person(self) -> None:
        """Leave the messages that arrived after the complete answer to a person: they answer no open question."""
        kept = [answer for answer in self._answers if not _is_text(answer)]
        self._state.unread_additions |= len(kept) < len(self._answers)
        self._answers = kept

    async def tell(self, ending: Ending, why: str, playbook: PlaybookInForce) -> None:
        """Notify the requester of the ending, if the playbook says so; a failure here does not change the ending."""
        message = notice_message(playbook.playbook, ending, why, self._stages.language)
        if message is not None:
            try:
                await self._mail.send(message, playbook)
            except (EndedEarlyError, StageFailedError) as unsent:
                self._recorder.record(EntryKind.EFFECT, what="notice not sent", why=str(unsent))

    def snapshot(self) -> DialogSnapshot:
        """Return the snapshot for a new history."""
        return DialogSnapshot(
            answers=tuple(self._answers),
            questions_asked=self._asked,
            wait=self._snapshot,
            withdrawn=self._withdrawn,
        )

    def resume(self, snapshot: DialogSnapshot) -> None:
        """Restore the snapshot of the previous history."""
        self._answers = [*snapshot.answers, *self._answers]
        self._asked, self._snapshot = snapshot.questions_asked, snapshot.wait
        self._withdrawn = self._withdrawn or snapshot.withdrawn

    def close(self) -> None:
        """Refuse the remaining and all later messages."""
        self._closed = True
        for answer in self._answers:
            self._recorder.refuse(
                MessageName.ANSWER, "nothing was asked that this answers", "requester", answer
            )
        self._answers.clear()

    async def _read(
        self, raw: JsonValue, items: tuple[Item, ...], questions: tuple[Question, ...]
    ) -> tuple[tuple[Item, ...], tuple[Question, ...]]:
        result = await self._dispatcher.call_local(
            read_answer,
            AnswerCheck(
                handoff=PENDING_HANDOFF,
                raw=raw,
                questions=questions,
                items=items,
            ),
            AnswerCheckResult,
            receiver="answer_check",
            why="an answer has come in",
            decided_by="requester",
        )
        if result.problems:
            self._recorder.refuse(MessageName.ANSWER, "; ".join(result.problems), "requester", raw)
        if _is_text(raw):
            self._state.unread_additions |= result.says_more or not result.accepted
            if not result.accepted:
                raise EndedEarlyError(
                    Ending.ESCALATED,
                    f"the requester's answer does not tell {_names(questions)}; a person reads it",
                )
        if result.accepted:
            self._recorder.record(
                EntryKind.ANSWER,
                what=MessageName.ANSWER,
                why=f"still missing: {_names(result.missing)}"
                if result.missing
                else "everything asked for is there",
                sender="requester",
                decided_by="requester",
                about=raw,
            )
        return result.items, result.missing

    def _show(self, questions: tuple[Question, ...]) -> None:
        pairs = " ".join(f"{q.field}={q.example!r}" for q in questions)
        awaiting = f"an answer: {_names(questions)}"
        self._status.at(
            RequestState.WAITING_FOR_INFORMATION,
            awaiting=awaiting,
            owner="requester",
            by=self.wait.deadline if self.wait else None,
            questions=tuple(q.field for q in questions),
            next_command=f"dispatch answer {self._id} {pairs}",
        )
        self._status.publish()
        self._status.show(summary_of_question(self._submission, awaiting, self._state.rank))


def _is_text(answer: JsonValue) -> bool:
    return isinstance(answer, dict) and "text" in answer


def _names(questions: tuple[Question, ...]) -> str:
    return ", ".join(q.field for q in questions)
