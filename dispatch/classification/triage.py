"""Triage with all that reads a request's texts: each within its bounds, and in a process of its own."""

from dispatch.classification.classifiers import Classifiers
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.playbooks.loader import Playbooks
from dispatch.process.routing import triage
from dispatch.process.sorting import texts_of


async def read_and_triage(
    brief: TriageBrief, playbooks: Playbooks, texts: TextProcesses, classifiers: Classifiers
) -> Triage:
    """Return where a request goes. Raises UnreadableTextError for a text that cannot be read within the bounds."""
    size = len(brief.intake.body) + sum(len(value) for value in brief.submission.fields.values())
    named = brief.desk or brief.submission.desk
    asked = [] if brief.intake.unread else [named] if named else list(playbooks.by_desk)
    to_read = await texts.read(size, texts_of, brief)
    understanding = await classifiers.understand(asked, to_read.all(), to_read.whole)
    return await texts.read(size, triage, brief, playbooks.by_desk, playbooks.reception, understanding)
