"""Hands work to activities: records why, chooses how the work runs, and names it in Temporal's UI."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from dispatch.models.canonical import canonical_form
    from dispatch.models.contract import Contract
    from dispatch.models.handoff import StageInput
    from dispatch.models.request.status import BEFORE_THE_NEXT_ATTEMPT
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.playbook import PlaybookInForce
    from workflows.parts import options
    from workflows.parts.local_reads import HeldUp, LocalReads, is_left_undone
    from workflows.parts.status_publisher import StatusPublisher
    from workflows.parts.trail_recorder import TrailRecorder

R = TypeVar("R")
B = TypeVar("B", bound=StageInput)
PROCESS: Final = "process"
SUMMARY_LENGTH = 200


class StageFailedError(Exception):
    """An activity failed after all retries; `kind` is the error type that activities/failures.py set."""

    def __init__(self, error: ActivityError | ApplicationError) -> None:
        cause = error.cause if isinstance(error, ActivityError) else error
        if isinstance(cause, ApplicationError):
            self.kind, self.details, why = cause.type or "unknown", tuple(cause.details), cause.message
        else:
            self.kind, self.details, why = type(cause).__name__, (), str(cause or error)
        super().__init__(why)


class ActivityDispatcher:
    """Hands briefs to specialists, reviewers and the fixed team.

    A role that uses no outside system runs as a local activity inside the workflow's task: its input is not in
    history, so its result echoes the handoff, whose digest covers the input. If a stopping worker does not finish
    it, it is queued. A read of an outside system is tried once in the same way, within a short budget. An activity
    that changes an outside system, and a delayed read, is a regular activity, ranked by the request's priority and
    shared fairly between organisations.
    """

    def __init__(self, recorder: TrailRecorder, status: StatusPublisher) -> None:
        self._recorder, self._status = recorder, status
        self._local_reads = LocalReads()
        self.priority = Priority.default

    async def call_local(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        brief: StageInput,
        result: type[R],
        *,
        why: str,
        receiver: str = "",
        decided_by: str = PROCESS,
    ) -> R:
        """Schedule a role that only computes. Raises StageFailedError.

        `brief` holds PENDING_HANDOFF, which is replaced by the record of this handoff. `receiver` is the activity's
        own name where that is given as text.
        """
        sent = self._record(brief, receiver or str(activity), why, decided_by)
        return await self._local(activity, [sent], result, why[:SUMMARY_LENGTH])

    async def look_up(self, activity: Callable[..., Awaitable[R]], result: type[R]) -> R:
        """Read the worker's configuration; no handoff is recorded. Raises StageFailedError."""
        return await self._local(activity, [], result)

    async def call_remote(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        brief: StageInput,
        result: type[R],
        *,
        why: str,
        give_up_after: timedelta,
        receiver: str = "",
        decided_by: str = PROCESS,
        task_queue: str | None = None,
    ) -> R:
        """Schedule a role that uses an outside system; it is retried until `give_up_after`.

        Raises StageFailedError. As in `call_local` otherwise.
        """
        sent = self._record(brief, receiver or str(activity), why, decided_by)
        return await self._remote(activity, [sent], result, give_up_after, why[:SUMMARY_LENGTH], task_queue)

    async def call_model(
        self,
        activity: str,
        brief: StageInput,
        result: type[R],
        *,
        model: str,
        why: str,
        receiver: str,
        give_up_after: timedelta,
    ) -> R:
        """Schedule a role that a language model does, on the model's own queue. Raises StageFailedError."""
        sent = self._record(brief, receiver, why, PROCESS)
        self._status.publish_debounced()
        with _failures():
            done: R = await workflow.execute_activity(
                activity,
                sent,
                result_type=result,
                task_queue=options.model_task_queue(workflow.info().task_queue, model),
                schedule_to_close_timeout=give_up_after,
                heartbeat_timeout=options.MODEL_HEARTBEAT,
                retry_policy=options.REACHING_RETRY,
                summary=why[:SUMMARY_LENGTH],
                priority=self.priority,
            )
        return done

    async def call_read(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        brief: StageInput,
        result: type[R],
        *,
        why: str,
        give_up_after: timedelta,
        receiver: str = "",
        decided_by: str = PROCESS,
    ) -> R:
        """Schedule a role that only reads an outside system: tried locally once, then as by `call_remote`.

        Both run under one handoff. An attempt that timed out may still be reading, which changes nothing. Raises
        StageFailedError.
        """
        sent = self._record(brief, receiver or str(activity), why, decided_by)
        with _failures():
            found = await self._local_reads.attempt(activity, sent, result, why[:SUMMARY_LENGTH])
        if not isinstance(found, HeldUp):
            return found
        if found.failure is not None and found.retry_after >= give_up_after:
            raise StageFailedError(found.failure)
        if found.retry_after:
            self._status.publish_debounced()
            await workflow.sleep(found.retry_after, summary=BEFORE_THE_NEXT_ATTEMPT)
            give_up_after -= found.retry_after
        done = await self._remote(activity, [sent], result, give_up_after, why[:SUMMARY_LENGTH])
        self._local_reads.answered()
        return done

    async def _local(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        arguments: Sequence[StageInput],
        result: type[R],
        summary: str | None = None,
    ) -> R:
        """Run a local activity; queue it if a stopping worker did not finish it, as a delayed read."""
        try:
            with _failures():
                done: R = await workflow.execute_local_activity(
                    activity,  # type: ignore[arg-type]  # a method or a name; the SDK's overloads know one at a time
                    args=arguments,
                    result_type=result,
                    schedule_to_close_timeout=options.LOCAL_TIMEOUT,
                    retry_policy=options.LOCAL_RETRY,
                    summary=summary,
                )
        except FailureError as error:
            if not is_left_undone(error):
                raise
            return await self._remote(activity, arguments, result, options.LEFT_UNDONE_TIMEOUT, summary)
        return done

    async def _remote(
        self,
        activity: Callable[..., Awaitable[R]] | str,
        arguments: Sequence[StageInput],
        result: type[R],
        give_up_after: timedelta,
        summary: str | None,
        task_queue: str | None = None,
    ) -> R:
        self._status.publish_debounced()
        with _failures():
            done: R = await workflow.execute_activity(
                activity,  # type: ignore[arg-type]  # as in _local()
                args=arguments,
                result_type=result,
                task_queue=task_queue,
                schedule_to_close_timeout=give_up_after,
                start_to_close_timeout=min(options.ATTEMPT_TIMEOUT, give_up_after),
                retry_policy=options.REACHING_RETRY,
                summary=summary,
                priority=self.priority,
            )
        return done

    def _record(self, brief: B, receiver: str, why: str, decided_by: str) -> B:
        """Record the handoff and return the brief with it; the digest covers every field but the handoff itself."""
        handoff = self._recorder.record(
            EntryKind.HANDOFF,
            receiver=receiver,
            what=brief.noun,
            why=why,
            decided_by=decided_by,
            about=recorded_content(brief),
        )
        return brief.model_copy(update={"handoff": handoff})


@contextmanager
def _failures() -> Iterator[None]:
    """Raise every failed activity as StageFailedError; a cancellation stays a cancellation.

    The SDK raises a local activity's failure directly and a regular one's inside an ActivityError.
    """
    try:
        yield
    except (ActivityError, ApplicationError, CancelledError) as error:
        if is_cancelled_exception(error) or isinstance(error, CancelledError):
            raise asyncio.CancelledError from error
        raise StageFailedError(error) from error


def recorded_content(brief: StageInput) -> dict[str, JsonValue]:
    """Return what the digest of a handoff covers: each field that differs from its default.

    Because defaults are omitted, a field that is added while a request runs does not change its record.
    """
    fields = type(brief).model_fields
    values = {name: getattr(brief, name) for name in fields if name != "handoff"}
    return {
        name: _plain(value)
        for name, value in values.items()
        if fields[name].is_required() or value != fields[name].get_default(call_default_factory=True)
    }


def _plain(value: Any) -> JsonValue:
    if isinstance(value, PlaybookInForce):
        # Its reference holds its digest, so its whole text need not be digested again at each handoff.
        return value.ref.model_dump(mode="json")
    if isinstance(value, Contract):
        return canonical_form(value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    plain: JsonValue = value.isoformat() if isinstance(value, datetime) else value
    return plain
