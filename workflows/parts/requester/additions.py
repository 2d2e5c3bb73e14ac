"""Messages that are added to a running request: who may add one, and how it is used."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue, ValidationError

    from dispatch.models.request.addition import Addition, AdditionOutcome
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import RequestState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import FURTHER_MESSAGE, EntryKind
    from dispatch.process.additions import why_not_added
    from dispatch.text.message_payloads import bounded
    from workflows.parts.requester.dialog import RequesterDialog
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder


class Additions:
    """Receives added messages; an answer to an open question is read immediately, others wait for the next decision."""

    def __init__(
        self,
        submission: Submission,
        state: ProcessState,
        recorder: TrailRecorder,
        status: StatusPublisher,
        requester: RequesterDialog,
    ) -> None:
        self._submission, self._state = submission, state
        self._recorder, self._status, self._requester = recorder, status, requester
        self._closed = False

    def receive(self, raw: Any) -> dict[str, JsonValue]:
        """Receive a message and return the result; a repeated one changes nothing."""
        try:
            addition = Addition.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the message"
            return self._refused(f"{where[:100]} cannot be read: {first['msg']}", raw)
        if any(known.key == addition.key for known in self._state.additions):
            return _outcome("it had been added before", accepted=True)
        if self._is_too_late:
            return self._refused("the desk has acted on the request already, or it ends", raw)
        if why := why_not_added(addition, self._submission.sender, self._state.additions):
            return self._refused(why, raw)
        self._state.additions = (*self._state.additions, addition)
        self._recorder.record(
            EntryKind.ANSWER,
            what=FURTHER_MESSAGE,
            why=addition.in_words,
            sender="requester" if addition.automatic is None else "mail system",
            decided_by="requester" if addition.automatic is None else "process",
            about=addition,
        )
        if self._state.family is not None:
            # The parts read it; whether one of them has taken it is known when they end.
            return _outcome("added to the open request", accepted=True)
        if addition.automatic is None:
            self._state.unread_additions |= not self._requester.receive_text(addition)
        elif addition.is_bounce:
            self._requester.undelivered()
        return _outcome("added to the open request", accepted=True)

    def are_new(self) -> bool:
        """Check whether the requester wrote anything that the current proposal does not consider."""
        new = self._state.additions[self._state.considered :]
        return any(addition.automatic is None for addition in new)

    def consider(self) -> None:
        """Record that all messages are considered from here on."""
        self._state.considered = len(self._state.additions)

    def close(self) -> None:
        """Refuse later messages: they become separate requests."""
        self._closed = True

    @property
    def _is_too_late(self) -> bool:
        """Return whether nobody would read a message any more; a person who has to settle the request does."""
        if self._closed or self._status.status.state == RequestState.ESCALATED:
            return self._closed
        return self._state.acting or self._state.ending is not None or self._requester.is_withdrawn()

    def _refused(self, why: str, raw: Any) -> dict[str, JsonValue]:
        self._recorder.refuse(MessageName.ADD, why, "requester", bounded(raw))
        return _outcome(why, accepted=False)


def _outcome(reason: str, *, accepted: bool) -> dict[str, JsonValue]:
    return AdditionOutcome(accepted=accepted, reason=reason).model_dump()
