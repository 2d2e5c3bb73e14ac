"""One ask of a request, from intake to its end."""

from enum import StrEnum

from pydantic import Field

from dispatch.models.contract import Contract

OTHER = "other"


class Item(Contract):
    """One thing that the requester asks for; none may be left over."""

    item_id: str = Field(pattern=r"^item-\d+$")
    text: str = Field(min_length=1)
    kind: str = Field(default=OTHER, description="one of the playbook's asks, or 'other' where none fits")
    fields: dict[str, str] = Field(
        default_factory=dict, description="what this item states itself, by field name"
    )


class Disposition(StrEnum):
    ANSWERED = "answered"
    ACTED = "acted"
    REFUSED = "refused"
    OPEN = "open"


class ItemOutcome(Contract):
    """How one item ended."""

    item_id: str
    text: str
    disposition: Disposition
    how: str
