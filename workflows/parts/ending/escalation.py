"""Determines who takes over a request that the desk could not finish."""

from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.snapshot import ProcessState
    from dispatch.models.request.status import Ending
    from dispatch.models.work.playbook import Waiting
    from workflows.parts.activity_dispatcher import StageFailedError
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
    """Return who settles the request and by when: from the reception if no desk has it, else from the desk's playbook."""
    if state.reception is not None:
        return state.reception.routing
    if state.triaged is not None and state.triaged.playbook is None:
        return state.triaged.reception.routing
    return state.playbook.timed(state.playbook.escalation)
