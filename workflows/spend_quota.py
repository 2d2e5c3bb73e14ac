"""What the requests of one customer have reserved and spent, kept in one place for all requests, workers and restarts."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from dispatch.guard.spend_quota import close, next_lapse, pruned, reserve
    from dispatch.models.work.spend_quota import (
        CLOSE,
        RESERVE,
        SPEND_QUOTA,
        CloseRequest,
        QuotaState,
        Reserved,
        ReserveRequest,
    )
    from dispatch.text.message_payloads import single
    from workflows.parts.endings import history_full


@workflow.defn(name=SPEND_QUOTA)
class SpendQuota:
    """Puts the paying requests of one customer into one order; the first reservation starts it (update with start).

    The guardian reserves before it rules, so each request is judged with all that reserved before it, paid or not.
    `close` releases what was not paid. It ends when nothing counts any more, and shares the quotas' worker.
    """

    @workflow.init
    def __init__(self, state: QuotaState) -> None:
        self._state = state
        self._used = bool(state.entries)

    @workflow.run
    async def run(self, _state: QuotaState) -> None:
        """Answer while anything is reserved or counts; continue as new where the history grows long."""
        await workflow.wait_condition(lambda: self._used)
        while (lapse := next_lapse(self._state)) is not None:
            await self._changed_or(lapse)
            self._state = pruned(self._state, workflow.now())
            if history_full() and self._state.entries:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._state)
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _changed_or(self, lapse: datetime) -> None:
        """Wait until the next lapse is due or is another one, or the history is long."""
        left = max(lapse - workflow.now(), timedelta())
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: history_full() or next_lapse(self._state) != lapse,
                timeout=left,
                timeout_summary="the next reservation lapses",
            )

    @workflow.update(
        name=RESERVE, description="Reserve a request's claims; returns those that count before them."
    )
    def reserve(self, request: ReserveRequest) -> Reserved:
        answer, self._state = reserve(self._state, request, workflow.now())
        self._used = True
        return answer

    @workflow.signal(name=CLOSE, description="A request has ended: {request_id, paid: [keys]}.")
    def close(self, *raw: Any) -> None:
        try:
            request = CloseRequest.model_validate(single(raw))
        except ValidationError:
            workflow.logger.warning("unreadable close of a reservation")
            return
        self._state = close(self._state, request, workflow.now())

    @workflow.query(description="What is reserved and what was paid within the window.")
    def state(self) -> QuotaState:
        return self._state
