"""Days and times as readable text, with the zone UTC; machines read ISO 8601."""

from datetime import UTC, datetime
from typing import Final

MONTHS_DE: Final = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def format_day(at: datetime, language: str = "en") -> str:
    """Return a day in an unambiguous form: '5 November 2026', in German '5. November 2026'."""
    utc = at.astimezone(UTC)
    if language == "de":
        return f"{utc.day}. {MONTHS_DE[utc.month - 1]} {utc.year}"
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"


def format_moment(at: datetime, language: str = "en") -> str:
    """Return a time for a sentence: '17:40 UTC on 5 November 2026', in German '5. November 2026, 17:40 UTC'."""
    if language == "de":
        return f"{format_day(at, language)}, {at.astimezone(UTC):%H:%M} UTC"
    return f"{at.astimezone(UTC):%H:%M} UTC on {format_day(at)}"


def deadline_moved_text(deadline: datetime) -> str:
    """Return why a deadline moved, as the record and the trail read from history both write it."""
    return f"deadline moved to {format_day(deadline)}, {deadline.astimezone(UTC):%H:%M} UTC"


def format_short(at: datetime) -> str:
    """Return a time for a page, where space is short: '5 Nov 2026 17:40 UTC'."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1][:3]} {utc.year} {utc:%H:%M} UTC"


def format_stamp(at: datetime, *, seconds: bool = True) -> str:
    """Return a time for records and tables, which sort by it: '2026-11-05 17:40:09 UTC'."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC" if seconds else f"{utc:%Y-%m-%d %H:%M} UTC"
