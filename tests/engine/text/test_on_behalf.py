"""Whether a sender says that the request is somebody else's."""

import pytest

from dispatch.models.work.severity import Severity
from dispatch.process.intake import FOR_ANOTHER, take_in
from dispatch.text.on_behalf import writes_for_another
from tests.asked import HANDOFF, submission


@pytest.mark.parametrize(
    "text",
    [
        "I am writing for Ada Byron.",
        "I\u2019m writing for Mrs. Byron-King about her lamp.",
        "On behalf of my neighbour I ask where the parcel is.",
        "I am writing on behalf of Ada.",
        "I am contacting you regarding my mother, who has no computer.",
        "My grandmother ordered a teapot from you.",
        "Our client has purchased two chairs.",
        "Ich schreibe Ihnen f\u00fcr meine Nachbarin.",
        "Im Auftrag von Frau Berger frage ich nach der Lieferung.",
        "Im Namen meiner Mutter bitte ich um Auskunft.",
        "Meine Oma hat bei Ihnen eine Lampe bestellt.",
        "Ich schreibe f\u00fcr Ada Byron.",
        "I am asking for Mrs. Byron where her parcel is.",
        "I am writing on my mother's behalf.",
        "My aunt is waiting for her teapot.",
        "My aunt has received the wrong teapot.",
    ],
)
def test_a_sender_who_writes_for_somebody_else_says_so(text: str) -> None:
    """A person then decides what may be told to whom."""
    assert writes_for_another(text)
    (exception,) = take_in(submission(f"Hello,\n\n{text} Where is order DD-10001?"), HANDOFF).exceptions
    assert (exception.standard, exception.severity) == (FOR_ANOTHER, Severity.MAJOR)


@pytest.mark.parametrize(
    "text",
    [
        "I am writing for a refund.",
        "I am writing for help with my order.",
        "On behalf of our company, thank you for the quick delivery.",
        "I ordered it for my mother.",
        "It is a present for my wife.",
        "I am writing about my mother's birthday present.",
        "Ich habe es f\u00fcr meine Mutter bestellt.",
        "Meine Bestellung ist nicht angekommen.",
        "Im Auftrag steht die falsche Adresse.",
        "I am writing for Order DD-10001.",
        "> I am writing for Ada Byron.",
        "I am asking for Express Shipping.",
        "We are asking for Next Day delivery.",
        "I am writing about my customer account.",
        "I'm writing about my mother's day order.",
        "My husband received the parcel at the door, but the box was empty.",
        "My neighbour received my parcel by mistake.",
        "My wife bought me this lamp, and I want to return it.",
        "My boss is waiting for the invoice.",
        "Meine Frau hat das Paket erhalten, aber die Lampe fehlt.",
        "I ask on my own behalf.",
    ],
)
def test_whoever_writes_for_themselves_is_not_held_up(text: str) -> None:
    """A present for somebody is the sender's own order; a quoted sentence is another's."""
    assert take_in(submission(f"Hello,\n\n{text}\nWhere is order DD-10001?"), HANDOFF).exceptions == ()
