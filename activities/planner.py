"""Stage 4: determines the desk's next step from its playbook."""

from temporalio import activity

from dispatch.models.work.plan import Plan, PlanBrief
from dispatch.process.planning import plan as next_move


@activity.defn(name="plan")
async def plan(brief: PlanBrief) -> Plan:
    """Return the next move; it can name nothing that the playbook does not list."""
    return next_move(brief)
