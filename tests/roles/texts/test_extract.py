"""The generic role `extract`: values with their quotes, found where the finding says."""

import re
from typing import Any

import pytest

from dispatch.models.work.finding import FindingStatus
from dispatch.roles.extraction import stands_at
from tests.roles.texts.briefs import examine, item

CONFIG: dict[str, Any] = {"fields": {"shelf": {"pattern": r"\bshelf ([A-Z]\d)\b"}}}


async def test_a_value_has_its_quote_at_its_position() -> None:
    """The evidence quotes the value verbatim and says where it stands in its source."""
    text = "The saw is on shelf B4, I think."
    finding = await examine("extract", CONFIG, item(text))
    assert finding.facts["by_item"] == {"item-1": {"shelf": "B4"}}
    [evidence] = finding.evidence
    start, end = map(int, re.findall(r"\d+", evidence.reference.partition("characters")[2]))
    assert (evidence.text, text[start:end], evidence.source) == ("B4", "B4", "request")
    assert stands_at(text, start, "B4")
    assert not stands_at(text, start + 1, "B4")


async def test_two_values_are_ambiguous_and_none_is_nothing() -> None:
    """Of two different values none is taken; the same one said twice is one."""
    both = await examine("extract", CONFIG, item("From shelf A1 to shelf B4"))
    assert (both.status, both.facts["by_item"], both.evidence) == (FindingStatus.AMBIGUOUS, {}, ())
    twice = await examine("extract", CONFIG, item("shelf A1, yes, shelf A1"))
    assert (twice.status, twice.facts["by_item"]) == (FindingStatus.FOUND, {"item-1": {"shelf": "A1"}})
    assert (await examine("extract", CONFIG, item("no shelf"))).status is FindingStatus.NOTHING


@pytest.mark.parametrize(("several", "value"), [("first", "A1"), ("all", ["A1", "B4"])], ids=["first", "all"])
async def test_a_playbook_may_take_the_first_or_all(several: str, value: object) -> None:
    """With `several: first` the first counts, with `all` they are a list."""
    config = {"fields": {"shelf": {**CONFIG["fields"]["shelf"], "several": several}}}
    finding = await examine("extract", config, item("From shelf A1 to shelf B4"))
    assert finding.facts["by_item"] == {"item-1": {"shelf": value}}


async def test_a_value_fits_its_schema_and_has_its_type() -> None:
    """A value is of the schema's type; what the schema refuses is no value."""
    schema = {"type": "integer", "minimum": 1, "maximum": 9}
    config = {"fields": {"count": {"pattern": r"\b(\d+) saws", "schema": schema}}}
    assert (await examine("extract", config, item("3 saws"))).facts["by_item"] == {"item-1": {"count": 3}}
    assert (await examine("extract", config, item("30 saws"))).status is FindingStatus.NOTHING


async def test_sources_are_searched_in_their_order() -> None:
    """The first source that holds the field counts, and the evidence names it."""
    config = {"fields": {"shelf": {**CONFIG["fields"]["shelf"], "sources": ["item", "subject", "body"]}}}
    more = {"subject": "The saw of shelf C2", "body": "shelf D9"}
    finding = await examine("extract", config, item("where is it"), **more)
    assert finding.facts["by_item"] == {"item-1": {"shelf": "C2"}}
    assert finding.evidence[0].reference.startswith("subject")
