"""Reservations and payments of one customer's requests, kept across requests, workers and restarts."""

from datetime import datetime
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
    from workflows.parts.quota import answer_while_counting


@workflow.defn(name=SPEND_QUOTA)
class SpendQuota:
    """Serialises the paying requests of one customer (workflows/parts/quota.py).

    The guardian reserves before it decides, so each request is judged with all earlier reservations, paid or not.
    `close` releases the unpaid ones. It shares the quotas' worker.
    """

    @workflow.init
    def __init__(self, state: QuotaState) -> None:
        self._state = state

    @workflow.run
    async def run(self, _state: QuotaState) -> None:
        """Run while a reservation or payment counts."""
        await answer_while_counting(self, "the next reservation lapses")

    def lapses_at(self) -> datetime | None:
        """Return when the next reservation expires."""
        return next_lapse(self._state)

    def forget(self, now: datetime) -> None:
        """Drop expired reservations."""
        self._state = pruned(self._state, now)

    def next_input(self) -> QuotaState:
        """Return the reservations and payments that count."""
        return self._state

    @workflow.update(
        name=RESERVE, description="Reserve a request's claims; returns those that count before them."
    )
    def reserve(self, request: ReserveRequest) -> Reserved:
        answer, self._state = reserve(self._state, request, workflow.now())
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
