"""The row of a waiting request in lists: a memo that it is started with and updates when it waits.

Search attributes hold no amounts or customer's texts, and a list of ten thousand cannot query each request. A memo
is no search attribute: Temporal returns it with each row of its list, and it cannot be searched.
"""

from collections.abc import Collection
from typing import Annotated, Final

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.work.playbook import Tier

LIST_SUMMARY: Final = "list_summary"
"""The name of the memo."""
LONGEST: Final = {"subject": 120, "requester": 80, "amount": 80, "why": 240}
"""Characters of each text."""
MOST_NAMED: Final = 8
"""Digests and names that one row may hold."""

_Name = Annotated[str, Field(max_length=100)]


class ListSummary(Contract):
    """One line on what waits. Every field is bounded, because lists are read whole."""

    subject: str = Field(default="", max_length=LONGEST["subject"])
    requester: str = Field(
        default="", max_length=LONGEST["requester"], description="their name, else their address"
    )
    tier: Tier | None = Field(
        default=None, description="the highest of what is asked; None where no decision is awaited"
    )
    amount: str = Field(
        default="", max_length=LONGEST["amount"], description="as people read it; of several each"
    )
    why: str = Field(default="", max_length=LONGEST["why"])
    proposal_id: _Name = ""
    digests: tuple[_Name, ...] = Field(
        default=(),
        max_length=MOST_NAMED,
        description="all that still needs one plain decision; none where anything needs more than that",
    )
    score: int | None = Field(
        default=None, description="the points of its rank without those for waiting; None until it has one"
    )
    waiting_per_day: int = Field(default=10, ge=1, description="what a reader adds for each day of waiting")
    also_with: tuple[_Name, ...] = Field(
        default=(), max_length=MOST_NAMED, description="who is to decide now too, beside the next owner"
    )
    approved_by: tuple[_Name, ...] = Field(
        default=(), max_length=MOST_NAMED, description="who has approved at the open gate so far"
    )
    part_of: str = Field(
        default="", max_length=200, description="of one desk's part of a request, the id of the whole"
    )
    done: tuple[_Name, ...] = Field(
        default=(), max_length=MOST_NAMED, description="of these, who has given all that is still awaited"
    )

    def waits_for(self, person: str, names: Collection[str], owner: str) -> bool:
        """Check whether a decision of a person with these names is due; `owner` is the next owner."""
        return person not in self.done and (owner in names or any(one in names for one in self.also_with))
