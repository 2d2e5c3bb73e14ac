"""Joins the findings to one draft with its actions; the rules are in dispatch/rules/assembly.py."""

from temporalio import activity

from activities.failures import translated
from dispatch.models.proposal import AssemblyBrief, Proposal
from dispatch.rules import assembly


@activity.defn(name="assemble")
async def assemble(brief: AssemblyBrief) -> Proposal:
    """Give the proposal; fails for good where a specialist is unavailable or two findings contradict each other."""
    with translated():
        return assembly.assemble(brief)
