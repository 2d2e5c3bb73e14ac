"""The search attributes of Temporal's list of requests.

At most five, for each is a column of the visibility store and PostgreSQL and SQLite have three of most types. Never a
name, an address, an amount or a word of what a customer wrote: a codec does not encrypt search attributes, and every
list shows them.

`Desk` the line of business; `RequestState` the state of the status; `NextOwner` the role that must act next, never a
person; `ReviewPoint` when what is awaited falls due; `RequestPriority` the rank, 1 the most urgent.
"""

from typing import Final, Literal

SearchAttributeType = Literal["Keyword", "Int", "Datetime"]

SEARCH_ATTRIBUTES: Final[dict[str, SearchAttributeType]] = {
    "Desk": "Keyword",
    "RequestState": "Keyword",
    "NextOwner": "Keyword",
    "ReviewPoint": "Datetime",
    "RequestPriority": "Int",
}
