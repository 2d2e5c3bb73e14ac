"""What a brief says beside the copy: channel, audience, region, topics, reach and launch."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dispatch.models.request.item import Item
from dispatch.ranking.days import day_at

_AT_ONCE: Final = re.compile(
    r"\b(?:now|at once|asap|as soon as (?:possible|it is approved|approved|you can)|immediately|right away|straight away|once (?:it is )?approved|sofort|umgehend|so ?bald wie möglich|nach freigabe)\b",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(
    r"(?<![\d.:-])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?P<half>a\.?m\.?|p\.?m\.?)(?![a-z])|(?<![\d.:-])(?P<hour24>\d{1,2})[:.](?P<minute24>\d{2})(?![\d.])|(?<![\d.:-])(?P<hour_de>\d{1,2})\s?(?:uhr|h)\b|\b(?P<noon>noon|midday|mittags?)\b",
    re.IGNORECASE,
)
_ZONES: Final = {
    "utc": "UTC", "gmt": "UTC", "cet": "Europe/Berlin", "cest": "Europe/Berlin", "mez": "Europe/Berlin", "bst": "Europe/London", "et": "America/New_York",
    "est": "America/New_York", "edt": "America/New_York", "pt": "America/Los_Angeles", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
}  # fmt: skip
_ZONE: Final = re.compile(rf"\b({'|'.join(_ZONES)})\b", re.IGNORECASE)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})")
_WORD: Final = re.compile(r"\S+")
_REACH: Final = re.compile(
    r"(\d{1,3}(?:[.,' ]\d{3})+|\d+)\s?(k|thousand|tausend|m|million|mio)?\b", re.IGNORECASE
)
_MULTIPLES: Final = {
    "k": 1_000,
    "thousand": 1_000,
    "tausend": 1_000,
    "m": 1_000_000,
    "million": 1_000_000,
    "mio": 1_000_000,
}
_NOON: Final = 12
_REGIONS: Final = {
    "germany": "DE", "deutschland": "DE", "austria": "AT", "österreich": "AT", "switzerland": "CH", "schweiz": "CH", "united kingdom": "GB", "uk": "GB", "great britain": "GB",
    "britain": "GB", "england": "GB", "france": "FR", "frankreich": "FR", "italy": "IT", "italien": "IT", "spain": "ES", "spanien": "ES", "netherlands": "NL", "niederlande": "NL",
    "belgium": "BE", "belgien": "BE", "poland": "PL", "polen": "PL", "sweden": "SE", "schweden": "SE", "denmark": "DK", "dänemark": "DK", "ireland": "IE", "irland": "IE",
    "united states": "US", "usa": "US", "us": "US", "canada": "CA", "kanada": "CA",
}  # fmt: skip
_CODE: Final = re.compile(r"[A-Z]{2}")


class Launch(NamedTuple):
    """When copy appears: at a moment, or at once; `problem` says why a text tells neither."""

    moment: datetime | None = None
    problem: str = ""


def fields_of(items: Iterable[Item]) -> Mapping[str, str]:
    """Return what the items of a brief state, without the field's own name before the value; the first item counts."""
    found: dict[str, str] = {}
    for item in items:
        for name, value in item.fields.items():
            found.setdefault(name, value.partition(": ")[2] if value.startswith(f"{name}: ") else value)
    return found


def launch_of(text: str, asked_at: datetime, zone: str, usual: time) -> Launch:
    """Return when copy is to appear, as its brief words it, relative to the day on which it was asked."""
    text = text.strip()
    if iso := _ISO.search(text):
        return Launch(datetime.fromisoformat(iso[0]))
    named = _ZONE.search(text)
    place = ZoneInfo(_ZONES[named[1].lower()] if named else zone)
    today = asked_at.astimezone(place).date()
    day, rest = _day_in(text, today)
    if day is None:
        if _AT_ONCE.search(text):
            return Launch()
        return Launch(problem=f"“{text[:60]}” names no day that can be read")
    clock = _clock_in(rest)
    moment = datetime.combine(day, clock or usual, place)
    return Launch(moment)


def _day_in(text: str, today: date) -> tuple[date | None, str]:
    """Return the first day that is named, and the text without it."""
    for word in _WORD.finditer(text):
        if (found := day_at(text, word.start(), today)) is not None and found[0] is not None:
            day, end = found
            return day, f"{text[: word.start()]} {text[end:]}"
    return None, text


def _clock_in(text: str) -> time | None:
    for match in _CLOCK.finditer(text):
        if match["noon"]:
            return time(_NOON)
        hour = int(match["hour"] or match["hour24"] or match["hour_de"])
        minute = int(match["minute"] or match["minute24"] or 0)
        half = (match["half"] or "").lower().replace(".", "")
        if half == "pm" and hour < _NOON:
            hour += _NOON
        if half == "am" and hour == _NOON:
            hour = 0
        if hour < 24 and minute < 60:  # noqa: PLR2004 (a clock's)
            return time(hour, minute)
    return None


def reach_of(text: str) -> int | None:
    """Return how many people a text names: '20,000', '20k', '1.5 million'; None where it names none."""
    decimal = re.search(r"(\d+)[.,](\d{1,2})\s?(m|million|mio)\b", text, re.IGNORECASE)
    if decimal:
        return int(float(f"{decimal[1]}.{decimal[2]}") * _MULTIPLES[decimal[3].lower()])
    match = _REACH.search(text)
    if match is None:
        return None
    number = int(re.sub(r"[.,' ]", "", match[1])[:12])
    return number * _MULTIPLES.get((match[2] or "").lower(), 1)


def region_of(text: str) -> str:
    """Return the region that a text names, ISO 3166-1; empty where none is known."""
    lower = text.casefold()
    for name, code in _REGIONS.items():
        if re.search(rf"\b{re.escape(name)}\b", lower):
            return code
    match = _CODE.search(text)
    return match[0].replace("UK", "GB") if match else ""


def is_past(launch: datetime | None, asked_at: datetime) -> bool:
    """Return whether a launch was over when it was asked for, by more than a day."""
    return launch is not None and launch < asked_at - timedelta(days=1)


def topics_of(text: str) -> tuple[str, ...]:
    """Return the topics of a list."""
    parts = (part.strip(" .") for part in re.split(r",|;|\band\b|\bund\b", text))
    return tuple(dict.fromkeys(part for part in parts if part))[:20]
