"""Example sentences of a desk's intents, from which its classifier learns."""

from typing import ClassVar, Final

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.request.item import OTHER

NONE: Final = "none"
"""Texts that ask for nothing, or for nothing of this desk's business."""


class Examples(Contract):
    """The sentences of `examples.yaml`; `other` asks this trade for something that no intent of the desk covers."""

    schema_id: ClassVar[str] = "dispatch.examples/1"

    intents: dict[str, tuple[str, ...]] = Field(min_length=1, description="by the playbook's intents")
    other: tuple[str, ...] = Field(min_length=1)
    none: tuple[str, ...] = Field(min_length=1)

    def labelled(self) -> tuple[tuple[str, str], ...]:
        """Return every sentence with its label: an intent, `other` or `none`."""
        by_label = {**self.intents, OTHER: self.other, NONE: self.none}
        return tuple((text, label) for label, texts in by_label.items() for text in texts)
