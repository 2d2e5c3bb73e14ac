"""The generic role `write`: paragraphs and actions from findings, each with evidence, and nothing that was not found."""

from typing import Any

import pytest

from dispatch.models.work.finding import FindingStatus
from dispatch.models.work.guidance import Declined, Guidance
from dispatch.models.work.playbook import Intent
from tests.roles.texts.briefs import examine, found, item

LENT = {
    "name": "lent",
    "when": [{"value": "book.free", "equals": True}],
    "text": {
        "en": "The {book.tool} is yours until {book.until|day}, for {book.price_minor|money} ({action.bag} bag).",
        "de": "Gerät {book.tool} bis {book.until|day}, für {book.price_minor|money} ({action.bag}).",
    },
    "action": {
        "name": "lend",
        "subject": "tool {book.tool}",
        "parameters": {"price_minor": "{book.price_minor}", "bag": "blue"},
        "why": "{requester.name} asks for the {book.tool}",
    },
}
REFUSED = {"name": "not_free", "text": "The {book.tool} is lent to somebody else.", "refuses": True}
CONFIG = {"paragraphs": [LENT, REFUSED]}
SAW = {
    "tool": "saw",
    "free": True,
    "until": "2026-03-05T10:00:00+00:00",
    "price_minor": 450,
    "currency": "EUR",
}
ITEM = item("May I borrow a saw?")


async def test_a_paragraph_says_what_was_found_and_cites_it() -> None:
    """Amounts and days are written as people read them; the statement cites the template, the values and the finding."""
    finding = await examine("write", CONFIG, ITEM, name="reply", findings=(found("book", SAW),))
    [statement] = finding.statements
    assert statement.text == "The saw is yours until 5 March 2026, for EUR 4.50 (blue bag)."
    sources = {one.evidence_id: one.source for one in finding.evidence}
    assert sources == {
        "reply.template.lent.en": "playbook",
        "reply.item-1.lent": "records",
        "reply.request.item-1": "request",
    }
    assert set(statement.evidence_ids) == {*sources, "book.request"}


async def test_an_action_keeps_types_and_its_evidence() -> None:
    """A placeholder alone keeps the type of its value; the action cites what the paragraph does."""
    finding = await examine("write", CONFIG, ITEM, findings=(found("book", SAW),))
    [action] = finding.recommended
    assert (action.name, action.subject, action.why) == ("lend", "tool saw", "Kim asks for the saw")
    assert action.parameters == {"price_minor": 450, "bag": "blue"}
    assert action.evidence_ids == finding.statements[0].evidence_ids


async def test_it_writes_in_the_requesters_language() -> None:
    """Templates, amounts and days are those of the language."""
    finding = await examine("write", CONFIG, ITEM, findings=(found("book", SAW),), language="de")
    assert finding.statements[0].text == "Gerät saw bis 5. März 2026, für 4,50 EUR (blue)."


async def test_the_next_paragraph_that_fits_may_refuse() -> None:
    """Where the first does not fit, the next is written; a refusal names its rule."""
    finding = await examine("write", CONFIG, ITEM, findings=(found("book", {**SAW, "free": False}),))
    assert [(one.rule, one.reason) for one in finding.refusals] == [
        ("tool.not_free", "The saw is lent to somebody else.")
    ]
    assert finding.recommended == ()


async def test_what_is_not_known_is_never_written() -> None:
    """A paragraph that cannot be filled makes no statement, and the finding is ambiguous: a person reads the item."""
    facts = {"tool": "saw", "free": True}
    finding = await examine("write", CONFIG, ITEM, findings=(found("book", facts),))
    assert (finding.status, finding.statements, finding.recommended) == (FindingStatus.AMBIGUOUS, (), ())
    assert "book.price_minor is not known" in finding.summary or "book.until is not known" in finding.summary


async def test_a_value_that_its_evidence_does_not_hold_is_never_written() -> None:
    """Where the evidence of a finding says another figure than its facts, nothing is written and a person reads it."""
    findings = (found("book", SAW, text="saw; True; 2026-03-05T10:00:00+00:00; 540; EUR"),)
    finding = await examine("write", CONFIG, ITEM, findings=findings)
    assert (finding.status, finding.statements) == (FindingStatus.AMBIGUOUS, ())
    assert "the evidence of book does not hold book.price_minor" in finding.summary


async def test_one_paragraph_for_each_entry_of_a_list() -> None:
    """Each entry has a paragraph and evidence of its own."""
    paragraph = {"name": "fines", "each": "book.fines", "text": "You owe {each.sum} for the {each.tool}."}
    facts = {"fines": [{"sum": "EUR 9.00", "tool": "saw"}, {"sum": "EUR 2.00", "tool": "drill"}]}
    finding = await examine("write", {"paragraphs": [paragraph]}, ITEM, findings=(found("book", facts),))
    said = [one.text for one in finding.statements]
    assert said == ["You owe EUR 9.00 for the saw.", "You owe EUR 2.00 for the drill."]
    ids = {one.evidence_id for one in finding.evidence}
    assert {"tool.item-1.fines.1", "tool.item-1.fines.2"} <= ids


async def test_an_edit_is_what_is_done_and_said() -> None:
    """What an approver edited replaces a parameter, and the paragraph says it."""
    guidance = (Guidance(by="ana", decision_id="d1", edits={"lend/tool saw": {"bag": "red"}}),)
    finding = await examine("write", CONFIG, ITEM, findings=(found("book", SAW),), guidance=guidance)
    assert finding.recommended[0].parameters["bag"] == "red"
    assert "(red bag)" in finding.statements[0].text
    old = (guidance[0].model_copy(update={"superseded": ("lend/tool saw",)}),)
    assert (
        "(blue bag)"
        in (await examine("write", CONFIG, ITEM, findings=(found("book", SAW),), guidance=old))
        .statements[0]
        .text
    )


async def test_what_was_rejected_is_recommended_no_more() -> None:
    """An item whose action a person rejected is neither announced nor done again."""
    declined = (
        Declined(
            name="lend", subject="tool saw", item_ids=("item-1",), by="ana", decision_id="d", reason="no"
        ),
    )
    finding = await examine("write", CONFIG, ITEM, findings=(found("book", SAW),), declined=declined)
    assert (finding.statements, finding.recommended, finding.status) == ((), (), FindingStatus.FOUND)


async def test_a_standing_answer_comes_first() -> None:
    """An intent with an answer of the playbook's is answered with it, whatever paragraphs there are."""
    intents = {"borrow": Intent(phrases=("borrow",), answer="The shed is open on Saturdays.")}
    finding = await examine("write", CONFIG, ITEM, intents=intents)
    assert [one.text for one in finding.statements] == ["The shed is open on Saturdays."]


async def test_facts_of_an_item_are_told_to_that_item_alone() -> None:
    """Each item is written from its own facts, and cites its own evidence."""
    items = {"item-1": {**SAW}, "item-2": {**SAW, "tool": "drill"}}
    both = (ITEM, item("And a drill?", 2))
    finding = await examine("write", CONFIG, *both, findings=(found("book", items=items),))
    cited = {one.item_ids[0]: one.evidence_ids for one in finding.statements}
    assert ["saw" in one.text for one in finding.statements] == [True, False]
    assert "book.item-2" not in cited["item-1"]
    assert "book.item-1" not in cited["item-2"]


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ({"value": "book.tool", "equals": "SAW"}, True),
        ({"value": "book.tool", "not_equals": "saw"}, False),
        ({"value": "book.tool", "one_of": ["drill", "Saw"]}, True),
        ({"value": "book.colour", "known": False}, True),
        ({"value": "book.colour", "not_equals": "red"}, False),
        ({"value": "book.tool", "same_as": "item.wanted"}, True),
        ({"value": "book.tool", "not_same_as": "item.colour"}, False),
        ({"value": "book.status", "equals": "found"}, True),
    ],
)
async def test_conditions(test: dict[str, Any], holds: bool) -> None:  # noqa: FBT001
    """Texts are compared whatever their case; of what is not known only `known: false` holds."""
    config = {"paragraphs": [{"name": "yes", "when": [test], "text": "Yes."}]}
    finding = await examine("write", config, item("a saw", wanted="saw"), findings=(found("book", SAW),))
    assert bool(finding.statements) == holds
