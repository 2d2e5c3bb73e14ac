"""Puts a record into history where no outcome will carry it."""

from temporalio import activity

from dispatch.models.trail import KeptRecord, RecordBrief


@activity.defn(name="keep_record")
async def keep_record(brief: RecordBrief) -> KeptRecord:
    """Return what it was given: a local activity's result is in history."""
    return KeptRecord(handoff=brief.handoff, trail=brief.trail)
