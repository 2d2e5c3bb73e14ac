"""Waiting with reminders, escalation and a deadline that can move."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.working_time import count_working_time
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.request.snapshot import WaitSnapshot
    from dispatch.models.work.calendar import WaitLengths, WorkingTimeBrief, WorkingTimes
    from dispatch.models.work.playbook import Timing
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError


class WakeReason(Enum):
    """Why a wait returned."""

    READY = auto()
    REMIND = auto()
    ESCALATE = auto()
    EXPIRED = auto()
    MOVED = auto()


class DeadlineWait:
    """One wait, from its opening to its deadline.

    A ready result counts before a deadline that expires at the same time: a message that is in history before the
    deadline's timer is not lost if no worker was running.
    """

    def __init__(self, times: WaitSnapshot) -> None:
        self.opened_at, self.deadline = times.opened_at, times.deadline
        self.asked: list[Callable[[], Awaitable[None]]] = []
        """Pending checks of extensions. The wait runs them itself, before it expires and while it has no timer: a local
        activity that runs beside a timer may complete before it in a replay, but after it in the original run."""
        self._due = [(at, WakeReason.REMIND) for at in times.reminders]
        self._due += [(at, WakeReason.ESCALATE) for at in times.escalations]
        self._due.sort(key=lambda entry: entry[0])

    def snapshot(self) -> WaitSnapshot:
        """Return the rest of the wait, for a new history."""
        due = {kind: tuple(at for at, reason in self._due if reason is kind) for _, kind in self._due}
        return WaitSnapshot(
            opened_at=self.opened_at,
            deadline=self.deadline,
            reminders=due.get(WakeReason.REMIND, ()),
            escalations=due.get(WakeReason.ESCALATE, ()),
        )

    async def until(self, ready: Callable[[], bool], summary: str) -> WakeReason:
        """Wait for the first of: `ready`, the next reminder or escalation, the deadline.

        MOVED means that the deadline has changed; the caller must publish it and wait again.
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


async def open_wait(
    timing: Timing,
    dispatcher: ActivityDispatcher,
    escalate_after: timedelta | None = None,
    escalations: int = 0,
) -> DeadlineWait:
    """Open a wait now; with a calendar it counts working time.

    Working time is counted once, and history keeps the moments: a worker with newer time zones replays the same
    wait. If it cannot be counted, all time counts, so that the wait opens in any case.
    """
    opened_at = workflow.now()
    if timing.calendar is not None:
        brief = WorkingTimeBrief(
            handoff=PENDING_HANDOFF,
            opened_at=opened_at,
            lengths=WaitLengths(
                deadline=timing.deadline,
                reminders=timing.reminders,
                escalate_after=escalate_after,
                escalations=escalations,
            ),
            calendar=timing.calendar,
        )
        try:
            times = await dispatcher.call_local(
                count_working_time,
                brief,
                WorkingTimes,
                receiver="calendar",
                why="count the wait in working time",
                decided_by="playbook",
            )
        except StageFailedError as failed:
            workflow.logger.warning("working time was not counted: %s", failed)
        else:
            return DeadlineWait(
                WaitSnapshot(
                    opened_at=opened_at,
                    deadline=times.deadline,
                    reminders=times.reminders,
                    escalations=times.escalations,
                )
            )
    return DeadlineWait(_in_all_time(timing, opened_at, escalate_after, escalations))


def _in_all_time(
    timing: Timing, opened_at: datetime, escalate_after: timedelta | None, escalations: int
) -> WaitSnapshot:
    return WaitSnapshot(
        opened_at=opened_at,
        deadline=opened_at + timing.deadline,
        reminders=tuple(opened_at + after for after in timing.reminders),
        escalations=tuple(opened_at + escalate_after * n for n in range(1, escalations + 1))
        if escalate_after is not None
        else (),
    )
