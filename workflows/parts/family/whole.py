"""The whole of a request for several desks: begins the parts, tells the requester of them, and waits for all."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.family.parts import read_parts
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.family import Family, FamilyPart, PartReport, PartsBrief, PartsRead
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import ANSWER_BY, LOOK_AT_PARTS, Ending, RequestState
    from dispatch.models.request.submission import Submission
    from dispatch.models.trail import EntryKind
    from dispatch.process.family.dividing import due_parts, family_of, submission_of
    from dispatch.process.family.ending import ending_of_family
    from dispatch.process.family.waiting import targets, unheard, where_they_stand, with_report, without
    from dispatch.process.list_summary import summary_of_question
    from dispatch.text.message_payloads import bounded
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.endings import EndedEarlyError, HistoryFullError, history_full
    from workflows.parts.family.answering import FamilyAnswer
    from workflows.parts.family.children import Children
    from workflows.parts.requester.dialog import RequesterDialog
    from workflows.parts.status_publisher import COORDINATOR, StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

_READ_AGAIN: Final = timedelta(minutes=10)
"""After this a part that the present history did not begin is read again: no event tells that it has ended."""
_READ_TIMEOUT: Final = timedelta(minutes=10)


class RequestFamily:
    """Does nothing in a request that is one desk's alone, and nothing in a part."""

    def __init__(
        self,
        request_id: str,
        submission: Submission,
        state: ProcessState,
        recorder: TrailRecorder,
        status: StatusPublisher,
        dispatcher: ActivityDispatcher,
        requester: RequesterDialog,
        answer: FamilyAnswer,
    ) -> None:
        self._id, self._submission, self._state = request_id, submission, state
        self._recorder, self._status, self._dispatcher = recorder, status, dispatcher
        self._requester, self._answer = requester, answer
        self._children = Children(request_id, submission, state, recorder, dispatcher)
        self._heard = False

    def receive(self, raw: Any) -> None:
        """Receive a part's signal that something has changed there; what it is, is read."""
        message: JsonValue = bounded(raw)
        known = {part.request_id for part in self._family.parts} if self._state.family is not None else set()
        part = message.get("part") if isinstance(message, dict) else None
        if not isinstance(message, dict) or part not in known:
            self._recorder.refuse(MessageName.PART, "it is of no part of this request", "part", message)
        elif message.get("at") != "acting":
            self._heard = True

    async def run(self) -> tuple[Ending, str]:
        """Return how the whole ends, once every part has ended.

        Raises HistoryFullError while it waits.
        """
        if self._state.family is None:
            answer_by = workflow.now() + self._state.reception_in_force.answer_after
            self._state.family = family_of(self._id, self._state.parts_planned, answer_by)
        else:
            self._heard = True
        while True:
            if self._heard:
                await self._read()
            await self._withdraw()
            await self._begin_due()
            await self._forward()
            if self._is_answer_due():
                await self._tell()
            if all(part.ended for part in self._family.parts):
                break
            await self._wait()
        if left := unheard(self._family, self._state.additions):
            self._note_problem(
                f"the requester wrote again, and no part took it ({len(left)}); a person reads that"
            )
        return ending_of_family(self._family)

    async def cancel(self) -> None:
        """Cancel every open part and wait until each has undone what it did; a part that has not begun never begins."""
        if self._state.family is None:
            return
        self._state.family = without(self._family, Ending.CANCELLED, "the whole request was cancelled")
        await self._children.cancel(self._family)
        while not all(part.ended for part in self._family.parts):
            await self._wait(answering=False)
            await self._read()

    @property
    def _family(self) -> Family:
        family = self._state.family
        if family is None:
            raise ValueError("the request is not divided")
        return family

    def _update(self, **changed: Any) -> None:
        self._state.family = self._family.model_copy(update=changed)

    async def _begin_due(self) -> None:
        """Begin each part that waits for no other, all in one task; each is begun once, also after a reset."""
        due = due_parts(self._family)
        begun = (
            self._children.begin(
                part, submission_of(part, self._family, self._id, self._submission, self._state.items)
            )
            for part in due
        )
        await asyncio.gather(*begun)
        for part in due:
            self._replace(part.model_copy(update={"begun": True}))
            # What the requester wrote before it began is not in the message that it was started with.
            for addition in self._state.additions[: self._family.forwarded]:
                await self._children.signal(part, MessageName.ADD, addition)

    async def _withdraw(self) -> None:
        if self._family.withdrawn or not self._requester.is_withdrawn():
            return
        why = "the requester took the request back before this part began"
        self._state.family = without(self._family, Ending.WITHDRAWN, why)
        self._update(withdrawn=True)
        for part in self._open:
            await self._children.signal(
                part, MessageName.WITHDRAW, {"reason": "the whole request is withdrawn"}
            )

    async def _forward(self) -> None:
        """Hand each later message of the requester to the parts that it concerns; a part that asked comes before all others."""
        for addition in self._state.additions[self._family.forwarded :]:
            if addition.automatic is None:
                for part in targets(self._family):
                    await self._children.signal(part, MessageName.ADD, addition)
            self._update(forwarded=self._family.forwarded + 1)

    async def _read(self) -> None:
        """Read where the open parts stand, and record what has changed."""
        self._heard = False
        open_parts = self._open
        if not open_parts:
            return
        brief = PartsBrief(
            handoff=PENDING_HANDOFF,
            parent=self._id,
            request_ids=tuple(part.request_id for part in open_parts),
        )
        try:
            read = await self._dispatcher.call_remote(
                read_parts,
                brief,
                PartsRead,
                receiver="parts",
                why="a part says that something has changed",
                give_up_after=_READ_TIMEOUT,
            )
        except StageFailedError as failed:
            self._recorder.record(EntryKind.PART, what="parts not read", why=str(failed))
            await workflow.sleep(timedelta(minutes=1), summary=LOOK_AT_PARTS)
            self._heard = True
            return
        for part, report in zip(open_parts, read.reports, strict=True):
            self._take(part, report)

    def _take(self, part: FamilyPart, report: PartReport) -> None:
        now = with_report(part, report)
        self._replace(now)
        if (not part.settled and now.settled) or now.ended:
            how = report.ending or report.state
            self._recorder.record(
                EntryKind.PART,
                what=f"{part.name} {'ended' if now.ended else 'settled'}: {how}",
                why=report.why or report.awaiting,
                sender=part.request_id,
                decided_by=part.name,
                about=report,
            )
        if now.ended and report.ending is None:
            self._note_problem(f"the part of {part.name} ended without an outcome: {report.why}")

    def _is_answer_due(self) -> bool:
        """Check whether there is something to tell: all of it, or what there is when the time is over; later, what was open."""
        family = self._family
        if family.answers == 0:
            return all(part.settled for part in family.parts) or self._now >= family.answer_by
        return any(part.settled and not part.told for part in family.parts)

    async def _tell(self) -> None:
        family = self._family
        due = (
            family.parts
            if family.answers == 0
            else tuple(p for p in family.parts if p.settled and not p.told)
        )
        number = family.answers + 1
        self._update(
            answers=number,
            parts=tuple(
                part.model_copy(update={"told": True}) if part.settled else part for part in family.parts
            ),
        )
        try:
            await self._answer.send(due, number)
        except (EndedEarlyError, StageFailedError) as unsent:
            self._note_problem(f"the answer could not be sent: {unsent}")

    async def _wait(self, *, answering: bool = True) -> None:
        self._show()
        until = [self._now + _READ_AGAIN] if self._children.are_unseen(self._family) else []
        if answering and self._family.answers == 0:
            until.append(self._family.answer_by)
        timeout = min(until) - self._now if until else None
        try:
            await workflow.wait_condition(
                lambda: (
                    self._heard
                    or self._children.have_ended(self._family)
                    or (answering and self._has_to_forward())
                    or (answering and history_full())
                ),
                timeout=timeout,
                timeout_summary=ANSWER_BY if self._family.answers == 0 else LOOK_AT_PARTS,
            )
        except TimeoutError:
            self._heard = True
            return
        if answering and history_full() and not self._children.have_ended(self._family) and not self._heard:
            raise HistoryFullError
        self._heard = self._heard or self._children.have_ended(self._family)

    def _has_to_forward(self) -> bool:
        family = self._family
        withdrawn = self._requester.is_withdrawn() and not family.withdrawn
        return withdrawn or len(self._state.additions) > family.forwarded

    def _show(self) -> None:
        family = self._family
        awaiting = where_they_stand(family)
        self._status.at(
            RequestState.WAITING_FOR_PARTS,
            awaiting=awaiting,
            owner=self._state.playbook.escalation.approvers[0] if family.problem else COORDINATOR,
            by=family.answer_by if family.answers == 0 else None,
        )
        self._status.publish()
        self._status.show(summary_of_question(self._submission, awaiting, self._state.rank))

    def _note_problem(self, why: str) -> None:
        if not self._family.problem:
            self._update(problem=why)
        self._recorder.record(EntryKind.PART, what="a person has the whole", why=why)

    def _replace(self, now: FamilyPart) -> None:
        same = now.request_id
        self._update(parts=tuple(now if part.request_id == same else part for part in self._family.parts))

    @property
    def _open(self) -> tuple[FamilyPart, ...]:
        return tuple(part for part in self._family.parts if part.begun and not part.ended)

    @property
    def _now(self) -> datetime:
        return workflow.now()
