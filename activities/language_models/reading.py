"""What a language model may do of the reading of a request: intake, triage and extraction, by this worker's playbooks."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import JsonValue

from activities.language_models.asking import Thinking
from dispatch.forms import Form
from dispatch.models.request.intake import Intake
from dispatch.models.request.reading import (
    ExtractedByModel,
    ExtractedFields,
    IntakeByModel,
    ReadingBrief,
    SortedByModel,
    SortedItems,
)
from dispatch.models.work.examples import Examples
from dispatch.models.work.playbook import Playbook, PlaybookInForce, PlaybookRef
from dispatch.process.by_model import extraction, intake, triage


class ReadDesks(NamedTuple):
    """The playbooks by desk, and the examples of those that have some."""

    playbooks: Mapping[str, PlaybookInForce]
    examples: Mapping[str, Examples]

    def playbook(self, ref: PlaybookRef) -> Playbook:
        """Return the playbook that a request has in force. Raises ApplicationError: this worker has another one."""
        here = self.playbooks.get(ref.desk)
        if here is None or here.ref.digest != ref.digest:
            raise ValueError(
                f"this worker has not the playbook {ref.version} of {ref.desk} by which it is read"
            )
        return here.playbook


def reading_roles(desks: ReadDesks) -> list[Thinking]:
    """Return the three roles, each under a type of its own on its model's queue."""
    return [
        _thinking("intake", _Intake(), IntakeByModel),
        _thinking("triage", _Triage(desks), SortedByModel),
        _thinking("extraction", _Extraction(desks), ExtractedByModel),
    ]


def _thinking(name: str, thinker: Any, result: Any) -> Thinking:
    return Thinking(
        f"reading.{name}", thinker, ReadingBrief, result, lambda brief: (brief.playbook.desk, name)
    )


class _Intake:
    def form(self, brief: ReadingBrief) -> Form | None:
        return intake.form(brief)

    def filled(self, brief: ReadingBrief, value: JsonValue) -> Intake:
        return intake.filled(brief, value)


class _Triage:
    def __init__(self, desks: ReadDesks) -> None:
        self._desks = desks

    def form(self, brief: ReadingBrief) -> Form | None:
        playbook = self._desks.playbook(brief.playbook)
        return triage.form(brief, playbook, self._desks.examples.get(playbook.desk))

    def filled(self, brief: ReadingBrief, value: JsonValue) -> SortedItems:
        return triage.filled(brief, self._desks.playbook(brief.playbook), value)


class _Extraction:
    def __init__(self, desks: ReadDesks) -> None:
        self._desks = desks

    def form(self, brief: ReadingBrief) -> Form | None:
        return extraction.form(brief, self._desks.playbook(brief.playbook))

    def filled(self, brief: ReadingBrief, value: JsonValue) -> ExtractedFields:
        return extraction.filled(brief, self._desks.playbook(brief.playbook), value)
