"""Money and times as people read and type them: exact in every currency, and never without their zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from cli.request_detail import lines_of
from dispatch.audit.models import AuditEntry, AuditKind
from dispatch.audit.query.questions_page import cell_text
from dispatch.audit.report.report import amount
from dispatch.models.errors import AmountError
from dispatch.models.moments import format_day, format_moment, format_short, format_stamp
from dispatch.models.money import Money, amount_named, format_figure, format_money, read_figure
from dispatch.text.extraction import amounts_in
from inbox.view_models import facts_of

# Digits after the point by ISO 4217; CLDR has other ones for IQD, COP and IDR.
DIGITS = {"EUR": 2, "JPY": 0, "KRW": 0, "UYI": 0, "KWD": 3, "IQD": 3, "CLF": 4, "COP": 2, "IDR": 2}


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (4990, "EUR", "EUR 49.90"),
        (5, "EUR", "EUR 0.05"),
        (-5, "EUR", "EUR -0.05"),
        (12800, "JPY", "JPY 12800"),
        (18750, "KWD", "KWD 18.750"),
        (18750125, "IQD", "IQD 18750.125"),
        (10500, "CLF", "CLF 1.0500"),
        (10**40, "EUR", f"EUR 1{'0' * 38}.00"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(
    minor: int, currency: str, written: str
) -> None:
    """The same words on a page, on the command line, in the trail's report and in an auditor's answer."""
    money = Money(amount_minor=minor, currency=currency)
    parameters: dict[str, JsonValue] = {"amount_minor": minor, "currency": currency}
    entry = AuditEntry(seq=1, event_ids=(1,), kind=AuditKind.ACTION, facts={"parameters": dict(parameters)})
    assert format_money(money) == written
    assert amount(entry) == written
    assert facts_of(parameters)[0].value == f"{written} ({minor} minor units)"
    assert next(iter(lines_of(parameters))).endswith(f"{minor} ({written})")
    assert f"{currency} {cell_text('amount_minor', dict(parameters))}" == written


@given(st.sampled_from(sorted(DIGITS)), st.integers(0, 10**10))
def test_what_is_written_is_read_back(currency: str, minor: int) -> None:
    """No amount changes on its way through a form's field."""
    figure = format_figure(Money(amount_minor=minor, currency=currency))
    assert read_figure(figure, currency) == minor
    assert len(figure.partition(".")[2]) == DIGITS[currency]


@pytest.mark.parametrize(
    ("typed", "currency"), [("1,500", "EUR"), ("1.5", "JPY"), ("1.25", "KWD"), ("", "EUR"), ("1e3", "EUR")]
)
def test_a_figure_with_two_readings_is_refused(typed: str, currency: str) -> None:
    """Nothing is guessed; the sentence shows how such an amount is written."""
    with pytest.raises(AmountError, match="write it like"):
        read_figure(typed, currency)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("KWD 18.750", 18_750),
        ("KWD 18.75", 18_750),
        ("KWD 18.7", 18_700),
        ("KWD 1234.750", 1_234_750),
        ("KWD 1,234.500", 1_234_500),
        ("JPY 12800", 12_800),
        ("¥12,800", 12_800),
        ("JPY 100.00", 100),
        ("EUR 1.250", 125_000),
        ("EUR 1234.750", 123_475),
        ("1.234,50 EUR", 123_450),
    ],
)
def test_a_strangers_amount_is_read_by_its_currency(text: str, minor: int) -> None:
    """A point stands before the fraction or between thousands, as the currency has it."""
    assert [money.amount_minor for money in amounts_in(f"Please refund {text} to me")] == [minor]


def test_what_is_no_amount_is_left_as_it_is() -> None:
    """A count of minutes, an amount without a currency and a currency that is none have no point to move."""
    assert amount_named("notice_minutes", {"notice_minutes": 90, "currency": "EUR"}) is None
    assert amount_named("amount_minor", {"amount_minor": 90}) is None
    assert amount_named("amount_minor", {"amount_minor": 90, "currency": "euros"}) is None
    assert amount_named("amount_minor", {"amount_minor": True, "currency": "EUR"}) is None
    assert amount_named("fee_minor", {"fee_minor": 90, "currency": "JPY"}) == Money(
        amount_minor=90, currency="JPY"
    )


def test_a_time_is_written_in_utc_and_says_so() -> None:
    """A time with an offset is converted, also over the end of a year."""
    at = datetime(2027, 1, 1, 1, 5, 9, tzinfo=timezone(timedelta(hours=2)))
    assert format_day(at) == "31 December 2026"
    assert format_moment(at) == "23:05 UTC on 31 December 2026"
    assert format_short(at) == "31 Dec 2026 23:05 UTC"
    assert format_stamp(at) == "2026-12-31 23:05:09 UTC"
    assert format_stamp(at.astimezone(UTC), seconds=False) == "2026-12-31 23:05 UTC"
