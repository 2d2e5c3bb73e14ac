"""Waiting with reminders, escalation and a deadline that can move."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import Enum, auto

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import WaitSnapshot


class WakeReason(Enum):
    """Why a wait came back."""

    READY = auto()
    REMIND = auto()
    ESCALATE = auto()
    EXPIRED = auto()
    MOVED = auto()


class DeadlineWait:
    """One wait, from its opening to its deadline.

    What is ready counts before a deadline that falls with it: a message that lay in history before the
    deadline's timer is never lost to a worker that was away.
    """

    def __init__(
        self,
        deadline: timedelta,
        reminders: tuple[timedelta, ...] = (),
        escalate_after: timedelta | None = None,
        escalations: int = 0,
    ) -> None:
        self.opened_at = workflow.now()
        self.deadline = self.opened_at + deadline
        self.asked: list[Callable[[], Awaitable[None]]] = []
        """Checks of extensions that came in. The wait makes them itself, before it expires and while it has no timer: a
        local activity beside a timer may be answered before it when the history is replayed, and after it before."""
        self._due = [(self.opened_at + after, WakeReason.REMIND) for after in reminders]
        if escalate_after is not None:
            self._due += [
                (self.opened_at + escalate_after * n, WakeReason.ESCALATE) for n in range(1, escalations + 1)
            ]
        self._due.sort(key=lambda entry: entry[0])

    def snapshot(self) -> WaitSnapshot:
        """Return what is left of the wait, for a new history."""
        due = {kind: tuple(at for at, reason in self._due if reason is kind) for _, kind in self._due}
        return WaitSnapshot(
            opened_at=self.opened_at,
            deadline=self.deadline,
            reminders=due.get(WakeReason.REMIND, ()),
            escalations=due.get(WakeReason.ESCALATE, ()),
        )

    @classmethod
    def resumed(cls, snapshot: WaitSnapshot) -> "DeadlineWait":
        """Restore what the history before this one left."""
        wait = cls(snapshot.deadline - snapshot.opened_at)
        wait.opened_at, wait.deadline = snapshot.opened_at, snapshot.deadline
        wait._due = [(at, WakeReason.REMIND) for at in snapshot.reminders]
        wait._due += [(at, WakeReason.ESCALATE) for at in snapshot.escalations]
        wait._due.sort(key=lambda entry: entry[0])
        return wait

    async def until(self, ready: Callable[[], bool], summary: str) -> WakeReason:
        """Wait until `ready`, the next reminder or escalation, or the deadline, whichever comes first.

        MOVED says that the deadline is another one now; it is for the caller to show it and wait again.
        """
        deadline = self.deadline
        while True:
            for _ in range(len(self.asked)):
                await self.asked.pop(0)()
            if ready():
                return WakeReason.READY
            now = workflow.now()
            if now >= self.deadline:
                return WakeReason.EXPIRED
            if self._due and now >= self._due[0][0]:
                return self._due.pop(0)[1]
            if self.deadline != deadline:
                return WakeReason.MOVED
            wake = min(deadline, self._due[0][0]) if self._due else deadline
            try:
                await workflow.wait_condition(
                    lambda: ready() or bool(self.asked) or self.deadline != deadline,
                    timeout=wake - now,
                    timeout_summary=summary,
                )
            except TimeoutError:
                continue
