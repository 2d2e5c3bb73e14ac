"""The time by which a request is wanted, where its text tells one: 'by Friday', 'bis zum 3.12.', 'within 2 days'.

Each repeat is bounded and each look around a find is short, so the time taken is linear in the text. A day that is over is
no deadline, and neither is one that is told of the past ('I waited until Friday') or of opening hours.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final, NamedTuple

from dispatch.models.moments import MONTHS, MONTHS_DE
from dispatch.models.work.ranking import ToldDeadline

_END_OF_DAY: Final = time(23, 59)
_HALF_A_YEAR: Final = timedelta(days=183)
_BEFORE, _AFTER = 160, 80
"""Characters of the clause around a find that are looked at."""
_LONGEST_SAID: Final = 120
_MOST_FINDS: Final = 100
"""Of each kind; who names more days than that tells no deadline by the later ones."""

_WEEKDAYS: Final = (
    ("monday", "mon", "montag", "mo"),
    ("tuesday", "tue", "tues", "dienstag", "di"),
    ("wednesday", "wed", "mittwoch", "mi"),
    ("thursday", "thu", "thur", "thurs", "donnerstag", "do"),
    ("friday", "fri", "freitag", "fr"),
    ("saturday", "sat", "samstag", "sonnabend", "sa"),
    ("sunday", "sonntag", "so"),
)
_DAY_OF: Final = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_MONTH_OF: Final = {
    name.lower(): number
    for names in (MONTHS, MONTHS_DE, ("Jan", "Feb", "Mar", "Apr", "May", "Jun"), ("Jan", "Feb", "Mrz"))
    for number, name in enumerate(names, start=1)
} | {
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "sept": 9,
    "oct": 10,
    "okt": 10,
    "nov": 11,
    "dec": 12,
    "dez": 12,
    "maerz": 3,
}
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
_PARTS: Final = {
    "morning": time(12),
    "noon": time(12),
    "midday": time(12),
    "midnight": _END_OF_DAY,
    "afternoon": time(18),
    "evening": time(22),
    "früh": time(12),
    "vormittag": time(12),
    "mittag": time(12),
    "mittags": time(12),
    "nachmittag": time(18),
    "abend": time(22),
}


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_CUE: Final = _pattern(
    r"(?<!\w)(?:(?:no|not) later than|at the latest by|latest by|by|before|until|till|due (?:by|on)"
    r"|deadline(?: is|:)?(?: on)?|frist(?: ist|:)?(?: der| am)?|sp(?:ä|ae)testens(?: bis)?(?: zum| am)?"
    r"|bis(?: sp(?:ä|ae)testens)?(?: zum| zur| am)?|vor(?: dem)?)[ \n]{1,3}(?:the )?"
)
_WITHIN: Final = _pattern(
    r"(?<!\w)(?:within(?: the next)?|in the next|innerhalb(?: von)?|binnen|in den n(?:ä|ae)chsten)[ \n]"
    rf"(?P<number>\d{{1,3}}|{_any_of(_NUMBERS)})[ \n](?P<unit>(?:working |business |werk)?"
    r"(?:hours?|days?|weeks?|stunden?|tage[ns]?|wochen?))\b(?! (?:of|after|from|since|nach|ab|seit)\b)"
)
_TODAY: Final = _pattern(r"(?<!\w)(?:noch heute|heute noch|still today)\b")
_TIME: Final = _pattern(
    r"(?:(?:at|um|gegen) )?(?:(?P<part>noon|midday|midnight|mittags?)\b"
    r"|(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?[ ]?(?P<half>am|pm|a\.m\.|p\.m\.|uhr|o'clock)(?!\w)"
    r"|(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?!\w))"
)
_JOINED: Final = _pattern(r",?[ \n](?:on |am )?")
_THEN: Final = _pattern(r",?[ \n]?")
_PART: Final = _pattern(rf"[ ]?({_any_of(_PARTS)})\b")
_WEEKDAY_NAMES: Final = "|".join(name for names in _WEEKDAYS for name in names if len(name) > 5)  # noqa: PLR2004 (no short forms)
_SHORT: Final = r"(?-i:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat)\b|(?-i:Mo|Di|Mi|Do|Fr|Sa|So)(?=\.)"
_BEFORE_DATE: Final = _pattern(rf"(?:{_WEEKDAY_NAMES}|{_SHORT})\.?,? (?:the |den |dem )?(?=[\da-z])")
_MONTHS: Final = _any_of(_MONTH_OF)


class _Day(NamedTuple):
    """One way to write a day, and how it is read relative to the day of the mail; None: it is over, or is none."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], date], date | None]


def deadline_in(text: str, asked_at: datetime) -> ToldDeadline | None:
    """Return the earliest deadline that a text tells, relative to when it was written and in that time's zone.

    A day without a time ends at 23:59. None where no deadline is told, or it is over already.
    """
    told = [one for one in (*_of_cues(text, asked_at), *_of_spans(text, asked_at)) if one.at >= asked_at]
    return min(told, key=lambda one: one.at, default=None)


def _of_cues(text: str, asked_at: datetime) -> Iterator[ToldDeadline]:
    finds = (
        (cue.start(), found) for cue in _CUE.finditer(text) if (found := _read(text, cue.end(), asked_at))
    )
    for start, (at, end) in islice(finds, _MOST_FINDS):
        if not _is_told_of_something_else(text, start, end):
            yield ToldDeadline(at=at, said=_said(text, start, end))
    for match in islice(_TODAY.finditer(text), _MOST_FINDS):
        if _is_needed(text, match.start(), match.end()):
            yield ToldDeadline(at=_at(asked_at, asked_at.date(), _END_OF_DAY), said=match[0])


def _of_spans(text: str, asked_at: datetime) -> Iterator[ToldDeadline]:
    """Find 'within 3 days'; only where it is asked for, since shops and laws speak of such spans all the time."""
    for match in islice(_WITHIN.finditer(text), _MOST_FINDS):
        if _is_needed(text, match.start(), match.end()):
            number, unit = match["number"].lower(), match["unit"].lower().split()[-1].removeprefix("werk")
            hours = (int(number) if number.isdigit() else _NUMBERS[number]) * _HOURS_OF[unit[0]]
            yield ToldDeadline(at=asked_at + timedelta(hours=hours), said=_said(text, *match.span()))


def _said(text: str, start: int, end: int) -> str:
    return " ".join(text[start:end].split())[:_LONGEST_SAID]


def _at(asked_at: datetime, day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=asked_at.tzinfo)


def _read(text: str, start: int, asked_at: datetime) -> tuple[datetime, int] | None:
    """Read a day, a time or both from a place on; None where neither stands there, or no such day is to come."""
    today, position = asked_at.date(), start
    clock = _TIME.match(text, position)
    if clock is not None:
        joined = _JOINED.match(text, clock.end())
        position = joined.end() if joined else clock.end()
    named = _day_at(text, position, today)
    if named is None:
        return (_at(asked_at, today, _clock(clock)), clock.end()) if clock is not None else None
    day, end = named
    if day is None:
        return None
    at = _END_OF_DAY
    if clock is not None:
        at = _clock(clock)
    elif (part := _PART.match(text, end)) is not None:
        at, end = _PARTS[part[1].lower()], part.end()
    if clock is None and (then := _THEN.match(text, end)) and (later := _TIME.match(text, then.end())):
        at, end = _clock(later), later.end()
    return _at(asked_at, day, at), end


def _clock(match: re.Match[str]) -> time:
    if match["part"]:
        return _PARTS[match["part"].lower()]
    hour, minute = int(match["hour"] or match["hour24"]), int(match["minute"] or match["minute24"] or 0)
    half = (match["half"] or "")[:1].lower()
    if half == "p" and hour < 12:  # noqa: PLR2004 (noon)
        hour += 12
    return _END_OF_DAY if hour >= 24 else time(hour, minute)  # noqa: PLR2004 (hours of a day)


def _day_at(text: str, start: int, today: date) -> tuple[date | None, int] | None:
    before = _BEFORE_DATE.match(text, start)
    # 'Friday, 3 December' is that date, whatever the weekday; without a date behind it the weekday counts.
    for position in (before.end(), start) if before else (start,):
        ways = _DATES if before is not None and position != start else (*_DATES, *_WORDS)
        for way in ways:
            if (match := way.pattern.match(text, position)) is not None:
                return way.read(match, today), match.end()
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_in_year(today: date, month: int, day: int) -> date | None:
    """Return the day without a year that is meant: the next one, unless that is so far away that it is the last one."""
    for year in (today.year, today.year + 1):
        found = _date(year, month, day)
        if found is not None and today <= found <= today + _HALF_A_YEAR:
            return found
    return None


def _by_numbers(match: re.Match[str], today: date) -> date | None:
    day, month, year = int(match["day"]), int(match["month"]), match["year"]
    if year is None:
        return _next_in_year(today, month, day)
    return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)  # noqa: PLR2004 ('26')


def _by_slashes(match: re.Match[str], today: date) -> date | None:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    both = (_date(year, second, first), _date(year, first, second))
    return min((day for day in both if day is not None and day >= today), default=None)


def _by_name(match: re.Match[str], today: date) -> date | None:
    month, day = _MONTH_OF[match["month"].lower()], int(match["day"])
    return _date(int(match["year"]), month, day) if match["year"] else _next_in_year(today, month, day)


def _of_month(match: re.Match[str], today: date) -> date | None:
    later = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    days = (_date(month.year, month.month, int(match["day"])) for month in (today, later))
    return next((day for day in days if day is not None and day >= today), None)


def _by_weekday(match: re.Match[str], today: date) -> date:
    days = (_DAY_OF[match["weekday"].lower()] - today.weekday()) % 7
    is_next = (match["which"] or "").lower().startswith(("next", "n"))
    return today + timedelta(days=days or (7 if is_next else 0))


def _end_of_week(match: re.Match[str], today: date) -> date:
    later = 7 if (match["which"] or "").lower().startswith("n") else 0
    return today + timedelta(days=6 - today.weekday() + later)


def _end_of_month(_match: re.Match[str], today: date) -> date:
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _days_ahead(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda _match, today: today + timedelta(days=days)


_WHICH: Final = r"(?:(?P<which>this|next|coming|diesen|dieser|diese|n(?:ä|ae)chste[nr]?|kommende[nr]?) )?"
_UNIT: Final = r"(?![ ]?(?:€|%|eur|euros?|kg|g|cm|mm|m|l|usd|gbp)\b|[ ]?[€%])"
_DATES: Final = (
    _Day(_pattern(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)"), _by_numbers),
    _Day(
        _pattern(
            rf"(?P<day>\d{{1,2}})\.[ ]?(?P<month>\d{{1,2}})(?:\.[ ]?(?P<year>\d{{4}}|\d{{2}}(?![\d:.])))?(?!\d|[.,:]\d){_UNIT}"
        ),
        _by_numbers,
    ),
    _Day(_pattern(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})(?!\d)"), _by_slashes),
    _Day(
        _pattern(
            rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ ](?:of )?(?P<month>{_MONTHS})\b(?:,? (?P<year>\d{{4}})\b)?"
        ),
        _by_name,
    ),
    _Day(
        _pattern(
            rf"(?P<month>{_MONTHS})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,? (?P<year>\d{{4}})\b)?"
        ),
        _by_name,
    ),
    _Day(_pattern(r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.(?=[ \n,;!?)]|\Z))(?![ ]?\d)"), _of_month),
)
_WORDS: Final = (
    _Day(_pattern(r"(?:day after tomorrow|(?:ü|ue)bermorgen)\b"), _days_ahead(2)),
    _Day(
        _pattern(
            r"(?:today|tonight|heute|(?:end|close) of (?:the )?(?:business )?day|close of business|eod|cob)\b"
        ),
        _days_ahead(0),
    ),
    _Day(_pattern(r"(?:tomorrow|morgen)\b"), _days_ahead(1)),
    _Day(_pattern(r"end of (?:the |this )?month|monatsende\b|ende (?:des|dieses) monats\b"), _end_of_month),
    _Day(
        _pattern(r"(?:end of (?:the )?(?:(?P<which>this|next) )?week|weekend)\b"),
        _end_of_week,
    ),
    _Day(_pattern(r"(?:ende (?:der |dieser )?(?P<which>n(?:ä|ae)chsten )?woche|wochenende)\b"), _end_of_week),
    _Day(_pattern(r"(?P<which>next|n(?:ä|ae)chste[nr]?) (?:week|woche)\b"), _end_of_week),
    _Day(_pattern(rf"{_WHICH}(?P<weekday>{_WEEKDAY_NAMES})(?=s?\b|{_any_of(_PARTS)})"), _by_weekday),
    _Day(_pattern(rf"{_WHICH}(?P<weekday>{_SHORT})"), _by_weekday),
)

_PARTING: Final = _pattern(
    r"[.!?;:,](?=[ \n]|\Z)|\n\n|(?<=[ \n])(?:and|but|so|because|or|und|aber|sondern|weil|oder|daher|deshalb)(?=[ \n])"
)
_NEED: Final = _pattern(
    r"\b(?:need|needs|must|ha(?:s|ve) to|please|pls|kindly|can|could|will|would you|want|wants|require|requires|be|urgent"
    r"|urgently|deadline|latest|brauche?n?|benötigen?|muss|müssen|bitte|bitten|spätestens|erwarten?|frist|dringend"
    r"|kann|können|könnten|kannst|könntest|würden sie|möchten?|wollen|wird|werden|wünschen?)\b"
)
_PAST: Final = _pattern(
    r"\b(?:was|were|had|did|been|ordered|bought|received|arrived|came|got|sent|returned|paid|worked|promised|said|told"
    r"|expected|missed|delivered|shipped|announced|stated|assured|happened|lasted|stayed|used|broke|needed it|wanted it|ago"
    r"|war|waren|hatten?|wurden?|kam|kamen|bekam|bestellte|kaufte|sollten?|gestern|bestellt|gekauft|erhalten|bekommen"
    r"|geliefert|gekommen|angekommen|geschickt|gesendet|versendet|bezahlt|versprochen|zugesagt|angekündigt|gesagt|gemeldet"
    r"|gearbeitet|funktioniert|gehalten|gebraucht)\b"
)
_ELSE: Final = _pattern(
    r"\b(?:should(?: have|'ve)|supposed to|was to|were to|would have|opening hours|closed|valid|holidays?|vacation|on leave"
    r"|out of (?:the )?office|away|abroad|travelling|wait|waited|waiting|runs|ends|lasts|expires|day before"
    r"|open(?! (?:the|my|an?|our|up)\b)"
    r"|hätten?|geöffnet|offen|öffnungszeiten|geschlossen|gültig|urlaub|verreist|abwesend|unterwegs|gewartet|warten|läuft"
    r"|endet)\b"
)


def _clause(text: str, start: int, end: int) -> str:
    """Return what stands around a find, up to where another thought begins."""
    before = text[max(0, start - _BEFORE) : start]
    for parting in _PARTING.finditer(before):
        before = " " * parting.end() + before[parting.end() :]
    after = text[end : end + _AFTER]
    parting_after = _PARTING.search(after)
    return f"{before.strip()} | {after[: parting_after.start()] if parting_after else after}"


def _is_needed(text: str, start: int, end: int) -> bool:
    clause = _clause(text, start, end)
    return _NEED.search(clause) is not None and _ELSE.search(clause) is None


def _is_told_of_something_else(text: str, start: int, end: int) -> bool:
    """Check whether a clause tells of the past, of opening hours, of an absence: then its day is no deadline."""
    clause = _clause(text, start, end)
    is_farewell = clause.strip() == "|" and text.startswith("!", end)
    if is_farewell or _ELSE.search(clause) is not None:
        return True
    return _PAST.search(clause) is not None and _NEED.search(f"{clause} {text[start:end]}") is None
