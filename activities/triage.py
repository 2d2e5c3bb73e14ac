"""Stage 2: determines desk, rank and intents; it reads only the loaded playbooks and examples."""

from temporalio import activity

from activities.failures import translated
from dispatch.classification.classifiers import Classifiers
from dispatch.classification.triage import read_and_triage
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.work.playbook import Reception
from dispatch.playbooks.loader import Playbooks


class TriageDesk:
    """Routes a request with the loaded playbooks; the chosen one enters history with the result."""

    def __init__(self, playbooks: Playbooks, texts: TextProcesses, classifiers: Classifiers) -> None:
        self._playbooks, self._texts, self._classifiers = playbooks, texts, classifiers

    @activity.defn(name="triage")
    async def triage(self, brief: TriageBrief) -> Triage:
        """Route and rank. A text that cannot be read within the bounds fails with `UnreadableTextError`."""
        with translated():
            return await read_and_triage(brief, self._playbooks, self._texts, self._classifiers)

    @activity.defn(name="reception")
    async def reception(self) -> Reception:
        """Return who takes requests that the desk cannot read; it reads nothing of the request."""
        return self._playbooks.reception
