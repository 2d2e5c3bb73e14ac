"""Who takes a request that the desk could not finish, and what a failed process leaves to them."""

from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import ProcessState, RequestSnapshot, ResumePoint
    from dispatch.models.request.status import Ending
    from dispatch.models.work.playbook import Waiting
    from workflows.parts.activity_dispatcher import StageFailedError
    from workflows.parts.endings import required
    from workflows.parts.request_parts import RequestParts
    from workflows.parts.stages import Stages

TO_A_PERSON: Final = frozenset({Ending.ESCALATED, Ending.BLOCKED, Ending.UNKNOWN, Ending.COMPENSATED})
"""Endings that stay open until a person says that the request is settled."""


async def find_reception(state: ProcessState, stages: Stages) -> None:
    """Set who takes a request that has no desk. Raises ApplicationError, which fails the workflow, if nobody is known."""
    if state.reception is not None or (state.triaged is not None and not state.failed):
        return
    if state.triaged is not None:
        state.reception = state.triaged.reception
        return
    try:
        state.reception = await stages.reception()
    except StageFailedError as failed:
        why = f"nobody is known who could take it: {failed}"
        raise ApplicationError(why, type="NotTakenIn", non_retryable=True) from failed


def escalation_of(state: ProcessState) -> Waiting:
    """Return who settles the request and by when: the reception where no desk has it, else the desk's playbook."""
    if state.reception is not None:
        return state.reception.routing
    triaged = required(state.triaged, "no playbook is in force")
    return triaged.playbook.playbook.escalation if triaged.playbook else triaged.reception.routing


def failed_snapshot(state: ProcessState, parts: RequestParts, error: Exception) -> RequestSnapshot:
    """Return the snapshot for a history in which nothing but the wait for a person is left."""
    state.failed = True
    state.ending = Ending.UNKNOWN if state.acting else Ending.ESCALATED
    stage, kind = parts.status.status.state, type(error).__name__
    state.why = f"the desk's own process failed again and again at {stage} ({kind})"
    return parts.snapshot(state).model_copy(update={"at": ResumePoint.SETTLEMENT})
