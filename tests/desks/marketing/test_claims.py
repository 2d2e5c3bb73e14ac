"""What is a claim, what is none, and which claims are approved."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import pytest

from desks.marketing.copy.plain import read_plain
from desks.marketing.models.brand import ApprovedClaim, Brand, Claims
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.claims.approval import Approved
from desks.marketing.rules.claims.finding import claims_in
from desks.marketing.rules.claims.kinds import KINDS, Kind
from tests.bounded import Bench, running_bench, slow_texts
from tests.engine.text.pattern_units import units_of

_CHARS: Final = 10_000
_CPU_SECONDS: Final = 0.5


def _kinds(text: str) -> list[str]:
    return [claim.kind.name for claim in claims_in(read_plain(text))]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The fastest laptop in Europe.", ["superlative"]),
        ("Save 20% on all tents until 31 December.", ["price", "deadline"]),
        ("Free shipping on orders over €50.", ["price", "price"]),
        ("It cures headaches and boosts your immune system.", ["health", "health"]),
        ("Earn up to 8% interest a year, risk-free.", ["money", "money"]),
        ("10,000 customers trust us.", ["number"]),
        ("Unsere Jacken sind leichter als andere.", ["comparison"]),
        ("Der schnellste Versand Deutschlands, nur bis Freitag.", ["superlative", "deadline"]),
        ("Only 5 left!", ["deadline"]),
        ("We guarantee dry feet.", ["guarantee"]),
        ("Version 2.1 is 3x faster than version 2.0.", ["number", "comparison"]),
        ("It is not only the lightest tent, it is warm.", ["superlative"]),
        ("Nur 19,99 € statt 29,99 €.", ["price", "price"]),
    ],
)
def test_a_claim_is_found(text: str, kinds: list[str]) -> None:
    """Figures, rank, comparison, price, deadline, effect: each in its kind, in English and German."""
    assert _kinds(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "We are not the cheapest shop in town.",
        "Join us on 3 December at 10:00 in Berlin.",
        "Call +49 30 1234567 or 030-123-4567.",
        "Version 2.1.3 is here.",
        '"It is the best tent I ever had", says Jane Doe.',
        "> The best tent I ever had, and 20% off.",
        "Do your best and learn the best practices.",
        "Looking for the best way to install it?",
        "Our stores are open on 24 December until 14:00.",
        "More than 50 guests came to the opening.",
        "Our workshop is free of jargon.",
        "Wir sind nicht der billigste Laden.",
        "ISO 9001 and page 12, room 4.",
    ],
)
def test_what_is_denied_quoted_or_only_a_figure_is_no_claim(text: str) -> None:
    """Dates of an event, telephone numbers, versions, customers' words and what is denied ask for no proof."""
    assert _kinds(text) == []


def _brand(**claim: object) -> Brand:
    entry = {"text": "99.9 % uptime", "source": "report", "expires": date(2026, 12, 31)} | claim
    return Brand(brand="Kestrel", claims=Claims(approved=(ApprovedClaim.model_validate(entry),)))


def _flags(brand: Brand, text: str, **occasion: object) -> list[str]:
    given = {"launch": date(2026, 12, 1)} | occasion
    return [one.rule for one in Approved(brand).check(read_plain(text), Occasion.model_validate(given))]


def test_an_approved_claim_is_known_however_it_is_written() -> None:
    """Case, punctuation, per cent and groups of digits make no difference; another figure does."""
    brand = _brand()
    assert _flags(brand, "We offer 99.9% UPTIME.") == []
    assert _flags(brand, "We offer 99,9 percent uptime.") == []
    assert _flags(brand, "We offer 99.99% uptime.") == ["claim.number"]
    assert _flags(brand, "99.9 % uptime and 50% less noise.") == ["claim.number"]


def test_an_approval_ends_and_holds_where_it_was_given() -> None:
    """On its last day it holds, a day later it has expired; for another region or channel it does not count."""
    assert _flags(_brand(), "99.9 % uptime", launch=date(2026, 12, 31)) == []
    assert _flags(_brand(), "99.9 % uptime", launch=date(2027, 1, 1)) == ["claim.expired"]
    assert _flags(_brand(regions=("AT",)), "99.9 % uptime", region="DE") == ["claim.number"]
    assert _flags(_brand(regions=("AT",)), "99.9 % uptime", region="AT") == []


def test_a_regulated_claim_is_told_each_time() -> None:
    """It is approved, and still a person signs; also where no pattern takes it for a claim."""
    brand = _brand(text="relieves pressure on your shoulders", regulated=True)
    assert _flags(brand, "The belt relieves pressure on your shoulders.") == ["claim.regulated"]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with running_bench() as bench:
        yield bench


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_text_makes_a_pattern_run_away(bench: Bench, kind: Kind) -> None:
    """Each pattern takes linear time over what it feeds on, so that no copy can hang a worker."""
    for pattern in kind.patterns:
        arguments = (pattern.pattern, pattern.flags & ~re.UNICODE, units_of(pattern), _CHARS, _CPU_SECONDS)
        assert bench.run(kind.name, slow_texts, *arguments) == []
