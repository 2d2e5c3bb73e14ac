"""Stage 1: normalises the request and splits it into its items."""

from temporalio import activity

from activities.failures import translated
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.request.intake import Intake, IntakeBrief
from dispatch.process.intake import take_in


class IntakeDesk:
    """Reads strangers' texts within bounds; the documents are already in the store, and the text is only data."""

    def __init__(self, texts: TextProcesses) -> None:
        self._texts = texts

    @activity.defn(name="intake")
    async def intake(self, brief: IntakeBrief) -> Intake:
        """Split the request into items. A text that cannot be read within the bounds fails with `UnreadableTextError`."""
        size = len(brief.submission.body)
        with translated():
            return await self._texts.read(size, take_in, brief.submission, brief.handoff)
