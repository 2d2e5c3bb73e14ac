"""What a language model may do of the reading of a request: its items, what each asks, and the fields of each."""

from typing import ClassVar

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.handoff import StageInput
from dispatch.models.request.intake import Intake
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Submission
from dispatch.models.work.model_use import ByModel
from dispatch.models.work.playbook import PlaybookRef


class ReadingBrief(StageInput):
    """One request whose desk is known, as the rules have read it."""

    noun: ClassVar[str] = "the request, to be read"

    playbook: PlaybookRef = Field(description="the model's worker reads by this one, or not at all")
    submission: Submission
    intake: Intake
    items: tuple[Item, ...] = Field(min_length=1, description="as the rules have sorted them")


class SortedItems(Contract):
    """What each item asks, by the model and the rules together."""

    items: tuple[Item, ...] = Field(min_length=1)
    why: str = ""


class ExtractedFields(Contract):
    """Values that the requester's own words tell and the rules did not find."""

    by_item: dict[str, dict[str, str]] = Field(default_factory=dict, description="item -> field -> value")
    why: str = ""


IntakeByModel = ByModel[Intake]
SortedByModel = ByModel[SortedItems]
ExtractedByModel = ByModel[ExtractedFields]
