"""What a rule finds in copy."""

import unicodedata

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.work.severity import Severity

MOST_QUOTED = 160


class Flag(Contract):
    """One place in the copy that breaks a rule; `start` and `end` are code points of its source, equal for the whole."""

    rule: str = Field(description="such as 'word.avoid' or 'style.House.Hype'")
    severity: Severity
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    quote: str = Field(default="", description="what stands there, cut if it is long")
    message: str = Field(description="what is wrong and what to do, in one sentence for a marketer")
    replacement: str | None = Field(default=None, description="what to write there; None: nothing is certain")
    is_certain: bool = Field(
        default=False, description="whether the replacement may be made without a person"
    )
    is_regulated: bool = Field(default=False, description="whether law speaks of it: a person signs")


def quoted(text: str) -> str:
    """Return what is shown of a place: on one line, cut where it is long."""
    line = " ".join("".join(char for char in text if unicodedata.category(char) != "Cf").split())
    return line if len(line) <= MOST_QUOTED else f"{line[: MOST_QUOTED - 1]}…"
