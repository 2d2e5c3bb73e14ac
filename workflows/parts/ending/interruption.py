"""Handles an interruption of the process: a new history, compensation, or a person instead of the process."""

import asyncio
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import RequestSnapshot, ResumePoint
    from dispatch.models.request.status import Ending
    from workflows.parts.ending.closing import cancel
    from workflows.parts.ending.task_failures import TASK_FAILURES
    from workflows.parts.endings import HistoryFullError
    from workflows.parts.request_parts import RequestParts


async def handle_interruption(parts: RequestParts, interruption: asyncio.CancelledError | Exception) -> None:
    """Continue in a new history if this one is full or the process itself fails; undo if cancelled.

    Returns if the interruption must be raised again.
    """
    if isinstance(interruption, HistoryFullError):
        parts.state.items = interruption.items or parts.state.items
        await parts.approvals.finish()
        await workflow.wait_condition(workflow.all_handlers_finished)
        _continue_with(parts, parts.snapshot())
    elif isinstance(interruption, asyncio.CancelledError):
        await cancel(parts)
    # Only a person's part is left in the new history; if that fails too, Temporal keeps retrying.
    elif (
        not isinstance(interruption, FailureError)
        and not parts.state.failed
        and TASK_FAILURES.is_last_try(workflow.info().run_id)
    ):
        _continue_with(parts, _failed_snapshot(parts, interruption))


def _failed_snapshot(parts: RequestParts, error: Exception) -> RequestSnapshot:
    """Return the snapshot for a history that only waits for a person."""
    state, stage = parts.state, parts.status.status.state
    state.failed = True
    state.ending = Ending.UNKNOWN if state.acting else Ending.ESCALATED
    state.why = f"the desk's own process failed again and again at {stage} ({type(error).__name__})"
    return parts.snapshot().model_copy(update={"at": ResumePoint.SETTLEMENT})


def _continue_with(parts: RequestParts, snapshot: RequestSnapshot) -> NoReturn:
    workflow.continue_as_new(args=[parts.submission, snapshot], memo=workflow.memo())
