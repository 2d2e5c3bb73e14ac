"""The whole dialog with the requester: the desk's questions, and those of the people who decide."""

from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending, RequestState
    from dispatch.process.list_summary import summary_of_question
    from dispatch.process.requester_messages import persons_question
    from workflows.parts.deadline_wait import DeadlineWait, WakeReason, open_wait
    from workflows.parts.endings import EndedEarlyError, HistoryFullError, history_full
    from workflows.parts.requester.dialog import RequesterDialog


class RequesterConversation(RequesterDialog):
    """Sends a person's question unchanged; the answer is handled as any other message of the requester."""

    async def ask_for_a_person(self, state: ProcessState, has_written: Callable[[], bool]) -> None:
        """Send a person's question unchanged, and wait until the requester `has_written`.

        At the deadline the guidance says that there was no answer. Raises EndedEarlyError: withdrawn, or escalated if
        the question bounced; HistoryFullError.
        """
        policy = state.playbook.timed(state.playbook.missing_information)
        language = self._stages.language
        question, snapshot = state.to_ask, self._snapshot
        self._asked += 1
        number, self._snapshot = self._asked, None
        if snapshot is not None:
            self.wait = DeadlineWait(snapshot)
        else:
            self.wait = await open_wait(policy, self._dispatcher)
            await self._mail.send(
                persons_question(question, number, 0, self.wait.deadline, language), state.in_force
            )
        reminders = 0 if snapshot is None else len(policy.reminders) - len(snapshot.reminders)
        try:
            while not has_written():
                self._show_question(question)
                why = await self.wait.until(
                    lambda: self._withdrawn or self._undelivered or has_written() or history_full(),
                    "awaiting the answer to a person's question",
                )
                self.check_withdrawn()
                if has_written():
                    break
                if self._undelivered:
                    raise EndedEarlyError(
                        Ending.ESCALATED, "the question to the requester came back undelivered"
                    )
                if why is WakeReason.EXPIRED:
                    state.guidance = (
                        *state.guidance[:-1],
                        state.guidance[-1].model_copy(update={"unanswered": True}),
                    )
                    break
                if why is WakeReason.REMIND:
                    reminders += 1
                    message = persons_question(question, number, reminders, self.wait.deadline, language)
                    await self._mail.send(message, state.in_force)
                elif why is WakeReason.READY:
                    self._asked, self._snapshot = number - 1, self.wait.snapshot()
                    raise HistoryFullError
        finally:
            self.wait = None
        state.to_ask = ""

    def _show_question(self, question: str) -> None:
        awaiting = "an answer to a person's question"
        self._status.at(
            RequestState.WAITING_FOR_INFORMATION,
            awaiting=awaiting,
            owner="requester",
            about=question,
            by=self.wait.deadline if self.wait else None,
        )
        self._status.publish()
        self._status.show(summary_of_question(self._submission, awaiting, self._state.rank))
