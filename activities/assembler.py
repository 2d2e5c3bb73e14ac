"""Joins the findings to one draft with its actions and holds it against the process's own invariants.

The rules are in dispatch/process/assembly.py and dispatch/process/invariants.py. What is broken is in the proposal, and so in
history; the review begins with it.
"""

from temporalio import activity

from activities.failures import translated
from dispatch.models.work.proposal import AssemblyBrief, Proposal
from dispatch.process import assembly
from dispatch.process.invariants import broken_invariants


@activity.defn(name="assemble")
async def assemble(brief: AssemblyBrief) -> Proposal:
    """Return the proposal; fails for good where a specialist is unavailable or two findings contradict each other."""
    with translated():
        proposal = assembly.assemble(brief)
        return proposal.model_copy(update={"exceptions": broken_invariants(proposal, brief.items)})
