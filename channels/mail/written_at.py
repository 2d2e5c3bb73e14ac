"""When a mail says that it was written (Date, RFC 5322, section 3.6.1); the clock of a stranger's machine."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST: Final = 200


def written_at(value: str) -> datetime | None:
    """Return the moment in UTC, a time without a zone read as UTC; None where it cannot be read."""
    try:
        moment = parsedate_to_datetime(value[:_LONGEST])
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
