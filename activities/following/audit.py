"""Exports closed requests within seconds of their end; the sweep finds those that it misses."""

import asyncio
import time
from datetime import timedelta
from typing import Final

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.audit_export import BATCH, AuditExport
from activities.failures import translated
from activities.following.turns import OVERLAP, TURN, follow_for_a_turn, resumed
from dispatch.audit.store_models import Followed
from dispatch.models.errors import AuditStoreError, UnavailableError

log = structlog.get_logger("audit")

_SWITCHED_OFF: Final = timedelta(minutes=1)


class AuditFollower:
    """Lists every few seconds the requests that closed since the last look, and exports those that the store lacks."""

    def __init__(
        self,
        audit: AuditExport,
        every: timedelta,
        turn: timedelta = TURN,
        stopping: asyncio.Event | None = None,
    ) -> None:
        """`every` is the pause between two looks; zero if this worker must not follow at all.

        `stopping` is set when the process is told to end.
        """
        self._audit, self._every, self._turn = audit, every, turn
        self._stopping = stopping or asyncio.Event()

    @activity.defn(name="audit.follow")
    async def follow(self, begin: Followed) -> Followed:
        """Follow for a turn, or until this worker stops, and return the checkpoint.

        Continues from the heartbeat of a killed attempt. Raises ApplicationError, which is retried: Unavailable if the
        store cannot be written, Unexpected if Temporal cannot be read.
        """
        if not self._every:
            raise ApplicationError(
                "the follower is switched off on this worker and not on another; set "
                "DISPATCH_AUDIT_FOLLOW_SECONDS to the same on all workers of the desk",
                type="SwitchedOff",
                next_retry_delay=_SWITCHED_OFF,
            )
        with translated():
            following = _Following(self._audit, resumed(begin))
            try:
                await follow_for_a_turn(
                    following.look, lambda: following.so_far, self._every, self._turn, self._stopping
                )
            except AuditStoreError as error:
                # Retried, as for an unavailable system: a person repairs the store, and the desk works meanwhile.
                raise UnavailableError(str(error)) from error
            return following.so_far


class _Following:
    """One attempt: its checkpoint, and the requests that it need not check again."""

    def __init__(self, audit: AuditExport, begin: Followed) -> None:
        self.so_far = begin
        self._audit = audit
        self._settled: set[str] = set()
        self._logged: set[str] = set()
        # By Temporal's clock, not this machine's.
        self._started_at, self._started = activity.info().started_time, time.monotonic()

    async def look(self) -> None:
        """Export the requests that closed since the last look; without any it costs one query."""
        begun_at = self._started_at + timedelta(seconds=time.monotonic() - self._started)
        closed = await self._audit.closed_since(self.so_far.until - OVERLAP)
        self._settled &= closed.keys()
        new = {run: request for run, request in closed.items() if run not in self._settled}
        due = await self._audit.lacking(new) if new else {}
        self._settled |= new.keys() - due.keys()
        ids = list(dict.fromkeys(due.values()))
        for first in range(0, len(ids), BATCH):
            batch = ids[first : first + BATCH]
            done = await self._audit.export(batch)
            self._note_failures(done.failed)
            # A failed request is retried until the overlap has passed; then the sweep exports it.
            self._settled |= {run for run, one in due.items() if one in batch and one not in done.failed}
            self.so_far = self.so_far.model_copy(
                update={"exported": self.so_far.exported + len(done.exported)}
            )
        self.so_far = self.so_far.model_copy(update={"until": max(begun_at, self.so_far.until)})

    def _note_failures(self, failed: dict[str, str]) -> None:
        for request_id, why in failed.items():
            if request_id not in self._logged:
                log.warning("a closed request cannot be exported", request_id=request_id, reason=why)
        self._logged |= failed.keys()
