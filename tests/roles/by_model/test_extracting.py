"""The form of `extract`: what a model may add to what the patterns found, and what it may not."""

import re
from typing import Any

import pytest
from pydantic import JsonValue

from activities.contracts import Systems
from activities.roles.specialists.extract import Extract
from dispatch.models.work.finding import Finding, FindingStatus
from dispatch.roles.extraction import stands_at
from tests.roles.by_model.filling import form_of, problems, taken
from tests.roles.texts.briefs import brief_of, examine, item

TEXT = "Please book the sander for 3 days from Tuesday, at most 49.90. It is for the nursery, shelf B4 or shelf C2."
FIELDS: dict[str, Any] = {
    "purpose": {"about": "what the tool is for", "schema": {"type": "string", "maxLength": 30}},
    "days": {"schema": {"type": "integer", "minimum": 1, "maximum": 14}},
    "limit": {"schema": {"type": "integer", "maximum": 100_000}},
    "shelf": {"pattern": r"\bshelf ([A-Z]\d)\b"},
    "tool": {"pattern": r"\b(sander|saw)\b"},
}
EXTRACT = Extract(Systems())
BRIEF = brief_of({"fields": FIELDS}, item(TEXT), body=f"{TEXT}\nYours, Kim")


def _says(**fields: Any) -> dict[str, Any]:
    return {"item-1": {name: {"source": "item", **entry} for name, entry in fields.items()}}


def test_only_what_the_patterns_leave_open_is_asked() -> None:
    """The tool was found; two shelves were, so that one may be chosen; the text is data under the item's name."""
    form = form_of(EXTRACT, BRIEF)
    asked = form.schema["properties"]["item-1"]["properties"]
    assert list(asked) == ["purpose", "days", "limit", "shelf"]
    assert asked["purpose"]["description"] == "what the tool is for"
    assert [(block.name, block.text) for block in form.data] == [("item-1", TEXT)]
    assert form.names == ("Kim",)


def test_nothing_is_asked_where_the_patterns_found_all() -> None:
    """A question that could change nothing costs nothing."""
    assert EXTRACT.form(brief_of({"fields": {"tool": FIELDS["tool"]}}, item(TEXT))) is None


def test_what_a_model_read_is_a_finding_as_by_rules() -> None:
    """Value, quote and position; what the pattern found stands beside it, and what is not said is left out."""
    said = _says(
        purpose={"value": "The nursery", "quote": "for the nursery"}, days={"value": 3, "quote": "3 days"}
    )
    finding: Finding = taken(EXTRACT, BRIEF, said)
    assert finding.facts["by_item"] == {"item-1": {"purpose": "The nursery", "days": 3, "tool": "sander"}}
    for evidence in finding.evidence:
        start, end = map(int, re.findall(r"\d+", evidence.reference.partition("characters")[2]))
        assert stands_at(TEXT, start, evidence.text)
        assert end == start + len(evidence.text)
    assert finding.status is FindingStatus.AMBIGUOUS, "two shelves, and nobody chose"


def test_of_several_values_a_model_chooses_one_that_the_pattern_found() -> None:
    """One of the rules' values is taken; another one of the same form is not."""
    chosen: Finding = taken(EXTRACT, BRIEF, _says(shelf={"value": "C2", "quote": "shelf C2"}))
    assert (chosen.status, chosen.facts["by_item"]) == (
        FindingStatus.FOUND,
        {"item-1": {"shelf": "C2", "tool": "sander"}},
    )
    assert problems(form_of(EXTRACT, BRIEF), _says(shelf={"value": "B4", "quote": "shelf C2"}))


@pytest.mark.parametrize(
    "said",
    [
        _says(purpose={"value": "the nursery", "quote": "it is for the nursery"}),
        _says(purpose={"value": "the nursery", "quote": "the nursery", "source": "body"}),
        _says(purpose={"value": "a nursery", "quote": "for the nursery"}),
        _says(purpose={"value": "nurse", "quote": "nursery"}),
        _says(purpose={"value": "", "quote": "nursery"}),
        _says(purpose={"value": " ", "quote": " "}),
        _says(purpose={"value": "https://evil.example", "quote": "for the nursery"}),
        _says(purpose={"value": "the sander for 3 days from Tuesday, at most", "quote": TEXT[12:60]}),
        _says(days={"value": 30, "quote": "3 days"}),
        _says(days={"value": 49, "quote": "49.90"}),
        _says(days={"value": 49, "quote": "at most 49.90"}),
        _says(limit={"value": 4990, "quote": "49.90"}),
        _says(limit={"value": 90, "quote": "49.90"}),
        _says(days={"value": "3", "quote": "3 days"}),
        _says(days={"value": True, "quote": "3 days"}),
        _says(shelf={"value": "shelf C2", "quote": "shelf C2"}),
        _says(tool={"value": "saw", "quote": "sander"}),
        {"item-1": {}, "item-2": {"purpose": {"value": "x", "quote": "x", "source": "item"}}},
        {"item-1": {"action": "issue_refund"}},
    ],
)
def test_a_value_that_its_quote_does_not_hold_is_no_value(said: dict[str, Any]) -> None:
    """Not verbatim, from another source, longer or shorter, another figure, another type, a field that is not asked."""
    assert problems(form_of(EXTRACT, BRIEF), said)


async def test_without_a_model_a_field_without_a_pattern_is_not_taken_for_unsaid() -> None:
    """The finding is ambiguous and says why, so that a routing rule can give it to a person."""
    finding = await examine("extract", {"fields": {"purpose": FIELDS["purpose"]}}, item(TEXT))
    assert finding.status is FindingStatus.AMBIGUOUS
    assert "only a model can find purpose, and none did" in finding.summary
    answered: Finding = taken(EXTRACT, brief_of({"fields": {"purpose": {}}}, item(TEXT)), {"item-1": {}})
    assert answered.status is FindingStatus.NOTHING


def test_all_values_of_a_field_may_be_read() -> None:
    """With `several: all` each value has its quote; the same one twice is one."""
    brief = brief_of({"fields": {"places": {"several": "all"}}}, item(TEXT))
    entries: list[JsonValue] = [
        {"value": one, "quote": one, "source": "item"} for one in ("nursery", "shelf B4", "nursery")
    ]
    finding: Finding = taken(EXTRACT, brief, {"item-1": {"places": entries}})
    assert finding.facts["by_item"] == {"item-1": {"places": ["nursery", "shelf B4"]}}
    assert [one.evidence_id for one in finding.evidence] == ["tool.item-1.places", "tool.item-1.places.2"]


async def test_a_label_without_phrases_is_never_ruled_out_by_phrases() -> None:
    """Another label's phrase is there, and still nothing is sure without a model."""
    finding = await examine("classify", {"labels": {"garden": ["hedge"], "gift": []}}, item("for my hedge"))
    assert finding.status is FindingStatus.AMBIGUOUS
    assert "only a model can tell gift, and none did" in finding.summary
    told = {"labels": {"garden": ["hedge"], "house": []}, "otherwise": "house"}
    assert (await examine("classify", told, item("for my hedge"))).status is FindingStatus.FOUND
