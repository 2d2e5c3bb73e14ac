"""The base of quota workflows: a quota answers as long as a reservation counts, and then ends by itself."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.contract import Contract
    from workflows.parts.endings import history_full


class Quota(Protocol):
    """A workflow that keeps reservations; the first ask starts it (update with start).

    Asks are processed one after the other, so that two simultaneous ones cannot both take the rest.
    """

    def lapses_at(self) -> datetime | None:
        """Return when the next reservation expires; None if nothing counts."""

    def forget(self, now: datetime) -> None:
        """Drop expired reservations."""

    def next_input(self) -> Contract:
        """Return the input of a new history."""


async def answer_while_counting(quota: Quota, lapse_summary: str) -> None:
    """Return once nothing counts any more; continue as new if the history grows long."""
    await workflow.wait_condition(lambda: quota.lapses_at() is not None)
    while (lapse := quota.lapses_at()) is not None:
        await _lapsed_or_sooner(quota, lapse, lapse_summary)
        quota.forget(workflow.now())
        if history_full() and quota.lapses_at() is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(quota.next_input())
    await workflow.wait_condition(workflow.all_handlers_finished)


async def _lapsed_or_sooner(quota: Quota, lapse: datetime, summary: str) -> None:
    """Wait for the expiry; return earlier if another one expires before it, nothing counts, or the history is long."""

    def changed() -> bool:
        due = quota.lapses_at()
        return history_full() or due is None or due < lapse

    left = max(lapse - workflow.now(), timedelta())
    with suppress(TimeoutError):
        await workflow.wait_condition(changed, timeout=left, timeout_summary=summary)
