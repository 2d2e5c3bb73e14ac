"""Where a query, a local activity and a message meet in the order that cuts a turn in two."""

import asyncio
import threading
from typing import ClassVar, Final

PATIENCE_SECONDS: Final = 20


class Halves:
    """The query's answer waits until the local activity has ended and a message has come; the activity waits for the query.

    A workflow in its sandbox, its activity and its test find the same one by its name.
    """

    _known: ClassVar[dict[str, "Halves"]] = {}

    def __init__(self) -> None:
        self.query_came, self.message_came = threading.Event(), threading.Event()
        self._activity_ended = threading.Event()
        self._answered = 0

    @classmethod
    def of(cls, name: str) -> "Halves":
        return cls._known.setdefault(name, cls())

    async def run_activity(self) -> None:
        """Return once a query is being answered; later calls return at once."""
        await asyncio.to_thread(self.query_came.wait, PATIENCE_SECONDS)
        self._activity_ended.set()

    def answer(self) -> int:
        """Return how many queries were answered, once the activity's result is with the SDK and the message with the server."""
        self.query_came.set()
        assert self._activity_ended.wait(PATIENCE_SECONDS)
        assert self.message_came.wait(PATIENCE_SECONDS)
        # The result takes a few milliseconds from its activity to the SDK's core, which tells nobody of it.
        threading.Event().wait(0.3)
        self._answered += 1
        return self._answered
