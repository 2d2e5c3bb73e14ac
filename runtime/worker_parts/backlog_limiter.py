"""Limits how many requests a worker runs at a time.

Without a limit it accepts every started request: of thousands at once it had begun six hundred, with two hundred in its
cache, replayed each from its history at every step, and completed four a second. With the limit it completes fourteen.
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
"""After this time one more is accepted: a request that waits for an unavailable system must not block the others."""
_LOOK_SECONDS: Final = 0.02


class RunTracker:
    """The runs that wait for an activity, counted from their workflow tasks, which run in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, set[int]] = {}

    @property
    def runs(self) -> int:
        return len(self._open)

    def took_a_turn(self, run_id: str, activation: Any, completion: Any) -> None:
        """Record what a task brought (`activation`) and what it asked for (`completion`), both of the SDK's core."""
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
    """Lets a worker ask for tasks: at any time for cached requests, for others only while few are running.

    A request that waits for a person does not count; its messages go to the worker that caches it, or did.
    """

    def __init__(self, under_way: RunTracker, most: int) -> None:
        self._under_way, self._most = under_way, most
        self._lock = threading.Lock()
        self._taken = 0

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        """Wait until a task may be asked for."""
        # Slots and tasks end in other threads: polling is simpler than a notification, and as fast.
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
        """Release a slot."""
        del ctx
        with self._lock:
            self._taken -= 1


def backlog_limited(under_way: RunTracker, workflow_cache: int) -> WorkerTuner:
    """Return a worker's slots: new requests may fill half of the cache, the rest is for requests that wait for people."""
    fixed = FixedSizeSlotSupplier(_SLOTS)
    return WorkerTuner.create_composite(
        workflow_supplier=BacklogSlotSupplier(under_way, max(1, workflow_cache // 2)),
        activity_supplier=fixed,
        local_activity_supplier=fixed,
        nexus_supplier=fixed,
    )
