"""Stage 1: the request, normalised and taken apart into its asks."""

from temporalio import activity

from activities.failures import translated
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.request.intake import Intake, IntakeBrief
from dispatch.process.intake import take_in


class IntakeDesk:
    """Reads within bounds what strangers wrote; the documents are in the store already, the text here stays data."""

    def __init__(self, texts: TextProcesses) -> None:
        self._texts = texts

    @activity.defn(name="intake")
    async def intake(self, brief: IntakeBrief) -> Intake:
        """Take the request apart. A text that cannot be read within the bounds fails with `UnreadableTextError`."""
        size = len(brief.submission.body)
        with translated():
            return await self._texts.read(size, take_in, brief.submission, brief.handoff)
