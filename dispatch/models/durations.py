"""Durations as readable text."""

from datetime import timedelta


def spoken(lasted: timedelta) -> str:
    """Return a duration in its two largest units: 3 d 4 h, 12 min 5 s, 0.25 s."""
    seconds = lasted.total_seconds()
    if seconds < 10:  # noqa: PLR2004 (below ten seconds the fraction is what differs)
        return f"{seconds:.2f} s"
    rest, parts = round(seconds), []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
