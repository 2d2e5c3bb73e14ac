"""Finds data that a text must not disclose: other people's addresses, card numbers, bank accounts."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dispatch.text.unicode_spoofing import same_address, undisguised

_LOCAL: Final = r"[\w.!#$%&'*+/=?^`{|}~\-]"
# Begins only where a local part begins: from every letter of a long word it would take quadratic time.
ADDRESS: Final = re.compile(rf"(?<!{_LOCAL}){_LOCAL}+@(?:[\w\-]+\.)+[\w\-]*[^\W_]")
_AROUND_ADDRESS: Final = ".!#$%&'*+/=?^`{|}~-"
# Hyphens and dashes that NFKC leaves as they are; word processors put them between groups of digits.
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2012\u2013\u2014\u2015\u2212"), "-")
_BETWEEN: Final = r"[\s.\-]"
_DIGIT_GROUPS: Final = re.compile(rf"\d+(?:{_BETWEEN}{{1,3}}\d+)*")
_CARD_DIGITS: Final = range(13, 20)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # the digit sums of 0, 2, 4, ..., 18
# ISO/IEC 7812: the first digits that payment networks issue under (2221 to 2720 is Mastercard's second range).
_CARD_PREFIX: Final = re.compile(r"2[2-7]|[3-6]")
_IBAN_START: Final = re.compile(r"(?<![^\W_])[a-z]{2}\d\d", re.IGNORECASE)
# The SWIFT IBAN registry: a country's accounts all have one length; without it any word could end one by chance.
_IBAN_LENGTHS: Final[dict[str, int]] = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE BI", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC",
        32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def foreign_addresses(text: str, own: Iterable[str]) -> tuple[str, ...]:
    """Return every mail address of the text that is none of `own`, in order of appearance."""
    mine = tuple(undisguised(address) for address in own)
    found = dict.fromkeys(match.strip(_AROUND_ADDRESS) for match in ADDRESS.findall(undisguised(text)))
    return tuple(a for a in found if not any(same_address(a, known) for known in mine))


def card_numbers(text: str) -> int:
    """Count payment card numbers: 13 to 19 digits, alone or in groups, with a network's prefix and a valid Luhn sum."""
    return sum(any(_cards_of(run)) for run in _DIGIT_GROUPS.finditer(undisguised(text).translate(_DASHES)))


def bank_accounts(text: str) -> int:
    """Count IBANs: a country of the registry, its length, and a remainder of 1 by 97 (ISO 13616)."""
    return len(list(bank_account_spans(undisguised(text))))


def card_spans(plain: str) -> Iterator[tuple[int, int]]:
    """Yield the positions of payment cards in an unspoofed text; two may overlap."""
    for run in _DIGIT_GROUPS.finditer(plain.translate(_DASHES)):
        yield from _cards_of(run)


def bank_account_spans(plain: str) -> Iterator[tuple[int, int]]:
    """Yield the positions of IBANs in an unspoofed text."""
    # Letter by letter, because 'ß' in capitals is two letters, and every place after it would move.
    capitals = "".join(c.upper() if len(c.upper()) == 1 else c for c in plain.translate(_DASHES))
    for match in _IBAN_START.finditer(capitals):
        if end := _end_of_iban(capitals, match.start()):
            yield match.start(), end


def _cards_of(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield every sequence of whole groups, so that a number beside the card does not hide it."""
    groups = list(re.finditer(r"\d+", run[0]))
    for first, begin in enumerate(groups):
        digits = ""
        for group in groups[first : first + _CARD_DIGITS.stop]:
            digits += group[0]
            if len(digits) >= _CARD_DIGITS.stop:
                break
            if len(digits) in _CARD_DIGITS and _CARD_PREFIX.match(digits) and _luhn(digits):
                yield run.start() + begin.start(), run.start() + group.end()


def _luhn(digits: str) -> bool:
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0


def _end_of_iban(text: str, start: int) -> int:
    """Return the end of the IBAN that starts here; 0 if there is none."""
    length = _IBAN_LENGTHS.get(text[start : start + 2])
    if length is None:
        return 0
    match = re.compile(rf"[A-Z0-9](?:{_BETWEEN}{{0,3}}[A-Z0-9]){{{length - 1}}}(?![A-Z0-9])").match(
        text, start
    )
    if match is None:
        return 0
    account = re.sub(_BETWEEN, "", match[0])
    holds = int("".join(str(int(c, 36)) for c in account[4:] + account[:4])) % 97 == 1
    return match.end() if holds else 0
