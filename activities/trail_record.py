"""Writes a record into history if no outcome will contain it."""

from temporalio import activity

from dispatch.models.trail import PersistedTrail, PersistTrailInput


@activity.defn(name="write_trail")
async def write_trail(brief: PersistTrailInput) -> PersistedTrail:
    """Return its input, because a local activity's result is in history."""
    return PersistedTrail(handoff=brief.handoff, trail=brief.trail)
