"""The support desk's sentences for customers, read once from `texts.yaml`."""

from pathlib import Path
from typing import Annotated, Final

from dispatch.models.contract import Contract
from dispatch.models.language import ENGLISH
from dispatch.texts.loader import filled_with, load_texts

LANGUAGES: Final = (ENGLISH, "de")

_Plain = Annotated[str, filled_with()]
_OfOrder = Annotated[str, filled_with("number")]
_OrderOnDay = Annotated[str, filled_with("number", "day")]
_OnDay = Annotated[str, filled_with("day")]
_OrderSince = Annotated[str, filled_with("number", "when")]


class SupportTexts(Contract):
    """All sentences of one language; the first six are named after the states of an order."""

    placed: _OrderOnDay
    paid: _OrderOnDay
    shipped: _OrderOnDay
    delivered: _OrderOnDay
    returned: _OrderOnDay
    cancelled: _OrderOnDay
    delivered_on: _OrderOnDay
    expected_by: _OnDay
    late: _OnDay
    refunded_on: Annotated[str, filled_with("amount", "day")]
    tracking: Annotated[str, filled_with("link")]
    refunding: Annotated[str, filled_with("amount", "number", "payment", "days")]
    not_refunding: Annotated[str, filled_with("amount", "number", "payment")]
    of_payment: Annotated[str, filled_with("payment")]
    a_day: _Plain
    days: Annotated[str, filled_with("count")]
    refund_of_cancelled: _OfOrder
    not_delivered: _OfOrder
    refundable_until: Annotated[str, filled_with("number", "day", "until")]
    no_payment: _OfOrder
    refunded_in_full: _OrderSince
    final_sale: _OfOrder
    refunded_already: _OrderSince
    last_on: _OnDay
    too_late: Annotated[str, filled_with("number", "day", "until", "count")]
    less_than_asked: Annotated[str, filled_with("number", "limit")]
    final_sale_left_out: _Plain


_TEXTS: Final = load_texts(Path(__file__).with_name("texts.yaml"), SupportTexts, LANGUAGES)


def support_texts(language: str) -> SupportTexts:
    """Return the sentences in a language, or in English if the desk has none in it."""
    return _TEXTS.get(language, _TEXTS[ENGLISH])
