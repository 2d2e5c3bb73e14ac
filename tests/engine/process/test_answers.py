import pytest

from dispatch.models.work.plan import Question
from dispatch.process.answers import read_answer, values_told
from tests.asked import item

ORDER = Question(
    field="order_number", text="Which order?", item_ids=("item-1",), pattern=r"DD-\d{5}", example="DD-10001"
)
DAMAGE = Question(
    field="damage", text="What?", item_ids=("item-1", "item-2"), pattern=r"(?i).{5,200}", example="the lid"
)
ITEMS = (item(1, "damaged"), item(2, "damaged"), item(3, "hours"))


def test_a_good_answer_fills_the_items_concerned() -> None:
    """Each value goes where it was asked for, and nowhere else."""
    items, problems = read_answer(
        (ORDER, DAMAGE), ITEMS, {"order_number": " dd-10001\n", "damage": "the lid\nis off"}
    )
    assert problems == ()
    assert [i.fields for i in items] == [
        {"order_number": "DD-10001", "damage": "the lid is off"},
        {"damage": "the lid is off"},
        {},
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("it is DD-10001", "order_number: 'it is DD-10001' does not fit; an example is 'DD-10001'"),
        ("DD-100012", "order_number: 'DD-100012' does not fit; an example is 'DD-10001'"),
        ("", "order_number: '' does not fit; an example is 'DD-10001'"),
        ("9" * 2001, "order_number: longer than 2,000 characters"),
    ],
)
def test_a_value_must_match_in_full(value: str, problem: str) -> None:
    """A value that does not fit fills nothing and says why."""
    items, problems = read_answer((ORDER,), ITEMS, {"order_number": value})
    assert items == ITEMS
    assert problems == (problem,)


def test_a_field_that_was_not_asked_for_changes_nothing() -> None:
    """An answer cannot slip in what nobody asked; the good part of it is still used."""
    items, problems = read_answer((ORDER,), ITEMS, {"kind": "refund", "order_number": "DD-10002"})
    assert problems == ("'kind': not asked for; asked: order_number",)
    assert items[0].fields == {"order_number": "DD-10002"}
    assert items[0].kind == "damaged"


def test_hidden_characters_do_not_make_an_answer_fail() -> None:
    """A number pasted with a zero-width space is the number."""
    items, problems = read_answer((ORDER,), ITEMS, {"order_number": "DD-\u200b10001"})
    assert (items[0].fields, problems) == ({"order_number": "DD-10001"}, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is DD-10007.", {"order_number": "DD-10007"}),
        ("It is DD-10001.", {"order_number": "DD-10001"}),
        ("\nFrom the desk\n- Which order? (for example: DD-10001)\n", {}),
        ("DD-10007\n- Which\norder? (for example: DD-10001)\n", {"order_number": "DD-10007"}),
        ("DD-10007 or DD-10008", {}),
    ],
)
def test_the_example_of_a_question_is_no_answer_to_it(text: str, told: dict[str, str]) -> None:
    """Some programs quote without any mark; who names the very order of the example has told it all the same."""
    assert values_told((ORDER,), text) == told
