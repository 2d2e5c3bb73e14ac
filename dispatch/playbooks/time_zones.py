"""Time zones as the package tzdata has them, the pinned one, so that every machine counts alike whatever its system knows."""

from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

_PACKAGE: Final = "tzdata"


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(files(_PACKAGE).joinpath("zones").read_text("utf-8").split())


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return a zone by its IANA name. Raises ValueError where there is none."""
    if name not in zone_names():
        raise ValueError(f"there is no time zone {name!r}")
    with files(_PACKAGE).joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
