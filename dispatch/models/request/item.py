"""One ask of a request, from intake to its end."""

from enum import StrEnum

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.request.classified import Candidate

OTHER = "other"


class Item(Contract):
    """One thing that the requester asks for; none may be left over."""

    item_id: str = Field(pattern=r"^item-\d+$")
    text: str = Field(min_length=1)
    kind: str = Field(default=OTHER, description="one of the playbook's asks, or 'other' where none fits")
    fields: dict[str, str] = Field(
        default_factory=dict, description="what this item states itself, by field name"
    )
    candidates: tuple[Candidate, ...] = Field(
        default=(), description="what a classifier takes it for, the best first; empty where rules decided"
    )
    is_doubtful: bool = Field(
        default=False, description="whether no candidate is sure enough: a person says what it is"
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
