"""One desk's part of a request for several desks, as the part itself knows it."""

from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.request.item import Item

PART_KIND: Final = "part"
"""The middle of a part's id: '<desk>-part-<digits of the whole request's id>'."""


class EarlierPart(Contract):
    """A part that had to end before this one began."""

    request_id: str
    desk: str
    ending: str = Field(description="an Ending, or 'failed' where it ended without one")
    paragraphs: tuple[str, ...] = Field(default=(), description="what the requester is told of it")


class Part(Contract):
    """What makes a submission one desk's part of a request; a part is never divided again."""

    parent: str = Field(min_length=1, max_length=200, description="the id of the whole request")
    items: tuple[Item, ...] = Field(min_length=1, description="the desk's items, by their ids in the whole")
    earlier: tuple[EarlierPart, ...] = Field(
        default=(), max_length=50, description="what ended before, where the playbook says `after`"
    )
    held: str = Field(
        default="",
        max_length=2_000,
        description="why a person takes it at once: a part that it needs was not done; empty: the desk works on it",
    )
