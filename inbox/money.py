"""Amounts as people type them: '49.90' becomes 4990 minor units, exactly, and nothing is guessed."""

import re
from typing import Final

from dispatch.models.errors import DispatchError
from dispatch.models.money import Money, format_money

_AMOUNT: Final = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?")


class AmountError(DispatchError):
    """What was typed is no amount of this currency."""


def digits_of(currency: str) -> int:
    """Return how many digits follow the point in a currency (ISO 4217)."""
    return len(format_money(Money(amount_minor=0, currency=currency)).partition(".")[2])


def typed(amount_minor: int, currency: str) -> str:
    """Return an amount as it stands in a field, without its currency."""
    return format_money(Money(amount_minor=amount_minor, currency=currency)).split(" ", 1)[1]


def read_amount(text: str, currency: str) -> int:
    """Read a typed amount as minor units; a thousands separator is refused, for '1,500' may be either.

    Raises AmountError.
    """
    digits = digits_of(currency)
    match = _AMOUNT.fullmatch(text.strip())
    part = match[2] or "" if match else ""
    if match is None or (part and len(part) != digits):
        example = typed(123456, currency)
        raise AmountError(
            f"{text.strip()[:20]!r} is no amount in {currency}; write it like {example}, without spaces"
        )
    return int(match[1] + part.ljust(digits, "0"))
