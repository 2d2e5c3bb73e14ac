"""Checks what people decide; the seam where signatures will be verified, for that needs keys and so no pure rule."""

from temporalio import activity

from activities.failures import translated
from dispatch.models.decision import DecisionCheck, DecisionRuling
from dispatch.rules.approval import check_decision


@activity.defn(name="verify_decision")
async def verify_decision(check: DecisionCheck) -> DecisionRuling:
    """Accept a raw decision or refuse it with the reason; a refusal is a result and never an error."""
    with translated():
        return check_decision(check)
