"""Joins the findings to one draft with its actions and holds it against the process's own invariants.

The rules are in dispatch/process/assembly.py and dispatch/process/invariants.py. What is broken is in the proposal, and so in
history; the review begins with it.
"""

from collections.abc import Mapping

from temporalio import activity

from activities.failures import translated
from dispatch.guard.contract import ActionRules, with_view
from dispatch.models.work.proposal import AssemblyBrief, Proposal
from dispatch.process import assembly
from dispatch.process.invariants import broken_invariants


class Assembler:
    """`actions` are the classes of the actions by name; each action of a proposal says what its class says of it."""

    def __init__(self, actions: Mapping[str, type[ActionRules]]) -> None:
        self._actions = actions

    @activity.defn(name="assemble")
    async def assemble(self, brief: AssemblyBrief) -> Proposal:
        """Return the proposal; fails for good where a specialist is unavailable or two findings contradict."""
        with translated():
            proposal = assembly.assemble(brief)
            actions = tuple(with_view(bound, self._actions) for bound in proposal.actions)
            broken = broken_invariants(proposal, brief.items)
            return proposal.model_copy(update={"actions": actions, "exceptions": broken})
