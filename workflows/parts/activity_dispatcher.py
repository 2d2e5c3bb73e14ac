"""One function hands work over: it records why, chooses how the work runs, and names it in Temporal's UI."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.canonical import canonical_form
    from dispatch.models.contract import Contract
    from dispatch.models.handoff import StageInput
    from dispatch.models.request.status import BEFORE_THE_NEXT_ATTEMPT
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import PlaybookInForce
    from workflows.parts import options
    from workflows.parts.local_reads import HeldUp, LocalReads
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

R = TypeVar("R")
SUMMARY_LENGTH = 200


class StageFailedError(Exception):
    """Who was handed the work did not do it, after all retries; `kind` is the type that activities/failures.py gave."""

    def __init__(self, error: ActivityError | ApplicationError) -> None:
        cause = error.cause if isinstance(error, ActivityError) else error
        if isinstance(cause, ApplicationError):
            self.kind, self.details, why = cause.type or "unknown", tuple(cause.details), cause.message
        else:
            self.kind, self.details, why = type(cause).__name__, (), str(cause or error)
        super().__init__(why)


class ActivityDispatcher:
    """Hands briefs to specialists, reviewers and the fixed team.

    What reaches no outside system runs as a local activity inside the workflow's task: its input is not in
    history, so its result echoes the handoff, whose digest covers the input. A read of an outside system is tried in
    the same way once, within a short budget. Whatever changes something outside, and a read that is held up, is a
    regular activity, ranked by the request's priority and shared fairly between organisations.
    """

    def __init__(self, ledger: TrailRecorder, standing: StatusPublisher) -> None:
        self._recorder, self._status = ledger, standing
        self._local_reads = LocalReads()
        self.priority = Priority.default

    async def inside(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        brief: type[StageInput],
        result: type[R],
        **what: Any,
    ) -> R:
        """Hand over to a role that only computes. Raises HandoverFailed."""
        payload = self._record(activity, brief, what)
        with _failures():
            done: R = await workflow.execute_local_activity(
                activity,  # type: ignore[arg-type]  # a method or a name; the SDK's overloads know one at a time
                payload,
                result_type=result,
                schedule_to_close_timeout=options.LOCAL_TIMEOUT,
                retry_policy=options.LOCAL_RETRY,
                summary=payload.handoff.why[:SUMMARY_LENGTH],
            )
        return done

    async def look_up(self, activity: Callable[..., Awaitable[R]], result: type[R]) -> R:
        """Ask for what the worker was started with; nothing changes hands. Raises HandoverFailed."""
        with _failures():
            found: R = await workflow.execute_local_activity(  # type: ignore[call-overload]  # as in inside()
                activity,
                result_type=result,
                schedule_to_close_timeout=options.LOCAL_TIMEOUT,
                retry_policy=options.LOCAL_RETRY,
            )
        return found

    async def outside(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        brief: type[StageInput],
        result: type[R],
        *,
        give_up_after: timedelta,
        task_queue: str | None = None,
        **what: Any,
    ) -> R:
        """Hand over to a role that reaches an outside system; repeated until `give_up_after`. Raises HandoverFailed."""
        payload = self._record(activity, brief, what)
        return await self._remote(activity, payload, result, give_up_after, task_queue)

    async def read(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        brief: type[StageInput],
        result: type[R],
        *,
        give_up_after: timedelta,
        **what: Any,
    ) -> R:
        """Hand over to a role that only reads an outside system: tried locally once, and then as by `outside`.

        Both run under one handoff. An attempt that is cut off may still be reading, which changes nothing. Raises
        HandoverFailed.
        """
        payload = self._record(activity, brief, what)
        with _failures():
            found = await self._local_reads.attempt(
                activity, payload, result, payload.handoff.why[:SUMMARY_LENGTH]
            )
        if not isinstance(found, HeldUp):
            return found
        if found.failure is not None and found.retry_after >= give_up_after:
            raise StageFailedError(found.failure)
        if found.retry_after:
            self._status.publish_debounced()
            await workflow.sleep(found.retry_after, summary=BEFORE_THE_NEXT_ATTEMPT)
            give_up_after -= found.retry_after
        done = await self._remote(activity, payload, result, give_up_after)
        self._local_reads.answered()
        return done

    async def _remote(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        payload: StageInput,
        result: type[R],
        give_up_after: timedelta,
        task_queue: str | None = None,
    ) -> R:
        self._status.publish_debounced()
        with _failures():
            done: R = await workflow.execute_activity(
                activity,  # type: ignore[arg-type]  # as in inside()
                payload,
                result_type=result,
                task_queue=task_queue,
                schedule_to_close_timeout=give_up_after,
                start_to_close_timeout=min(options.ATTEMPT_TIMEOUT, give_up_after),
                retry_policy=options.REACHING_RETRY,
                summary=payload.handoff.why[:SUMMARY_LENGTH],
                priority=self.priority,
            )
        return done

    def _record(
        self, activity: Callable[..., Awaitable[Any]] | str, brief: type[StageInput], what: dict[str, Any]
    ) -> StageInput:
        """Write the handoff and give the brief that carries it; `to`, `why` and `decided_by` belong to the handoff."""
        receiver = activity if isinstance(activity, str) else what.pop("to")
        why, decided_by = what.pop("why"), what.pop("decided_by", "process")
        about: JsonValue = {name: _plain(value) for name, value in what.items()}
        handoff = self._recorder.record(
            EntryKind.HANDOFF,
            receiver=receiver,
            what=brief.noun,
            why=why,
            decided_by=decided_by,
            about=about,
        )
        return brief.model_validate({"handoff": handoff, **what})


@contextmanager
def _failures() -> Iterator[None]:
    """Give every failed handover one shape; a cancellation stays one.

    The SDK raises a local activity's failure bare and a regular one's within an ActivityError.
    """
    try:
        yield
    except (ActivityError, ApplicationError, CancelledError) as error:
        if is_cancelled_exception(error) or isinstance(error, CancelledError):
            raise asyncio.CancelledError from error
        raise StageFailedError(error) from error


def _plain(value: Any) -> JsonValue:
    if isinstance(value, PlaybookInForce):
        # Its reference holds its digest, so its whole text need not be digested again at each handover.
        return value.ref.model_dump(mode="json")
    if isinstance(value, Contract):
        # Without defaults: a field that is added while a request runs must not change what its record says.
        return canonical_form(value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    plain: JsonValue = value.isoformat() if isinstance(value, datetime) else value
    return plain
