"""What the doors that watch a place share: what they need of a door, saying once why nothing is taken in, and the end."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from structlog.typing import FilteringBoundLogger

from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.submission import Submission

GRACE_SECONDS: Final = 5.0
"""How long what has begun may take once it was told to stop."""

T_contra = TypeVar("T_contra", contravariant=True)


class Started(Protocol):
    """What is known of a request once its start was accepted."""

    @property
    def request_id(self) -> str: ...
    @property
    def new(self) -> bool: ...
    @property
    def added(self) -> bool: ...
    @property
    def automatic(self) -> AutomaticMail | None: ...


def what_became_of(started: Started) -> str:
    """Return what the log calls it."""
    if started.added:
        return "added"
    return "taken in" if started.new else "taken in before"


class Door(Protocol[T_contra]):
    """Reads what has come, such as a file or a mail, starts its request, and keeps a refusal for people.

    `read` and `start` raise SubmissionError for what is refused, every method another DispatchError for what may pass.
    """

    async def read(self, arrived: T_contra, /) -> Submission: ...
    async def start(self, arrived: T_contra, submission: Submission, /) -> Started: ...
    async def refuse(self, arrived: T_contra, reason: str, sha256: str, /) -> None: ...


class Hindrance:
    """Says once why nothing is taken in, and once when it goes on; `what` stays where it is meanwhile."""

    def __init__(self, log: FilteringBoundLogger, what: str) -> None:
        self._log, self._what, self._kind = log, what, ""

    def waits(self, error: Exception, why: str = "") -> None:
        """Log why; the same kind of error again is not mentioned."""
        kind = type(error).__name__
        if kind != self._kind:
            self._log.warning(
                f"waiting; {self._what} stay where they are and are taken in later", why=why or str(error)
            )
        self._kind = kind

    def is_over(self) -> None:
        """Log that it goes on, where it did not."""
        if self._kind:
            self._log.info("going on")
        self._kind = ""


async def within_grace(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do the work to its end; once `stop` is set, for a few seconds more.

    A start that hangs is then given up. It may have been accepted, and the next watcher's start is the same request.
    """
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({task}, timeout=GRACE_SECONDS)
    finally:
        for one in (task, stopping):
            one.cancel()
        await asyncio.gather(stopping, return_exceptions=True)
    with suppress(asyncio.CancelledError):
        await task
