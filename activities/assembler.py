"""Joins the findings to one draft with its actions and holds it against the process's own invariants.

The rules are in dispatch/rules/assembly.py and dispatch/rules/invariants.py. What is broken is in the proposal, and so in
history; the review begins with it.
"""

from temporalio import activity

from activities.failures import translated
from dispatch.models.proposal import AssemblyBrief, Proposal
from dispatch.rules import assembly
from dispatch.rules.invariants import broken_invariants


@activity.defn(name="assemble")
async def assemble(brief: AssemblyBrief) -> Proposal:
    """Give the proposal; fails for good where a specialist is unavailable or two findings contradict each other."""
    with translated():
        proposal = assembly.assemble(brief)
        return proposal.model_copy(update={"exceptions": broken_invariants(proposal, brief.items)})
