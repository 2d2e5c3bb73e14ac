"""Extensions of deadlines: received at any time, checked as decisions are, answered and recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from activities.decision_check import DecisionChecks
    from dispatch.approval.deadlines import ExtensionRefusedError, read_extension
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.people.decision import ApprovalRequest
    from dispatch.models.people.extension import Extension, ExtensionCheck, ExtensionCheckResult
    from dispatch.models.request.message_names import MessageName
    from dispatch.models.trail import EntryKind
    from dispatch.text.message_payloads import bounded, text_of
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.deadline_wait import DeadlineWait
    from workflows.parts.trail_recorder import TrailRecorder

MOST_ASKED: Final = 10
"""The most unchecked extensions of one wait; further ones are refused, so that a flood cannot delay the wait."""


@dataclass(frozen=True)
class OpenWait:
    """A wait whose deadline may be moved, and by whom; `approval_request` is None where the requester is asked."""

    wait: DeadlineWait
    allowed: tuple[str, ...]
    role_names: bool
    approval_request: ApprovalRequest | None = None


@dataclass
class _Asked:
    """One received extension; `answer` is set once it has been checked."""

    found: OpenWait
    extension: Extension
    received_at: datetime
    answer: ExtensionCheckResult | ExtensionRefusedError | None = None


class Extensions:
    """Moves the deadline of the open wait on behalf of a person who may decide there, and wakes the wait."""

    def __init__(self, requester: str, recorder: TrailRecorder, dispatcher: ActivityDispatcher) -> None:
        self._requester, self._recorder, self._dispatcher = requester, recorder, dispatcher

    async def extend(self, raw: Any, open_wait: Callable[[], OpenWait | None]) -> dict[str, JsonValue]:
        """Receive an extension and return the result: accepted or not, and why.

        `open_wait` returns the wait that is open when it is called.
        """
        request = bounded(raw)
        sender = text_of(request, "approver") or "unknown"
        try:
            result = await self._checked(request, open_wait)
        except ExtensionRefusedError as refused:
            self._recorder.refuse(MessageName.EXTEND, str(refused), sender, request)
            return {"accepted": False, "reason": str(refused)}
        self._recorder.record(
            EntryKind.DECISION,
            what=MessageName.EXTEND,
            why=result.reason,
            sender=f"approver.{sender}",
            decided_by=sender,
            about=request,
        )
        return {"accepted": True, "reason": result.reason}

    async def _checked(
        self, request: JsonValue, open_wait: Callable[[], OpenWait | None]
    ) -> ExtensionCheckResult:
        """Move the deadline; raises ExtensionRefusedError if it is not moved."""
        found = open_wait()
        if found is None:
            raise ExtensionRefusedError("nothing is awaited now")
        wait, received_at = found.wait, workflow.now()
        extension = read_extension(request, received_at, wait.deadline, found.approval_request)
        if len(wait.asked) >= MOST_ASKED:
            raise ExtensionRefusedError(f"{MOST_ASKED} extensions are being checked; send it again later")
        asked = _Asked(found, extension, received_at)
        wait.asked.append(lambda: self._check(asked))

        def is_over() -> bool:
            return (now := open_wait()) is None or now.wait is not wait

        await workflow.wait_condition(lambda: asked.answer is not None or is_over())
        if isinstance(asked.answer, ExtensionCheckResult):
            return asked.answer
        raise asked.answer or ExtensionRefusedError("late: what it would move was decided meanwhile")

    async def _check(self, asked: "_Asked") -> None:
        """Check an extension and, if it is valid, move the deadline; the wait calls this."""
        found, wait = asked.found, asked.found.wait
        try:
            # Another extension may have moved it while this one waited.
            read_extension(
                asked.extension.model_dump(mode="json"),
                asked.received_at,
                wait.deadline,
                found.approval_request,
            )
            result = await self._dispatcher.call_local(
                DecisionChecks.verify_extension,
                ExtensionCheck(
                    handoff=PENDING_HANDOFF,
                    extension=asked.extension,
                    in_force=wait.deadline,
                    received_at=asked.received_at,
                    allowed=found.allowed,
                    role_names=found.role_names,
                    approval_request=found.approval_request,
                    requester=self._requester,
                ),
                ExtensionCheckResult,
                receiver="decision_check",
                why=f"a later deadline is asked for by {asked.extension.approver[:50]}",
            )
        except StageFailedError as failed:
            asked.answer = ExtensionRefusedError(f"cannot be judged now, send it again: {failed}")
        except ExtensionRefusedError as refused:
            asked.answer = refused
        else:
            asked.answer = result if result.accepted else ExtensionRefusedError(result.reason)
            if result.accepted:
                wait.deadline = asked.extension.deadline
