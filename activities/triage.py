"""Stage 2: whose desk, how urgent, and what each item asks; reads nothing but the playbooks it was given."""

from temporalio import activity

from dispatch.models.triage import Triage, TriageBrief
from dispatch.playbooks.loader import Playbooks
from dispatch.rules.triage import triage


class TriageDesk:
    """Holds the playbooks in force; the one that is chosen enters history with the result."""

    def __init__(self, playbooks: Playbooks) -> None:
        self._playbooks = playbooks

    @activity.defn(name="triage")
    async def triage(self, brief: TriageBrief) -> Triage:
        return triage(brief, self._playbooks.by_desk, self._playbooks.reception)
