"""The generic role `classify`: a label where it is sure, else a person."""

from typing import Any

import pytest

from dispatch.models.request.classified import Candidate
from dispatch.models.work.finding import FindingStatus
from tests.roles.texts.briefs import examine, item

LABELS = {"self": ["for me", "i need"], "guest": ["for a friend", "my neighbour", "for"]}


def label_of(finding: Any) -> object:
    return finding.facts["by_item"]["item-1"].get("label")


@pytest.mark.parametrize(
    ("text", "label"),
    [("A saw for me, please", "self"), ("My neighbour wants a saw", "guest"), ("A saw", None)],
)
async def test_phrases_decide(text: str, label: str | None) -> None:
    """The longest phrases found decide; a text with none has no label and is ambiguous."""
    finding = await examine("classify", {"labels": LABELS, "sure": 0.5, "margin": 0.2}, item(text))
    assert label_of(finding) == label
    assert (finding.status is FindingStatus.AMBIGUOUS) == (label is None)
    assert finding.evidence[0].evidence_id == "tool.item-1"


async def test_what_is_close_is_left_to_a_person() -> None:
    """Two labels within the margin are ambiguous, and the summary says both scores."""
    config = {"labels": LABELS, "sure": 0.4, "margin": 0.3}
    finding = await examine("classify", config, item("I need it, my neighbour too"))
    assert (label_of(finding), finding.status) == (None, FindingStatus.AMBIGUOUS)
    assert "guest 0.50, self 0.50" in finding.summary


async def test_a_label_for_all_else() -> None:
    """`otherwise` labels a text without any phrase."""
    finding = await examine("classify", {"labels": LABELS, "otherwise": "self"}, item("A saw"))
    assert (label_of(finding), finding.status) == ("self", FindingStatus.FOUND)


@pytest.mark.parametrize(("second", "label"), [(0.1, "tools"), (0.6, None)])
async def test_the_desks_classifier_decides_by_its_scores(second: float, label: str | None) -> None:
    """With intents the label's score is the sum of theirs as the desk's classifier gave them; below the margin a person."""
    candidates = (Candidate(intent="borrow", score=0.7), Candidate(intent="join", score=second))
    one = item("a saw").model_copy(update={"candidates": candidates})
    config = {"intents": {"tools": ["borrow", "return"], "members": ["join"]}}
    assert label_of(await examine("classify", config, one)) == label
