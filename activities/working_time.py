"""Counts the moments of a wait in working time, once, when it opens, because a later worker may have other zones."""

from temporalio import activity

from activities.failures import translated
from dispatch.approval.working_time import working_times
from dispatch.models.work.calendar import WorkingTimeBrief, WorkingTimes
from dispatch.playbooks.time_zones import zone_named


@activity.defn(name="count_working_time")
async def count_working_time(brief: WorkingTimeBrief) -> WorkingTimes:
    """Return when the wait reminds, escalates and ends."""
    with translated():
        return working_times(brief, zone_named(brief.calendar.timezone))
