"""Compensation after an action that could not be carried out."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.status import Ending, RequestState
    from workflows.parts.acting.effects import EffectFailedError, Effects
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.status_publisher import StatusPublisher


async def compensate(failed: EffectFailedError, effects: Effects, status: StatusPublisher) -> EndedEarlyError:
    """Undo the actions before the failed one, and return how the request ends.

    Nothing is undone if the action itself may have had an effect: a person must find out first.
    """
    if not failed.certain:
        return EndedEarlyError(Ending.UNKNOWN, f"whether it took effect is unknown: {failed}")
    undone = bool(effects.applied)
    status.at(RequestState.COMPENSATE)
    left = await effects.undo_all(f"undone, because {failed}")
    if left or not undone:
        return EndedEarlyError(Ending.ESCALATED, "; ".join([str(failed), *left]))
    return EndedEarlyError(Ending.COMPENSATED, f"{failed}; what was done before it is undone")
