"""The writings of a field's value: what people write becomes the one form that records know."""

import pytest

from dispatch.models.work.playbook import FieldSpec
from dispatch.playbooks.field_checks import field_problems
from dispatch.process.fields import field_values, whole_value
from tests.desk import SHIPPED

TICKET = FieldSpec.model_validate(
    {
        "question": "Which ticket?",
        "pattern": r"T-\d{3}",
        "example": "T-123",
        "writings": [
            {"pattern": r"(?i)\bticket (?:no\.? )?(\d{3})", "value": "T-{}"},
            {"pattern": r"\*(\d{3})", "value": "T-{}"},
        ],
    }
)
ORDER = SHIPPED.by_desk["support"].playbook.fields["order_number"]
DAMAGE = SHIPPED.by_desk["support"].playbook.fields["damage"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It is T-123.", ("T-123",)),
        ("ticket no. 123 and t-123, also *123", ("T-123",)),
        ("Ticket 123 and *456", ("T-123", "T-456")),
        ("ticket 1234, *1234", ()),
        ("my tickets 123", ()),
    ],
)
def test_every_writing_becomes_the_one_form(text: str, values: tuple[str, ...]) -> None:
    """The same value told twice is one value; part of a longer number is none."""
    assert field_values(TICKET, text) == values


def test_an_answer_may_be_written_as_people_write_it() -> None:
    """An answer must be one writing in full."""
    assert whole_value(TICKET.pattern, "ticket no. 123", TICKET.writings) == "T-123"
    assert whole_value(TICKET.pattern, "ticket no. 123 or so", TICKET.writings) is None


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order no. 20417?",
        "order number 20417",
        "Order number: 20417",
        "my order number is 20417.",
        "Order #20417",
        "#20417",
        "Bestellnummer 20417",
        "Bestellung Nr. 20417",
        "meine Bestellnummer lautet 20417",
        "Auftragsnr. 20417",
        "DD 20417",
        "dd20417",
        "DD\u201320417",
        "dd - 20417",
        "DD-20417, that is order 20417",
    ],
)
def test_the_support_desk_knows_how_orders_are_written(text: str) -> None:
    """All become the number that the records hold."""
    assert field_values(ORDER, text) == ("DD-20417",)


@pytest.mark.parametrize(
    "text", ["I paid 20417 EUR", "order 204171", "my postcode is 20417", "add 20417", "x#204170"]
)
def test_other_numbers_are_no_orders(text: str) -> None:
    """A number alone says nothing."""
    assert field_values(ORDER, text) == ()


def test_a_description_that_is_told_twice_is_one() -> None:
    """Subject and text tell of one damage; nobody is asked for what was said."""
    (told,) = field_values(DAMAGE, "Broken vase\nThe rim came with a crack.")
    assert told == "Broken vase; The rim came with a crack."


@pytest.mark.parametrize(
    ("writing", "problem"),
    [
        ({"pattern": r"ticket \d{3}", "value": "T-{}"}, "the pattern has not exactly one group"),
        ({"pattern": r"ticket (\d{3})", "value": "T"}, "the value 'T' does not hold {} once"),
        (
            {"pattern": r"(ticket", "value": "T-{}"},
            "it is not a regular expression: missing ), unterminated subpattern",
        ),
        ({"pattern": r"(?:a+)+(b)", "value": "T-{}"}, "a repeat stands inside a repeated group"),
    ],
)
@pytest.mark.parametrize("key", ["writings", "answer_writings"])
def test_a_writing_that_will_not_do_is_refused(key: str, writing: dict[str, str], problem: str) -> None:
    """The loader holds a writing to what it holds a pattern to."""
    spec = FieldSpec.model_validate({**TICKET.model_dump(), key: [writing]})
    ((path, said, remedy),) = field_problems({"ticket": spec})
    assert (path, said.startswith(problem), bool(remedy)) == (f"fields.ticket.{key}.0", True, True)
