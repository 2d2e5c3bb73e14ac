"""The generic reviewer `judge`: each broken check is one exception, with its rule and a quote."""

from typing import Any

import pytest

from dispatch.models.work.finding import Evidence, Statement
from dispatch.roles.supported import unsupported
from tests.roles.texts.briefs import review

LETTER = "Dear Kim,\n\nyour saw costs EUR 4.50. Obviously.\n\nKind regards\nThe shed"


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"in": "first_line", "must_contain": ["Dear"]}, None),
        ({"in": "first_line", "must_contain": ["Hello", "Hi"]}, "none of these is there: Hello, Hi"),
        ({"must_not_contain": ["obviously"]}, "it must not say this: “obviously”"),
        ({"pattern": r"EUR \d+"}, None),
        ({"pattern": r"USD \d+"}, "what it must hold is not there"),
        ({"not_pattern": r"costs EUR \d\.\d\d"}, "it must not hold this: “costs EUR 4.50”"),
        ({"max_chars": 20}, "characters, 20 are allowed"),
        ({"min_chars": 500}, "characters, 500 are the least"),
        ({"in": "title", "must_contain": ["Tools"]}, None),
        ({"in": "last_lines", "must_contain": ["Kind regards"]}, None),
    ],
)
async def test_a_broken_check_is_told_with_its_quote(check: dict[str, Any], told: str | None) -> None:
    """A check that holds says nothing; a broken one names its rule, its severity and the words."""
    said = await review({"checks": [{"name": "rule", "severity": "critical", **check}]}, LETTER)
    if told is None:
        assert said == ()
        return
    [exception] = said
    assert told in exception.text
    assert (exception.standard, exception.severity.value) == ("standards.rule", "critical")


async def test_every_statement_is_held_against_what_it_cites() -> None:
    """A figure that no cited evidence holds, and a citation of what is not there, are exceptions of their items."""
    evidence = (Evidence(evidence_id="book.item-1", source="records", reference="p. 3", text="saw EUR 4.50"),)
    good = Statement(text="The saw costs EUR 4.50.", item_ids=("item-1",), evidence_ids=("book.item-1",))
    wrong = good.model_copy(update={"text": "The saw costs EUR 5.40."})
    unknown = good.model_copy(update={"evidence_ids": ("book.item-9",)})
    config = {"checks": [{"name": "sources", "cites": True}]}
    assert await review(config, LETTER, good, evidence=evidence) == ()
    for statement, told in (
        (wrong, "the amount is in none"),
        (unknown, "it cites no evidence that there is"),
    ):
        said = await review(config, LETTER, statement, evidence=evidence)
        assert said
        assert told in said[0].text
        assert said[0].item_ids == ("item-1",)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("It costs EUR 4.50 and was due on 5 March 2026.", set()),
        ("Es kostet 4,50 EUR und war am 5. März 2026 fällig.", set()),
        ("It costs EUR 45.00.", {"amount"}),
        ("It is due on 6 March 2026.", {"date"}),
        ("See https://shed.example/rules.", set()),
        ("See https://shed.example.evil.example/rules.", {"link"}),
        ("Write to kim@club.example.", set()),
        ("Write to tim@club.example.", {"address"}),
        ("The loan LN-77 ends.", set()),
        ("The loan LN-78 ends.", {"number"}),
        ("It was lent by Ada Quist.", set()),
        ("It was lent by Ada Quest.", {"name"}),
        ("Bitte geben Sie Ihr Gerät zurück.", set()),
        ("You have 3 of them.", set()),
        ("You have 13 of them.", {"figure"}),
    ],
)
def test_what_a_text_says_beyond_its_evidence(text: str, kinds: set[str]) -> None:
    """Amounts, dates, links, addresses, numbers, names and figures are found in the evidence, or named."""
    evidence = [
        "price EUR 4.50, due 2026-03-05, 3 left",
        "lent by Ada Quist (kim@club.example) as LN-77, see https://shed.example/rules",
    ]
    assert {one.kind for one in unsupported(text, evidence)} == kinds
