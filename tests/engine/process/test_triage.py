from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.models.request.classified import Candidate, Classified, Understanding
from dispatch.models.request.intake import Triage, TriageBrief
from dispatch.models.request.item import OTHER
from dispatch.models.request.submission import Party
from dispatch.models.work.playbook import PlaybookInForce
from dispatch.process.intake import OVERFLOW_ITEM, take_in
from dispatch.process.routing import triage
from dispatch.process.sorting import texts_of
from tests.asked import HANDOFF, RECEPTION, in_force, submission
from tests.desk import SHIPPED

SUPPORT = in_force()
WEBSITE = in_force(desk="website", routing={"phrases": ["web page", "order form", "typo"]})
BOTH = {"support": SUPPORT, "website": WEBSITE}


def triaged(
    body: str, subject: str = "", playbooks: dict[str, PlaybookInForce] | None = None, **changes: Any
) -> Triage:
    desk = changes.pop("named", None)
    came = submission(body, subject, **changes)
    brief = TriageBrief(handoff=HANDOFF, intake=take_in(came, HANDOFF), submission=came, desk=desk)
    return triage(brief, BOTH if playbooks is None else playbooks, RECEPTION)


def test_a_named_desk_is_taken() -> None:
    """Who names a desk gets it, whatever the text says; a person's word comes before the submitter's."""
    assert triaged("refund my order", desk="website").playbook == WEBSITE
    assert triaged("refund my order", desk="website", named="support").playbook == SUPPORT


def test_an_unknown_named_desk_goes_to_a_person() -> None:
    """A wrong name is not quietly replaced by a guess."""
    result = triaged("refund my order", desk="sales")
    assert result.playbook is None
    assert result.why == "the named desk 'sales' does not exist; a person routes"
    assert (result.desks, result.reception, result.handoff) == (("support", "website"), RECEPTION, HANDOFF)


@pytest.mark.parametrize(
    ("body", "desk"),
    [
        ("Please REFUND my order", "support"),
        ("There is a typo on the web page", "website"),
        ("I want my money  back", "support"),
        ("the orders", None),
        ("A reorder of things", None),
        ("a typo in my order", None),
        ("", None),
    ],
)
def test_phrases_route_as_whole_words(body: str, desk: str | None) -> None:
    """The desk with the best fit gets it; a tie and no fit go to a person."""
    playbook = triaged(body).playbook
    assert (playbook.ref.desk if playbook else None) == desk


def test_kinds_come_from_the_most_phrases() -> None:
    """Each item is sorted alone: more hits win, then longer ones, then the first declared."""
    body = "1. My lamp arrived broken, refund me\n2. Refund DD-10001\n3. oeffnungszeiten ÖFFNUNGSZEITEN\n4. dance order"
    assert [item.kind for item in triaged(body).items] == ["damaged", "refund", "hours", OTHER]


def test_the_subject_sorts_a_single_item_that_says_nothing() -> None:
    """'Subject: Refund' with 'please help' is a refund; with two items it is not told whose subject it is."""
    assert [i.kind for i in triaged("Can you help me with this?", "Refund of an order").items] == ["refund"]
    two = triaged("Can you wrap it?\n\nCan you call me?", "Refund of an order")
    assert [item.kind for item in two.items] == [OTHER, OTHER]


def test_the_item_of_too_many_asks_has_no_kind() -> None:
    """Sorting it by its best phrase would skip the other asks in silence."""
    items = triaged("\n".join("- refund my order" for _ in range(25))).items
    assert items[-1].item_id == OVERFLOW_ITEM
    assert (items[0].kind, items[-1].kind) == ("refund", OTHER)


def test_fields_come_from_the_item_itself_first() -> None:
    """Each ask keeps the order that it names, in the record's own spelling."""
    items = triaged("1. refund dd-10001\n2. where is DD-10002?\n3. your opening hours?", "order").items
    assert [item.fields for item in items] == [{"order_number": "DD-10001"}, {"order_number": "DD-10002"}, {}]


def test_a_value_that_is_alone_in_the_request_serves_all_that_need_it() -> None:
    """An order number in the subject is meant for the asks below it; two of them are not guessed from."""
    assert triaged("where is it?", "Order DD-10001").items[0].fields == {"order_number": "DD-10001"}
    assert triaged("where is it?", "Orders DD-10001 and DD-10002", desk="support").items[0].fields == {}


def test_a_field_that_only_a_handoff_rule_asks_for_is_filled_too() -> None:
    """A refund requires no number here, but a rule would ask for it: it is there, so it is used."""
    assert triaged("refund it?", "Order DD-10001").items[0].fields == {"order_number": "DD-10001"}


def test_what_is_quoted_tells_no_field_and_no_urgency() -> None:
    """An earlier mail below the sender's own words does not count as new words."""
    quoted = "Where is my order?\n\n> Dear Jane, your order DD-10002 is urgent."
    assert (triaged(quoted).items[0].fields, triaged(quoted).ranking.urgency) == ({}, 3)


def test_what_one_item_tells_of_itself_is_not_said_of_another() -> None:
    """The damage of one thing must not widen the refund window of another."""
    items = triaged("1. refund DD-10001\n2. the lid is cracked, it arrived broken, DD-10002").items
    assert items[0].fields == {"order_number": "DD-10001"}
    assert items[1].fields == {"order_number": "DD-10002", "damage": "the lid is cracked"}


def test_stated_fields_go_to_every_item_where_they_fit() -> None:
    """A form's fields are checked like an answer; what the playbook does not know is named and left out."""
    result = triaged(
        "1. refund it\n2. where is DD-10002? order",
        fields={"order_number": "dd-10001", "colour": "red", "damage": "x"},
    )
    assert [item.fields for item in result.items] == [
        {"order_number": "DD-10001"},
        {"order_number": "DD-10002"},
    ]
    assert "stated fields that the desk cannot use: colour, damage" in result.why


@pytest.mark.parametrize(
    ("body", "priority"),
    [
        ("order", 3),
        ("order at once", 2),
        ("order, at once, or my lawyer, no hurry", 1),
        ("order, no hurry", 5),
    ],
)
def test_the_most_urgent_sign_wins(body: str, priority: int) -> None:
    """Urgency is the playbook's unless the request shows a sign; alone it makes the priority of the same number."""
    result = triaged(body)
    assert (result.ranking.urgency, result.rank.priority_key) == (priority, priority)
    assert result.rank.in_words in result.why


@given(
    body=st.text(max_size=300),
    subject=st.text(max_size=80),
    address=st.text(max_size=100),
    named=st.none() | st.text(max_size=20),
    fields=st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=4),
)
def test_triage_is_total(
    body: str, subject: str, address: str, named: str | None, fields: dict[str, str]
) -> None:
    """Any text gives a triage that keeps every item, with a kind of the desk or 'other'."""
    came = submission(body, subject, sender=Party(address=address), fields=fields)
    intake = take_in(came, HANDOFF)
    result = triage(TriageBrief(handoff=HANDOFF, intake=intake, submission=came, desk=named), BOTH, RECEPTION)
    assert [(i.item_id, i.text) for i in result.items] == [(i.item_id, i.text) for i in intake.items]
    assert result.rank.score == sum(reason.points for reason in result.rank.reasons)
    assert 0 < len(result.fairness_key.encode()) <= 64
    intents = result.playbook.playbook.intents if result.playbook else {}
    assert all(item.kind in {*intents, OTHER} for item in result.items)


def test_without_any_playbook_a_person_routes() -> None:
    """No desk at all is no reason to fail."""
    assert triaged("refund", playbooks={}).playbook is None


@pytest.mark.parametrize(
    ("body", "desk"),
    [
        ("I forgot my password.", "helpdesk"),
        ("My parcel has a password on it.", None),
        ("Where is my parcel? I want a refund, for I lost my password to the shop.", "support"),
    ],
)
def test_phrases_decide_between_desks_whose_examples_both_take_it(body: str, desk: str | None) -> None:
    """The desk with more of its routing phrases in the text gets it; where they are as many, a person routes."""
    came = submission(body, "")
    brief = TriageBrief(handoff=HANDOFF, intake=take_in(came, HANDOFF), submission=came)
    both = {name: SHIPPED.by_desk[name] for name in ("helpdesk", "support")}
    read = Classified(candidates=(Candidate(intent="other", score=0.5),), in_scope=0.9)
    texts = texts_of(brief).all()
    understanding = Understanding(by_desk={name: (read,) * len(texts) for name in both})
    result = triage(brief, both, RECEPTION, understanding)
    assert (result.playbook.playbook.desk if result.playbook else None) == desk
    if desk is None:
        assert "fit equally well; a person routes" in result.why
