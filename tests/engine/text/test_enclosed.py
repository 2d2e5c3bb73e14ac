"""What a sender encloses is material: it makes no item and sets nothing, and it is there for those who work on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.request.item import Item
from dispatch.models.work.plan import Question
from dispatch.process.answers import read_answer, values_told
from dispatch.process.fields import enclosed_value
from dispatch.text.enclosed import enclosing
from dispatch.text.new_words import new_words, own_words
from tests.engine.text.taken_in import take_in_body


@pytest.mark.parametrize(
    ("text", "around", "enclosed"),
    [
        ("Hi.\nCopy:\nBuy it.\n-- \nJo", "Hi.\n-- \nJo", "Buy it."),
        ("--- copy ---\nOne.\n\nTwo.\n--- end ---\nThanks", "Thanks", "One.\n\nTwo."),
        ("Post text: Buy it.\nNow.", "", "Buy it.\nNow."),
        ("Hier ist der Text:\nKauf es.", "", "Kauf es."),
        ("**Draft copy:**\nBuy it.", "", "Buy it."),
    ],
)
def test_a_mark_encloses_what_follows(text: str, around: str, enclosed: str) -> None:
    """Up to an end mark, the signature or the end."""
    assert enclosing(text) == (around, enclosed)


@pytest.mark.parametrize(
    "text",
    [
        "The text: it was wrong, and I want my money back.",
        "Please send me a copy: I lost mine.",
        "I have a question about the text.",
        "Copy:\n",
        "My order:\nDD-10001",
        "Draft a contract, please.",
    ],
)
def test_a_sentence_is_no_mark(text: str) -> None:
    """Only a line that is the mark alone, or one that nobody begins a sentence with."""
    assert enclosing(text).enclosed is None
    assert own_words(text) == text.strip()


@given(st.text(max_size=200))
def test_any_text_is_taken_apart(text: str) -> None:
    """Nothing is lost where nothing is enclosed, and nothing fails."""
    found = enclosing(text)
    assert found.around == text or found.enclosed


def test_enclosed_asks_make_no_items() -> None:
    """Copy is full of imperatives; the sender asks for what stands around it."""
    items = take_in_body("Please publish this.\n\nCopy:\nRefund me. Where is my order? Please call us.").items
    assert [item.text for item in items] == ["Please publish this."]
    assert "Refund" not in new_words("Hi\n\nCopy:\nRefund me.")


_QUESTION = Question(
    field="copy",
    text="Send the copy.",
    item_ids=("item-1",),
    pattern=".{10,}",
    example="Text: x",
    enclosed=True,
)
_ITEM = Item(item_id="item-1", text="Publish it.")


def test_an_answer_encloses_or_attaches_what_was_asked_for() -> None:
    """The lines of the text are kept; of documents the names are the value; an answer without either tells nothing."""
    assert values_told((_QUESTION,), "Here.\n\nCopy:\nOne.\n\nTwo.") == {"copy": "One.\n\nTwo."}
    assert values_told((_QUESTION,), "Here.", ("a.md", "b.txt")) == {"copy": "a.md, b.txt"}
    assert values_told((_QUESTION,), "I will send it tomorrow.") == {}
    items, problems = read_answer((_QUESTION,), (_ITEM,), {"copy": "One.\r\n\r\nTwo."})
    assert (items[0].fields, problems) == ({"copy": "One.\n\nTwo."}, ())


def test_the_value_of_an_enclosed_field_says_where_it_is() -> None:
    """The documents' names, else how the text begins."""
    assert enclosed_value("One.\nTwo.", ()) == "One. Two."
    assert enclosed_value("One.", ("a.md",)) == "a.md"
    assert enclosed_value(None, ()) is None


@pytest.mark.parametrize(
    "form",
    [
        "Name: Ada Park\nOrder: DD-10001\nText:\nPlease refund it.",
        "Name: Ada Park\n\nE-Mail: ada@mail.example\n\nText:\nBitte erstatten Sie die Bestellung.",
    ],
)
def test_the_text_of_a_contact_form_is_the_senders_own(form: str) -> None:
    """Between other labels 'Text:' is a field of a form: what stands below it is asked, and must not vanish."""
    assert enclosing(form).enclosed is None
