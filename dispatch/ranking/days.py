"""The day that stands at a place of a text, as a date, a weekday or a word, relative to the day of the mail."""

import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from typing import Final, NamedTuple

from dispatch.models.moments import MONTHS, MONTHS_DE

END_OF_DAY: Final = time(23, 59)
_HALF_A_YEAR: Final = timedelta(days=183)
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
PARTS: Final = {
    "morning": time(12),
    "noon": time(12),
    "midday": time(12),
    "midnight": END_OF_DAY,
    "afternoon": time(18),
    "evening": time(22),
    "früh": time(12),
    "vormittag": time(12),
    "mittag": time(12),
    "mittags": time(12),
    "nachmittag": time(18),
    "abend": time(22),
}


def pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern that reads capitals and small letters alike."""
    return re.compile(text, re.IGNORECASE)


def any_of(words: Iterable[str]) -> str:
    """Return a pattern's part that fits any of the words, the longest first."""
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_WEEKDAY_NAMES: Final = "|".join(name for names in _WEEKDAYS for name in names if len(name) > 5)  # noqa: PLR2004 (no short forms)
_SHORT: Final = r"(?-i:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat)\b|(?-i:Mo|Di|Mi|Do|Fr|Sa|So)(?=\.)"
_BEFORE_DATE: Final = pattern(rf"(?:{_WEEKDAY_NAMES}|{_SHORT})\.?,? (?:the |den |dem )?(?=[\da-z])")
_MONTHS: Final = any_of(_MONTH_OF)


class _Day(NamedTuple):
    """One way to write a day, and how it is read relative to the day of the mail; None: it is over, or is none."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], date], date | None]


def day_at(text: str, start: int, today: date) -> tuple[date | None, int] | None:
    """Return the day that is named at a place, and where its name ends; a day of None is over, or none of the calendar.

    None where no day is named there.
    """
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
    # Who means today says so: 'by Monday', written on a Monday, is the next one.
    return today + timedelta(days=days or 7)


def _end_of_week(match: re.Match[str], today: date) -> date:
    later = 7 if (match["which"] or "").lower().startswith("n") else 0
    return today + timedelta(days=6 - today.weekday() + later)


def _weekend(_match: re.Match[str], today: date) -> date:
    return today + timedelta(days=(5 - today.weekday()) % 7)


def _end_of_named_month(match: re.Match[str], today: date) -> date:
    month = _MONTH_OF[match["month"].lower()]
    first = date(today.year + (month < today.month), month, 1)
    return _end_of_month(match, first)


def _in_december(day: int) -> Callable[[re.Match[str], date], date | None]:
    return lambda _match, today: _next_in_year(today, 12, day)


def _end_of_month(_match: re.Match[str], today: date) -> date:
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _days_ahead(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda _match, today: today + timedelta(days=days)


_WHICH: Final = r"(?:(?P<which>this|next|coming|diesen|dieser|diese|n(?:ä|ae)chste[nr]?|kommende[nr]?) )?"
_UNIT: Final = r"(?!\.?[ ]?(?:€|%|percent|per cent|prozent|points?|punkte?|stück|hours?|stunden|inch|eur|euros?|kg|g|cm|mm|m|l|usd|gbp)\b|[ ]?[€%])"
_DATES: Final = (
    _Day(pattern(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)"), _by_numbers),
    _Day(
        pattern(
            rf"(?P<day>\d{{1,2}})\.[ ]?(?P<month>\d{{1,2}})(?:\.[ ]?(?P<year>\d{{4}}|\d{{2}}(?![\d:.])))?(?!\d|[.,:]\d){_UNIT}"
        ),
        _by_numbers,
    ),
    _Day(pattern(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})(?!\d)"), _by_slashes),
    _Day(
        pattern(
            rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ ](?:of )?(?P<month>{_MONTHS})\b(?:,? (?P<year>\d{{4}})\b)?"
        ),
        _by_name,
    ),
    _Day(
        pattern(
            rf"(?P<month>{_MONTHS})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,? (?P<year>\d{{4}})\b)?"
        ),
        _by_name,
    ),
    _Day(pattern(r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.(?=[ \n,;!?)]|\Z))(?![ ]?\d)"), _of_month),
)
_WORDS: Final = (
    _Day(pattern(r"(?:day after tomorrow|(?:ü|ue)bermorgen)\b"), _days_ahead(2)),
    _Day(
        pattern(
            r"(?:today|tonight|heute|this(?= (?:morning|afternoon|evening)\b)|(?:end|close) of (?:the )?(?:business )?day|close of business|eod|cob)\b"
        ),
        _days_ahead(0),
    ),
    _Day(pattern(r"(?:tomorrow|morgen)\b"), _days_ahead(1)),
    _Day(pattern(r"end of (?:the |this )?month|monatsende\b|ende (?:des|dieses) monats\b"), _end_of_month),
    _Day(
        pattern(r"(?:end of (?:the )?(?:(?P<which>this|next) )?week)\b"),
        _end_of_week,
    ),
    _Day(pattern(r"(?:ende (?:der |dieser )?(?P<which>n(?:ä|ae)chsten )?woche)\b"), _end_of_week),
    _Day(pattern(r"(?:weekend|wochenende)\b"), _weekend),
    _Day(pattern(rf"(?:end of|ende) (?P<month>{_MONTHS})\b"), _end_of_named_month),
    _Day(
        pattern(
            r"(?:end of (?:the |this )?year|(?:the )?year[ -]end|new year's eve|jahresende|ende (?:des|dieses) jahres|silvester)\b"
        ),
        _in_december(31),
    ),
    _Day(pattern(r"(?:christmas|xmas|weihnachten|heiligabend)\b"), _in_december(24)),
    _Day(pattern(r"(?P<which>next|n(?:ä|ae)chste[nr]?) (?:week|woche)\b"), _end_of_week),
    _Day(pattern(rf"{_WHICH}(?P<weekday>{_WEEKDAY_NAMES})(?=s?\b|{any_of(PARTS)})"), _by_weekday),
    _Day(pattern(rf"{_WHICH}(?P<weekday>{_SHORT})"), _by_weekday),
)
