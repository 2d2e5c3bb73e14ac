"""Keeps the refusals of a cancelled request: it has no outcome, and nothing else in history has their reasons."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.trail_record import write_trail
    from dispatch.models.handoff import PENDING_HANDOFF
    from dispatch.models.trail import EntryKind, PersistedTrail, PersistTrailInput
    from workflows.parts.activity_dispatcher import ActivityDispatcher, StageFailedError
    from workflows.parts.trail_recorder import TrailRecorder


async def persist_trail(recorder: TrailRecorder, dispatcher: ActivityDispatcher) -> None:
    """Write the trail's refusals into history if a message was refused; otherwise do nothing.

    Handoffs are left out: each is in its own event, or was cancelled before it became one.
    """
    if not recorder.refusals:
        return
    try:
        await dispatcher.call_local(
            write_trail,
            PersistTrailInput(
                handoff=PENDING_HANDOFF,
                trail=tuple(entry for entry in recorder.entries if entry.kind is not EntryKind.HANDOFF),
            ),
            PersistedTrail,
            receiver="record",
            why="cancelled: there will be no outcome that says which messages were refused",
        )
    except StageFailedError as failed:
        # The messages are in history anyway, and no cancellation depends on their reasons.
        workflow.logger.warning("the refusals are not kept", extra={"reason": str(failed)})
