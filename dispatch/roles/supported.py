"""Whether a text says only what its evidence says: figures, amounts, dates, names, links, numbers of orders.

What a role wrote is held against what it cites, whether a template, a person or a model wrote it.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from dispatch.models.money import Money
from dispatch.text.extraction import Day, amounts_in, days_in, is_named
from dispatch.text.normalise import fold

_LINK: Final = re.compile(r"\bhttps?://[^\s<>\"']{1,500}", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_NUMBER: Final = re.compile(r"(?<![\w.,])\d{1,15}(?:[.,:]\d{1,9}){0,5}(?![\w])")
_CODE: Final = re.compile(r"(?<!\w)(?=[\w-]{2,40}(?!\w))(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[\w-]+")
# Two capitalised words in a row that do not begin a sentence; a single one is any noun of German.
_NAME: Final = re.compile(
    r"(?<=[^.!?:\n]\s)[^\W\d_a-zß-öø-ÿ][\w'\u2019-]{1,40}(?:\s[^\W\d_a-zß-öø-ÿ][\w'\u2019-]{1,40}){1,4}"
)
_POLITE: Final = re.compile(r"(?:Sie|Ihnen|Ihr(?:e[mnrs]?)?)\s")
_AFTER: Final = ".,;:!?)]}'\""


class Unsupported(NamedTuple):
    """One thing that a text says and its evidence does not: what kind of thing, and the words."""

    kind: str
    quote: str


def unsupported(text: str, evidence: Iterable[str]) -> tuple[Unsupported, ...]:
    """Return what a text says that none of its evidence does, in a fixed order of kinds; nothing where all is supported."""
    known = "\n".join(evidence)
    folded = fold(known)
    amounts, days = amounts_in(known), days_in(known)
    found = [
        *(Unsupported("link", link) for link in _links(text) if link not in _links(known)),
        *(
            Unsupported("address", one)
            for one in _ADDRESS.findall(text)
            if one.casefold() not in known.casefold()
        ),
    ]
    if strange := amounts_in(text) - amounts:
        found += [Unsupported("amount", f"{m.currency} {m.amount_minor}") for m in sorted(strange, key=str)]
    found += [
        Unsupported("date", f"{day.day}.{day.month}.{day.year or ''}")
        for day in sorted(days_in(text), key=str)
        if not is_named(day, days)
    ]
    plain = _LINK.sub(" ", _ADDRESS.sub(" ", text))
    figures = {_plain_figure(one) for one in _NUMBER.findall(known)}
    figures |= {str(one.amount_minor) for one in amounts}
    found += [
        Unsupported("figure", one)
        for one in _NUMBER.findall(_CODE.sub(" ", plain))
        if _plain_figure(one) not in figures and not _part_of_known(one, amounts_in(text), days_in(text))
    ]
    found += [Unsupported("number", one) for one in _CODE.findall(plain) if not _has_word(folded, one)]
    names = (_POLITE.sub("", one) for one in _NAME.findall(plain))
    found += [Unsupported("name", one) for one in names if " " in one and fold(one) not in folded]
    return tuple(dict.fromkeys(found))


def _links(text: str) -> set[str]:
    return {link.rstrip(_AFTER) for link in _LINK.findall(text)}


def _plain_figure(figure: str) -> str:
    return re.sub(r"\D", "", figure)


def _has_word(folded: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(fold(word))}(?![\w-])", folded) is not None


def _part_of_known(figure: str, amounts: Iterable[Money], days: Iterable[Day]) -> bool:
    """Return whether a figure belongs to an amount or a date, which are compared as such."""
    digits = _plain_figure(figure)
    of_amounts = {str(one.amount_minor) for one in amounts}
    of_days = {str(part) for one in days for part in (one.day, one.year)}
    return digits in of_amounts | of_days or any(each.rstrip("0") == digits for each in of_amounts)
