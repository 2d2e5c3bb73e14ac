"""The time by which a request is wanted, where its text tells one: 'by Friday', 'bis zum 3.12.', 'within 2 days'.

Each repeat is bounded and each look around a find is short, so the time taken is linear in the text. A day that is over is
no deadline, and neither is one that is told of the past ('I waited until Friday') or of opening hours.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final

from dispatch.models.work.ranking import ToldDeadline
from dispatch.ranking.clauses import is_needed, is_told_of_something_else
from dispatch.ranking.days import END_OF_DAY, PARTS, any_of, day_at, pattern

_LONGEST_SAID: Final = 120
_MOST_FINDS: Final = 100
"""Of each kind; who names more days than that tells no deadline by the later ones."""

_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        (
            ("one", "a", "an", "einem", "einer", "eines", "ein", "eine"),
            ("two", "zwei"),
            ("three", "drei"),
            ("four", "vier"),
            ("five", "fünf"),
            ("six", "sechs"),
            ("seven", "sieben"),
            ("eight", "acht"),
            ("nine", "neun"),
            ("ten", "zehn"),
        ),
        start=1,
    )
    for word in words
}
_HOURS_OF: Final = {"h": 1, "s": 1, "d": 24, "t": 24, "w": 24 * 7}
"""By the first letter of hours, Stunden, days, Tagen, weeks and Wochen."""


_CUE: Final = pattern(
    r"(?<!\w)(?:(?:no|not) later than|needs? (?:it|this|them)(?: here)?(?: on| for)?|at the latest by|latest by|by|on or before|before|until|till|due (?:by|on)"
    r"|deadline(?: is|:)?(?: on)?|frist(?: ist|:)?(?: der| am)?|sp(?:ä|ae)testens(?: bis)?(?: zum| am)?"
    r"|bis(?: sp(?:ä|ae)testens)?(?: zum| zur| am)?|vor(?: dem)?)[ \n]{1,3}(?:the )?"
)
_WITHIN: Final = pattern(
    r"(?<!\w)(?:within(?: the next)?|in the next|innerhalb(?: von| der n(?:ä|ae)chsten)?|binnen|in den n(?:ä|ae)chsten)[ \n]"
    rf"(?P<number>\d{{1,3}}|{any_of(_NUMBERS)})[ \n](?P<unit>(?:working |business |werk)?"
    r"(?:hours?|days?|weeks?|stunden?|tage[ns]?|wochen?))\b(?! (?:of|after|from|since|nach|ab|seit)\b)"
)
_TODAY: Final = pattern(r"(?<!\w)(?:noch heute|heute noch|still today)\b(?! n(?:icht|ot)\b)")
_TIME: Final = pattern(
    r"(?:(?:at|um|gegen) )?(?:(?P<part>noon|midday|midnight|mittags?)\b"
    r"|(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?[ ]?(?P<half>am|pm|a\.m\.|p\.m\.|uhr|o'clock)(?!\w)"
    r"|(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?!\w))"
)
_CLOSE: Final = pattern(
    r"(?:(?:end|close) of (?:the )?(?:business )?day|close of business|eod|cob),?[ \n](?:on |of )?"
)
_JOINED: Final = pattern(r",?[ \n](?:on |am )?")
_THEN: Final = pattern(r",?[ \n]?")
_PART: Final = pattern(rf"[ ]?({any_of(PARTS)})\b")


def deadline_in(text: str, asked_at: datetime) -> ToldDeadline | None:
    """Return the earliest deadline that a text tells, relative to when it was written and in that time's zone.

    A day without a time ends at 23:59, and 'before' it is over as it begins. None where no deadline is told, or it is over already.
    """
    told = [one for one in (*_of_cues(text, asked_at), *_of_spans(text, asked_at)) if one.at >= asked_at]
    return min(told, key=lambda one: one.at, default=None)


def _of_cues(text: str, asked_at: datetime) -> Iterator[ToldDeadline]:
    finds = ((cue.start(), found) for cue in _CUE.finditer(text) if (found := _read(text, cue, asked_at)))
    for start, (at, end) in islice(finds, _MOST_FINDS):
        if not is_told_of_something_else(text, start, end):
            yield ToldDeadline(at=at, said=_said(text, start, end))
    for match in islice(_TODAY.finditer(text), _MOST_FINDS):
        if is_needed(text, match.start(), match.end()):
            yield ToldDeadline(at=_at(asked_at, asked_at.date(), END_OF_DAY), said=match[0])


def _of_spans(text: str, asked_at: datetime) -> Iterator[ToldDeadline]:
    """Find 'within 3 days'; only where it is asked for, since shops and laws speak of such spans all the time."""
    for match in islice(_WITHIN.finditer(text), _MOST_FINDS):
        if is_needed(text, match.start(), match.end()):
            number, unit = match["number"].lower(), match["unit"].lower().split()[-1].removeprefix("werk")
            hours = (int(number) if number.isdigit() else _NUMBERS[number]) * _HOURS_OF[unit[0]]
            yield ToldDeadline(at=asked_at + timedelta(hours=hours), said=_said(text, *match.span()))


def _said(text: str, start: int, end: int) -> str:
    return " ".join(text[start:end].split())[:_LONGEST_SAID]


def _at(asked_at: datetime, day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=asked_at.tzinfo)


def _read(text: str, cue: re.Match[str], asked_at: datetime) -> tuple[datetime, int] | None:
    """Read a day, a time or both behind a cue; None where neither stands there, or no such day is to come."""
    today, position = asked_at.date(), cue.end()
    clock = _TIME.match(text, position)
    if clock is not None:
        joined = _JOINED.match(text, clock.end())
        position = joined.end() if joined else clock.end()
    close = _CLOSE.match(text, position)
    named = (day_at(text, close.end(), today) if close else None) or day_at(text, position, today)
    if named is None:
        return (_at(asked_at, today, _clock(clock)), clock.end()) if clock is not None else None
    day, end = named
    if day is None:
        return None
    at = time() if cue[0].lower().startswith(("before", "vor")) else END_OF_DAY
    if clock is not None:
        at = _clock(clock)
    elif (part := _PART.match(text, end)) is not None:
        at, end = PARTS[part[1].lower()], part.end()
    if clock is None and (then := _THEN.match(text, end)) and (later := _TIME.match(text, then.end())):
        at, end = _clock(later), later.end()
    return _at(asked_at, day, at), end


def _clock(match: re.Match[str]) -> time:
    if match["part"]:
        return PARTS[match["part"].lower()]
    hour, minute = int(match["hour"] or match["hour24"]), int(match["minute"] or match["minute24"] or 0)
    half = (match["half"] or "")[:1].lower()
    if half == "p" and hour < 12:  # noqa: PLR2004 (noon)
        hour += 12
    return END_OF_DAY if hour >= 24 else time(hour, minute)  # noqa: PLR2004 (hours of a day)
