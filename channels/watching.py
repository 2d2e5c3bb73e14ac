"""Shared parts of watching doors: the interface `Door`, one log line for an outage, and the shutdown."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from structlog.typing import FilteringBoundLogger

from dispatch.models.request.automatic import AutomaticMail
from dispatch.models.request.submission import Submission

GRACE_SECONDS: Final = 5.0
"""How long running work may take after the stop."""

T_contra = TypeVar("T_contra", contravariant=True)


class Started(Protocol):
    """An accepted request."""

    @property
    def request_id(self) -> str: ...
    @property
    def new(self) -> bool: ...
    @property
    def added(self) -> bool: ...
    @property
    def automatic(self) -> AutomaticMail | None: ...


def what_became_of(started: Started) -> str:
    """Return its name in the log."""
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
    """Logs once why nothing is taken in, and once when it continues; `what` stays in place meanwhile."""

    def __init__(self, log: FilteringBoundLogger, what: str) -> None:
        self._log, self._what, self._kind = log, what, ""

    def waits(self, error: Exception, why: str = "") -> None:
        """Log the reason; a repeated kind of error is not logged."""
        kind = type(error).__name__
        if kind != self._kind:
            self._log.warning(
                f"waiting; {self._what} stay where they are and are taken in later", why=why or str(error)
            )
        self._kind = kind

    def is_over(self) -> None:
        """Log that it continues after an outage."""
        if self._kind:
            self._log.info("going on")
        self._kind = ""


async def within_grace(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Run the work to its end; after `stop` is set, only for a few more seconds.

    A hanging start is then abandoned. If it was accepted, the next watcher's start is the same request.
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
