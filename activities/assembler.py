"""Joins the findings to one draft with its actions, and writes messages to the requester, by the desk's composers.

The rules are in dispatch/process/assembly.py and dispatch/process/invariants.py. Broken invariants are in the proposal, and
so in history; the review begins with them.
"""

from collections.abc import Mapping

from temporalio import activity

from activities.contracts import Composer
from activities.failures import translated
from dispatch.guard.contract import ActionRules, with_view
from dispatch.models.errors import CatalogueError
from dispatch.models.request.family import FamilyBrief
from dispatch.models.work.composition import Message, MessageBrief
from dispatch.models.work.proposal import AssemblyBrief, Proposal
from dispatch.process import assembly
from dispatch.process.family.telling import write_answer
from dispatch.process.guidance_kept import broken_guidance
from dispatch.process.invariants import broken_invariants


class Assembler:
    """Takes composers and action classes by the names that a playbook uses (`Catalogue`).

    Each action of a proposal carries the metadata of its class.
    """

    def __init__(self, composers: Mapping[str, Composer], actions: Mapping[str, type[ActionRules]]) -> None:
        self._composers, self._actions = composers, actions

    @activity.defn(name="assemble")
    async def assemble(self, brief: AssemblyBrief) -> Proposal:
        """Return the proposal; raises a final error if a specialist is unavailable or two findings contradict each other."""
        with translated():
            deliver = brief.playbook.playbook.deliver
            composer = self._composer(deliver.compose) if deliver is not None else None
            proposal = assembly.assemble(brief, composer.compose if composer is not None else None)
            actions = tuple(with_view(bound, self._actions) for bound in proposal.actions)
            rejected = [one.effect for one in brief.declined]
            broken = broken_invariants(proposal, brief.items, brief.guidance, rejected)
            said = broken_guidance(proposal, brief)
            return proposal.model_copy(update={"actions": actions, "exceptions": (*broken, *said)})

    @activity.defn(name="write_message")
    async def write_message(self, brief: MessageBrief) -> Message:
        """Return the action that asks, reminds or notifies the requester, as the playbook's contact defines."""
        with translated():
            named = brief.playbook.playbook.contact_composer
            composer = self._composer(named[0] if named is not None else "")
            return assembly.write_message(brief, composer.compose)

    @activity.defn(name="answer_for_parts")
    async def answer_for_parts(self, brief: FamilyBrief) -> Proposal:
        """Return the one message on the parts of a request, as the contact's composer of the desk that answers writes it."""
        with translated():
            named = brief.playbook.playbook.contact_composer
            proposal = write_answer(brief, self._composer(named[0] if named is not None else "").compose)
            actions = tuple(with_view(bound, self._actions) for bound in proposal.actions)
            return proposal.model_copy(update={"actions": actions})

    def _composer(self, name: str) -> Composer:
        composer = self._composers.get(name)
        if composer is None:
            raise CatalogueError(
                f"there is no composer {name!r}; correct the playbook, or add composers/{name}.py"
            )
        return composer
