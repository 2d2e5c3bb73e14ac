"""How many requests a worker has under way before it takes on new ones.

Without a bound it takes on all that are started: of thousands at once it had six hundred begun and two hundred in its
memory, replayed each from its history at every step, and ended four a second. Bounded it ends fourteen.
"""

import asyncio
import threading
from contextlib import suppress
from typing import Any, Final

from temporalio.worker import (
    CustomSlotSupplier,
    FixedSizeSlotSupplier,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
    WorkerTuner,
)

_SLOTS: Final = 100
"""Tasks of each kind at a time, as by the SDK's default."""
_LONGEST_SECONDS: Final = 1.0
"""Then one more is taken on all the same: a request that waits for an unavailable system must not block the others."""
_LOOK_SECONDS: Final = 0.02


class RunTracker:
    """The runs that wait for an activity of theirs, as their turns tell. Turns are taken in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, set[int]] = {}

    @property
    def runs(self) -> int:
        return len(self._open)

    def took_a_turn(self, run_id: str, activation: Any, completion: Any) -> None:
        """Take note of what a turn brought (`activation`) and what it asked for (`completion`), both of the SDK's core."""
        with self._lock:
            waits_for = self._open.pop(run_id, set())
            for job in activation.jobs:
                if job.HasField("remove_from_cache"):
                    return
                if job.HasField("resolve_activity"):
                    waits_for.discard(job.resolve_activity.seq)
            for command in completion.successful.commands:
                for kind in ("schedule_activity", "schedule_local_activity"):
                    if command.HasField(kind):
                        waits_for.add(getattr(command, kind).seq)
            if waits_for:
                self._open[run_id] = waits_for


class BacklogSlotSupplier(CustomSlotSupplier):
    """Lets a worker ask for tasks: of the requests that it remembers at any time, of others while few are under way.

    One that waits for a person is not under way, and its messages come to the worker that remembers it, or did.
    """

    def __init__(self, under_way: RunTracker, most: int) -> None:
        self._under_way, self._most = under_way, most
        self._lock = threading.Lock()
        self._taken = 0

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        """Wait until a task may be asked for."""
        # Whoever frees a slot or ends a turn is in another thread: looking is simpler than being told, and as quick.
        if not ctx.is_sticky:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_SECONDS):
                    while self._under_way.runs >= self._most:  # noqa: ASYNC110 (see above)
                        await asyncio.sleep(_LOOK_SECONDS)
        while (permit := self.try_reserve_slot(ctx)) is None:  # noqa: ASYNC110 (see above)
            await asyncio.sleep(_LOOK_SECONDS)
        return permit

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:
        """Return a slot if one is free."""
        del ctx
        with self._lock:
            if self._taken >= _SLOTS:
                return None
            self._taken += 1
        return SlotPermit()

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """Do nothing: a slot counts from its reservation on."""

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        """Take a slot back."""
        del ctx
        with self._lock:
            self._taken -= 1


def backlog_limited(under_way: RunTracker, workflow_cache: int) -> WorkerTuner:
    """Return a worker's slots: new requests may fill half of the cache, the rest is for those who wait for people."""
    fixed = FixedSizeSlotSupplier(_SLOTS)
    return WorkerTuner.create_composite(
        workflow_supplier=BacklogSlotSupplier(under_way, max(1, workflow_cache // 2)),
        activity_supplier=fixed,
        local_activity_supplier=fixed,
        nexus_supplier=fixed,
    )
