"""The base of every contract: frozen, without unknown fields."""

import re
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, JsonValue

Facts = dict[str, JsonValue]
Moment = AwareDatetime

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(r"^\s*(\d+)\s*(second|minute|hour|day|week)s?\s*$")


def _parse_duration(value: object) -> object:
    """Read '3 days' or '30 minutes'; ISO 8601 ('P3D') is left to pydantic; a bare number is refused."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := _DURATION.match(value)):
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if isinstance(value, str) and value.lstrip("-").startswith("P"):
        return value
    raise ValueError(
        f"{value!r} is not a duration; write a number and a unit, such as '30 minutes' or '3 days'"
    )


Duration = Annotated[timedelta, BeforeValidator(_parse_duration)]


def is_unset(value: object) -> bool:
    """Check whether a field holds nothing; with `exclude_if` it is then left out of what history stores."""
    return not value


class Contract(BaseModel):
    """A frozen value that roles exchange and that history stores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_id: ClassVar[str] = ""
    """The schema id of its canonical form (dispatch/models/canonical.py), if digests or signatures use it."""
