"""Exact amounts of money, in integer minor units."""

from typing import Final

from pydantic import Field

from dispatch.models.contract import Contract

# ISO 4217 minor units that are not two digits; every other currency has two.
_DIGITS: Final = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class Money(Contract):
    """An exact amount: 4990 of EUR is 49.90 euros, 4990 of JPY is 4990 yen."""

    amount_minor: int = Field(strict=True, description="in the currency's minor unit")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")


def format_money(money: Money) -> str:
    """Return the amount as people read it, such as 'EUR 49.90', 'JPY 12800' or 'KWD 18.750'; exact, no floats."""
    digits = _DIGITS.get(money.currency, 2)
    sign = "-" if money.amount_minor < 0 else ""
    whole, part = divmod(abs(money.amount_minor), 10**digits)
    return f"{money.currency} {sign}{whole}" + (f".{part:0{digits}d}" if digits else "")
