"""Puts a record into history where no outcome will carry it."""

from temporalio import activity

from dispatch.models.trail import PersistedTrail, PersistTrailInput


@activity.defn(name="write_trail")
async def write_trail(brief: PersistTrailInput) -> PersistedTrail:
    """Return what it was given: a local activity's result is in history."""
    return PersistedTrail(handoff=brief.handoff, trail=brief.trail)
