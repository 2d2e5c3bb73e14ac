"""What a desk sends as it stands in its playbook: nothing in it may be left for a reader to fill in."""

from typing import Any

import pytest

from dispatch.models.work.playbook import Playbook
from dispatch.playbooks.text_checks import text_problems
from tests.asked import playbook_content


def problems(**changes: Any) -> list[tuple[str, str, str]]:
    return list(text_problems(Playbook.model_validate(playbook_content(**changes))))


@pytest.mark.parametrize(
    ("answer", "requires", "problem", "remedy"),
    [
        ("Of {tool} none.", [], "{tool} would be sent as it stands", "(nothing yet)"),
        ("Of {tool} none.", ["order_number"], "{tool} would be sent as it stands", "(order_number)"),
        ("Of {} none.", ["order_number"], "{} would be sent as it stands", "(order_number)"),
        ("Of {order_number none.", ["order_number"], "a brace stands alone", "Close it"),
        ("Of {order_number} none}.", ["order_number"], "a brace stands alone", "Close it"),
    ],
)
def test_what_nothing_would_fill_is_refused(
    answer: str, requires: list[str], problem: str, remedy: str
) -> None:
    """An answer may hold the fields that its intent requires, and no other brace."""
    for way in ("answer", "refuse"):
        intent = {"phrases": ["opening hours"], "requires": requires, way: answer}
        ((path, found, told),) = problems(intents={"hours": intent}, routing_rules=[])
        assert (path, found) == (f"intents.hours.{way}", problem)
        assert remedy in told


def test_what_is_required_may_stand_in_every_language() -> None:
    """Each of an answer's texts is looked at."""
    texts = {"en": "For {order_number}.", "de": "Für {order_number}."}
    intents = {"hours": {"phrases": ["x"], "requires": ["order_number"], "answer": texts}}
    assert problems(languages=["en", "de"], intents=intents, routing_rules=[]) == []
    intents["hours"]["answer"] = texts | {"de": "Für {order}."}
    assert [path for path, *_ in problems(languages=["en", "de"], intents=intents, routing_rules=[])] == [
        "intents.hours.answer.de"
    ]


def test_questions_and_notices_hold_no_placeholder() -> None:
    """Nothing is known yet when they are sent."""
    assert [path for path, *_ in problems(notices={"rejected": "No, {name}."})] == ["notices.rejected"]
    fields = playbook_content()["fields"]
    fields["damage"]["question"] = "What of {order_number}?"
    assert [path for path, *_ in problems(fields=fields)] == ["fields.damage.question"]
