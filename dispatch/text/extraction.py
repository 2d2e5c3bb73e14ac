"""Extracts amounts, dates and phrases from texts, in the various ways in which people write them."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from dispatch.models.moments import MONTHS, MONTHS_DE
from dispatch.models.money import Money, minor_digits
from dispatch.text.normalise import fold

# ISO 4217 codes of the currencies that a shop may meet, and how people write them; any three capitals
# beside a number would take 'SKU 123' for money.
_CODES: Final = (
    *(
        "AUD",
        "BGN",
        "BHD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "INR",
    ),
    *(
        "ISK",
        "JPY",
        "KRW",
        "KWD",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "RON",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "UAH",
        "USD",
        "ZAR",
    ),
)
_CURRENCIES: Final = {
    **{code: code for code in _CODES},
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "EURO": "EUR",
    "EUROS": "EUR",
    "DOLLAR": "USD",
    "DOLLARS": "USD",
    "POUND": "GBP",
    "POUNDS": "GBP",
}
_MILLS: Final = 3
_GROUPED: Final = re.compile(r"\d{1,3}(?:[^\d]\d{3})+")

_UNIT = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
# Every repeat is bounded: the time taken stays linear in a text that strangers wrote.
_NUMBER = r"\d{1,3}(?:[.,'\u00a0\u202f ]\d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)|\d{1,12}(?:[.,]\d{1,3})?(?!\d)"
_AMOUNT = re.compile(
    rf"(?<![A-Za-z])(?P<before>{_UNIT})[\s\u00a0]?(?P<first>{_NUMBER})"
    rf"|(?<![\w.,/-])(?P<second>{_NUMBER})[\s\u00a0]?(?P<after>{_UNIT})(?![A-Za-z])(?!\s?\d)",
    re.IGNORECASE,
)

_MONTH = "|".join((*MONTHS, *MONTHS_DE, "Sept", *(month[:3] for month in (*MONTHS, *MONTHS_DE))))
# Capitals matter: 'item 5 may be returned' names no day.
_DAY_FIRST = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?(?:,?\s+(?P<year>\d{{4}})\b)?"
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{{4}})\b)?"
)
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
_WORD = re.compile(r"\w+")
_DENYING: Final = (
    "not",
    "not a",
    "not very",
    "not so",
    "not that",
    "isn t",
    "no",
    "nicht",
    "nicht so",
    "nicht sehr",
    "kein",
    "keine",
    "keinen",
)


class Day(NamedTuple):
    """A day as a text names it; `year` is None where the text leaves it out."""

    year: int | None
    month: int
    day: int


def amounts_in(text: str) -> frozenset[Money]:
    """Return every amount with its currency: 'EUR 49.90', '€49.90', '49,90 €', '1.234,50 EUR'."""
    return frozenset(money for money, _ in amounts_with_place(text))


def amounts_with_place(text: str) -> tuple[tuple[Money, int], ...]:
    """Return every amount with the index in the text at which it starts, in order."""
    return tuple((_money(match), match.start()) for match in _AMOUNT.finditer(text))


def _money(match: re.Match[str]) -> Money:
    currency = _CURRENCIES[(match["before"] or match["after"]).upper()]
    number = match["first"] or match["second"]
    digits = minor_digits(currency)
    fraction = _fraction(number, digits)
    whole = re.sub(r"\D", "", number[: len(number) - len(fraction) - 1] if fraction else number)
    part = fraction.ljust(digits, "0")[:digits]
    return Money(amount_minor=int(whole + part), currency=currency)


def _fraction(number: str, digits: int) -> str:
    """Return the digits after the point; none where the last separator is one between thousands.

    '1.250' is a thousand of EUR and one and a quarter of KWD: the currency says which. '1234.750' is no thousand of
    anything.
    """
    last = re.search(r"[.,](\d{1,3})$", number)
    if last is None:
        return ""
    is_thousand = len(last[1]) == _MILLS and digits != _MILLS and _GROUPED.fullmatch(number) is not None
    return "" if is_thousand else last[1]


def days_in(text: str) -> frozenset[Day]:
    """Return every date; of '5/11/2026', which may be read in two ways, both readings."""
    named = chain(_DAY_FIRST.finditer(text), _MONTH_FIRST.finditer(_without(_DAY_FIRST, text)))
    days = {_named_day(match) for match in named}
    days |= {Day(int(year), int(month), int(day)) for year, month, day in _ISO.findall(text)}
    for first, separator, second, year in _NUMERIC.findall(text):
        days |= _readings(int(first), int(second), int(year), dotted=separator == ".")
    return frozenset(days)


def _without(pattern: re.Pattern[str], text: str) -> str:
    # '5 November 2026' would otherwise be read again from its month on, as 'November 20'.
    return pattern.sub(" ; ", text)


def _named_day(match: re.Match[str]) -> Day:
    named = enumerate(zip(MONTHS, MONTHS_DE, strict=True), 1)
    month = next(index for index, names in named if any(n.startswith(match["month"][:3]) for n in names))
    return Day(int(match["year"]) if match["year"] else None, month, int(match["day"]))


def _readings(first: int, second: int, year: int, *, dotted: bool) -> set[Day]:
    day_first, month_first = Day(year, second, first), Day(year, first, second)
    if dotted or first > 12:  # noqa: PLR2004 - months of a year; points are written day first everywhere
        return {day_first}
    if second > 12:  # noqa: PLR2004
        return {month_first}
    return {day_first, month_first}


def is_named(day: Day, known: frozenset[Day]) -> bool:
    """Return whether the day is among those known; without a year, month and day must agree."""
    if day.year is not None:
        return day in known
    return any((other.month, other.day) == (day.month, day.day) for other in known)


def says(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases that occur in the text as whole words, whatever their case and accents."""
    words = _words(text)
    return tuple(phrase for phrase in phrases if (said := _phrase(phrase)) and said in words)


def says_outright(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases that occur, but not those that are only denied or part of a longer one: 'eilt' in 'eilt nicht'."""
    words, found = _words(text), set[str]()
    said = says(text, phrases)
    denied = {f"{no} {phrase}": "" for phrase in said for no in _DENYING}
    for longer, phrase in sorted(
        (denied | {phrase: phrase for phrase in said}).items(), key=lambda one: -len(_phrase(one[0]))
    ):
        if _phrase(longer) in words:
            words = words.replace(_phrase(longer), " | ")
            found.add(phrase)
    return tuple(phrase for phrase in said if phrase in found)


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> str:
    """Return the words of a phrase, empty where it has none; playbooks ask for the same hundreds with each request."""
    words = _words(phrase)
    return words if words.strip() else ""


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(fold(text)))} "
