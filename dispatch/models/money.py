"""Exact amounts of money in integer minor units: formatting for people, and parsing of typed amounts."""

import re
from collections.abc import Mapping
from typing import Final

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract
from dispatch.models.errors import AmountError

# ISO 4217, list one of 2026-01-01: digits after the point; every other currency has two. Not CLDR's, which are those of
# everyday prices: it writes whole IQD and COP, and a payment provider counts thousandths and hundredths of them.
_DIGITS: Final = {
    code: digits
    for digits, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for code in codes.split()
}
_TYPED: Final = re.compile(r"(\d{1,12})(?:[.,](\d{1,4}))?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MINOR: Final = "_minor"


class Money(Contract):
    """An exact amount: 4990 of EUR is 49.90 euros, 4990 of JPY is 4990 yen."""

    amount_minor: int = Field(strict=True, description="in the currency's minor unit")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")


def minor_digits(currency: str) -> int:
    """Return how many digits follow the point in a currency (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def format_money(money: Money, language: str = "en") -> str:
    """Return the amount as people read it, such as 'EUR 49.90' or 'JPY 12800', in German '49,90 EUR'; exact, no floats."""
    if language == "de":
        return f"{format_figure(money).replace('.', ',')} {money.currency}"
    return f"{money.currency} {format_figure(money)}"


def format_figure(money: Money) -> str:
    """Return the amount without its currency, for a separate field or column."""
    digits = minor_digits(money.currency)
    sign = "-" if money.amount_minor < 0 else ""
    whole, part = divmod(abs(money.amount_minor), 10**digits)
    return f"{sign}{whole}" + (f".{part:0{digits}d}" if digits else "")


def read_figure(text: str, currency: str) -> int:
    """Read a typed amount as minor units; a thousands separator is refused, for '1,500' may be either.

    Raises AmountError.
    """
    digits = minor_digits(currency)
    match = _TYPED.fullmatch(text.strip())
    part = match[2] or "" if match else ""
    if match is None or (part and len(part) != digits):
        example = format_figure(Money(amount_minor=123456, currency=currency))
        raise AmountError(
            f"{text.strip()[:20]!r} is no amount in {currency}; write it like {example}, without spaces"
        )
    return int(match[1] + part.ljust(digits, "0"))


def amount_named(name: str, parameters: Mapping[str, JsonValue]) -> Money | None:
    """Return the amount that a parameter `..._minor` makes with the parameter `currency`; None where it is no amount."""
    value, currency = parameters.get(name), parameters.get("currency")
    is_amount = name.endswith(_MINOR) and isinstance(value, int) and not isinstance(value, bool)
    if not is_amount or not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    return Money.model_validate({"amount_minor": value, "currency": currency})
