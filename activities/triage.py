"""Stage 2: whose desk, how urgent, and what each item asks; reads nothing but the playbooks it was given."""

from temporalio import activity

from activities.failures import translated
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.work.playbook import Reception
from dispatch.playbooks.loader import Playbooks
from dispatch.process.routing import triage


class TriageDesk:
    """Routes a request with the loaded playbooks; the chosen one enters history with the result."""

    def __init__(self, playbooks: Playbooks, texts: TextProcesses) -> None:
        self._playbooks, self._texts = playbooks, texts

    @activity.defn(name="triage")
    async def triage(self, brief: TriageBrief) -> Triage:
        """Route and rank. A text that cannot be read within the bounds fails with `UnreadableTextError`."""
        size = len(brief.intake.body) + sum(len(value) for value in brief.submission.fields.values())
        with translated():
            return await self._texts.read(
                size, triage, brief, self._playbooks.by_desk, self._playbooks.reception
            )

    @activity.defn(name="reception")
    async def reception(self) -> Reception:
        """Name who takes what the desk cannot read; reads nothing of the request."""
        return self._playbooks.reception
