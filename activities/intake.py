"""Stage 1: the request, normalised and taken apart into its asks."""

from temporalio import activity

from dispatch.models.triage import Intake, IntakeBrief
from dispatch.rules.intake import take_in


@activity.defn(name="intake")
async def intake(brief: IntakeBrief) -> Intake:
    """Take the request apart; its documents are in the store already, the text here stays data."""
    return take_in(brief.submission, brief.handoff)
