"""The first attempt of a read: inside the workflow's task, without a task queue; docs/decisions/0018."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from dispatch.models.handoff import StageInput
    from workflows.parts import options

R = TypeVar("R")

_ONCE: Final = RetryPolicy(maximum_attempts=1)
"""Further attempts are those of a regular activity: the server keeps their timers, and no task stays open for them."""


@dataclass(frozen=True)
class HeldUp:
    """The system did not answer in time, or with an error; `failure` is that error, if the system was called at all."""

    failure: ApplicationError | None = None

    @property
    def retry_after(self) -> timedelta:
        """Return how long the system asked clients to wait."""
        return (self.failure.next_retry_delay if self.failure else None) or timedelta(0)


class LocalReads:
    """Tries reads locally until one is delayed; after that none, until a regular read of the request has succeeded.

    A request spends the budget once on a system that is down, and not again for each read.
    """

    def __init__(self) -> None:
        self._is_held_up = False

    async def attempt(
        self, activity: Callable[..., Awaitable[R]] | str, brief: StageInput, result: type[R], summary: str
    ) -> R | HeldUp:
        """Return the answer, or HeldUp if a regular activity must continue.

        Raises ApplicationError if another attempt would not help, for example after a refusal.
        """
        if self._is_held_up:
            return HeldUp()
        try:
            done: R = await workflow.execute_local_activity(
                activity,  # type: ignore[arg-type]  # a method or a name; the SDK's overloads know one at a time
                brief,
                result_type=result,
                schedule_to_close_timeout=options.LOCAL_READ_TIMEOUT,
                retry_policy=_ONCE,
                summary=summary,
            )
        except FailureError as error:
            if is_cancelled_exception(error) or _is_final(error):
                raise
            self._is_held_up = True
            return HeldUp(error if isinstance(error, ApplicationError) else None)
        return done

    def answered(self) -> None:
        """Record that a regular read has succeeded: the next one is tried locally again."""
        self._is_held_up = False


def is_left_undone(error: FailureError) -> bool:
    """Return whether a stopping worker failed a local activity without running it.

    The SDK signals that by a failure without a type; all other failures have one.
    """
    return type(error) is FailureError


def _is_final(error: FailureError) -> bool:
    """Return HeldUp for everything that is no definite answer: a timeout, or a local activity that a stopping worker left."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return isinstance(cause, ApplicationError) and cause.non_retryable
