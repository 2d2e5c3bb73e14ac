"""What `dispatch desk check` says of the configs of extract, classify, write and judge."""

from pathlib import Path
from typing import Any

import pytest

from tests.roles.yaml_desk import check, own_desks, playbook, write_desk

GOOD: dict[str, dict[str, Any]] = {
    "shelf": {"role": "extract", "config": {"fields": {"shelf": {"pattern": r"shelf ([A-Z]\d)"}}}},
    "whose": {"role": "classify", "config": {"labels": {"own": ["mine"]}}},
    "reply": {
        "role": "write",
        "config": {
            "paragraphs": [
                {
                    "name": "told",
                    "intents": ["borrow"],
                    "when": [{"value": "shelf.shelf", "known": True}],
                    "text": "It is on shelf {shelf.shelf}.",
                }
            ]
        },
    },
}


def _desk(**changes: Any) -> dict[str, Any]:
    content = playbook()
    content["specialists"] = {name: {**role, **changes.get(name, {})} for name, role in GOOD.items()}
    content["intents"]["borrow"]["specialists"] = ["shelf", "whose", "reply"]
    content["plan"] = {"groups": [["shelf", "whose"], ["reply"]], "max_specialists": 3}
    rubric = changes.get("rubric", [{"name": "polite", "must_contain": ["Dear"]}])
    content["review"] = {"reviewers": {"standards": {"role": "judge", "config": {"checks": rubric}}}}
    return content


def _paragraph(**changes: Any) -> dict[str, Any]:
    first = {**GOOD["reply"]["config"]["paragraphs"][0], **changes}
    return {"reply": {"config": {"paragraphs": [first]}}}


def _told(tmp_path: Path, content: dict[str, Any]) -> str:
    with own_desks():
        return check(write_desk(tmp_path / "desks", content))


def test_a_good_desk_has_nothing_wrong(tmp_path: Path) -> None:
    """The configs of this page hold."""
    assert _told(tmp_path, _desk()) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shelf": {"config": {"fields": {"a": {"pattern": "(a+)+b"}}}}}, "fields.a.pattern"),
        ({"shelf": {"config": {"fields": {"a": {}}}}}, "it has no pattern, and no model that could find it"),
        ({"whose": {"config": {"labels": {"own": ["mine"], "else": []}}}}, "no phrase tells else"),
        (
            {"shelf": {"config": {"fields": {"a": {"pattern": "a", "schema": {"type": "shelf"}}}}}},
            "it is no JSON schema",
        ),
        ({"whose": {"config": {"labels": {"own": ["a"]}, "intents": {"own": ["borrow"]}}}}, "not both"),
        ({"whose": {"backend": "examples"}}, "backend examples needs intents"),
        (
            {"whose": {"backend": "examples", "config": {"intents": {"own": ["fly"]}}}},
            "the playbook has no intent 'fly'",
        ),
        (_paragraph(text="On {shelve.shelf}."), "'shelve.shelf' begins with none of"),
        (_paragraph(text="On {shelf}."), "{shelf} is no placeholder"),
        (_paragraph(text="For {shelf.shelf|euros}."), "has the filter 'euros'"),
        (_paragraph(text="Of {each.name}."), "'each.name' begins with none of"),
        (_paragraph(intents=["fly"]), "the playbook has no intent 'fly'"),
        (_paragraph(when=[{"value": "shelf.shelf"}]), "give exactly one of known"),
        (
            _paragraph(action={"name": "ring", "subject": "bell", "why": "asked"}),
            "guardian.actions does not list 'ring'",
        ),
        ({"rubric": [{"name": "a", "pattern": "("}]}, "it is not a regular expression"),
        ({"rubric": [{"name": "a"}]}, "give exactly one of must_contain"),
        (
            {"rubric": [{"name": "a", "max_chars": 3}, {"name": "a", "min_chars": 3}]},
            "another check is 'a' too",
        ),
    ],
)
def test_each_mistake_has_its_sentence(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """The check names the place and the remedy."""
    assert told in _told(tmp_path, _desk(**changes))


def test_a_writer_comes_after_those_whose_findings_it_reads(tmp_path: Path) -> None:
    """A playbook that calls a writer in the group of its sources is refused."""
    content = _desk()
    content["plan"]["groups"] = [["shelf", "whose", "reply"]]
    assert "shelf" in _told(tmp_path, content)
