"""The guardian's question to a model; the rules are in dispatch/guard/opinion.py."""

from pydantic import JsonValue

from dispatch.forms import Form
from dispatch.guard import opinion
from dispatch.models.work.guardian import Opinion, OpinionBrief


class GuardianOpinion:
    """Asks in which tier a model would put an action; what comes of it is the workflow's to say."""

    def form(self, brief: OpinionBrief) -> Form:
        return opinion.form(brief)

    def filled(self, brief: OpinionBrief, value: JsonValue) -> Opinion:
        return opinion.filled(brief, value)
