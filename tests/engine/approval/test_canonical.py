"""Canonical forms: held against frozen vectors, stable when fields are added, moved by every change of a value."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, JsonValue
from pydantic_core import to_jsonable_python

from dispatch.models.canonical import (
    SCHEMA,
    canonical_bytes,
    canonical_form,
    canonical_json,
    digest_of,
    recorded_form,
)
from dispatch.models.contract import Contract
from dispatch.models.people.decision import Decision
from dispatch.models.work.action_digest import bind, is_intact
from dispatch.models.work.playbook import Playbook, PlaybookRef
from dispatch.models.work.proposal import Action, BoundAction, Proposal

FROZEN: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "canonical.json").read_text(encoding="utf-8")
)
VECTORS: Final = pytest.mark.parametrize("vector", FROZEN["vectors"], ids=lambda vector: vector["name"])
KINDS: Final[dict[str, tuple[type[Contract], frozenset[str]]]] = {
    "dispatch.action/1": (BoundAction, frozenset({"digest", "view"})),
    "dispatch.proposal/1": (Proposal, frozenset()),
    "dispatch.playbook/1": (Playbook, frozenset()),
    "dispatch.decision/1": (Decision, frozenset({"signature"})),
}
REF: Final = PlaybookRef(desk="support", version="1.0.0", digest="a" * 64)


def test_every_digested_contract_has_vectors() -> None:
    """Action, proposal, playbook and decision are frozen under the schema ids that the contracts have."""
    assert {kind.schema_id: kind for kind, _ in KINDS.values()} == {id_: KINDS[id_][0] for id_ in KINDS}
    assert {vector["schema"] for vector in FROZEN["vectors"]} == set(KINDS)


@VECTORS
def test_a_vector_is_reproduced_to_the_byte(vector: dict[str, Any]) -> None:
    """The same value gives the same text and digest in every version, from JSON, from Python and from a record."""
    kind, leave_out = KINDS[vector["schema"]]
    read = kind.model_validate_json(json.dumps(vector["value"]))
    built = kind.model_validate(read.model_dump())
    recorded = json.loads(read.model_dump_json())
    for form in (
        canonical_form(read, leave_out),
        canonical_form(built, leave_out),
        recorded_form(kind, recorded, leave_out),
    ):
        assert canonical_json(form) == vector["canonical"]
        assert digest_of(form) == vector["digest"]
    assert hashlib.sha256(vector["canonical"].encode()).hexdigest() == vector["digest"]


@VECTORS
def test_a_changed_value_moves_the_digest(vector: dict[str, Any]) -> None:
    """Whatever member of a form changes, and its schema id as well, the digest is another."""
    form = json.loads(vector["canonical"])
    assert form[SCHEMA] == vector["schema"]
    for name in form:
        assert digest_of({**form, name: "changed"}) != vector["digest"]
        assert digest_of({key: part for key, part in form.items() if key != name}) != vector["digest"]


class _LaterAction(Action):
    colour: str = "none"
    labels: tuple[str, ...] = ("usual",)
    more: dict[str, int] = Field(default_factory=lambda: {"one": 1})


class _LaterBound(BoundAction):
    action: _LaterAction
    channel: str | None = None


def _bound(**changes: Any) -> BoundAction:
    action = {"name": "lend_book", "subject": "copy 7", "parameters": {"days": 14}, "why": "asked for"}
    return bind("library/r-1", "p1", REF, Action.model_validate(action | changes))


def _in_a_later_version(bound: BoundAction, **changes: Any) -> _LaterBound:
    plain = bound.model_dump(mode="json")
    return _LaterBound.model_validate(plain | {"action": plain["action"] | changes})


def test_a_field_that_is_added_with_a_default_moves_no_digest() -> None:
    """An action proposed before an upgrade is intact after it: new fields, nested ones too, do not count until used."""
    bound = _bound(item_ids=("item-1",))
    later = _in_a_later_version(bound)
    assert later.action.labels == ("usual",)
    assert digest_of(canonical_form(later, frozenset({"digest"}))) == bound.digest
    assert digest_of(recorded_form(_LaterBound, later.model_dump(mode="json"), frozenset({"digest"}))) == (
        bound.digest
    )


@pytest.mark.parametrize("used", [{"colour": "red"}, {"labels": []}, {"more": {}}], ids=str)
def test_a_new_field_counts_as_soon_as_it_is_used(used: dict[str, Any]) -> None:
    """A value other than the default is covered, an empty one included."""
    later = _in_a_later_version(_bound(), **used)
    assert digest_of(canonical_form(later, frozenset({"digest"}))) != later.digest


def test_what_equals_nothing_is_covered_where_it_is_required() -> None:
    """A required field is in the form whatever its value: an empty `why` is not a missing one."""
    form = canonical_form(_bound(why="", parameters={}))
    action = form["action"]
    assert isinstance(action, dict)
    assert (action["why"], action["parameters"]) == ("", {})
    assert "item_ids" not in action


def test_nothing_within_free_values_is_left_out() -> None:
    """Parameters have no defaults: null, false, 0 and empty values in them all count."""
    values: tuple[JsonValue, ...] = (None, False, 0, "", [], {})
    assert (
        len(
            {_bound(parameters=parameters).digest for parameters in ({}, *({"a": value} for value in values))}
        )
        == 7
    )


def test_a_whole_number_has_one_form() -> None:
    """14.0 and 14 are one value in JSON, so they have one digest; 14.5 has another."""
    whole, written_otherwise = _bound(parameters={"days": 14}), _bound(parameters={"days": 14.0})
    assert whole.digest == written_otherwise.digest
    assert is_intact(written_otherwise)
    assert _bound(parameters={"days": 14.5}).digest != whole.digest
    assert _bound(parameters={"days": True}).digest != _bound(parameters={"days": 1}).digest


@given(unknown=st.dictionaries(st.text(min_size=1).map("x_".__add__), st.text(), min_size=1, max_size=3))
def test_a_record_with_fields_of_another_version_is_read(unknown: dict[str, str]) -> None:
    """What is recorded is never refused: fields that this version does not know are covered as they stand."""
    recorded = {**_bound().model_dump(mode="json"), **unknown, "action": "no object at all"}
    form = recorded_form(BoundAction, recorded, frozenset({"digest"}))
    assert {name: form[name] for name in unknown} == unknown
    assert form["action"] == "no object at all"


@pytest.mark.parametrize(
    "vector",
    [one for one in FROZEN["vectors"] if one["schema"] == "dispatch.action/1"],
    ids=lambda one: one["name"],
)
def test_the_documentation_s_recipe_gives_the_digest(vector: dict[str, Any], tmp_path: Path) -> None:
    """What docs/signing.md tells a reader to type, with programs that are not ours, recomputes an action's digest."""
    if shutil.which("jq") is None or shutil.which("sha256sum") is None:
        pytest.skip("jq and sha256sum are not here")
    page = (Path(__file__).parents[3] / "docs" / "signing.md").read_text(encoding="utf-8")
    (typed,) = re.findall(r"^```sh\n(jq .*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    bound = BoundAction.model_validate(vector["value"]).model_dump_json(indent=1)
    (tmp_path / "bound.json").write_text(bound, encoding="utf-8")
    ran = subprocess.run(
        ["bash", "-eu", "-c", typed], cwd=tmp_path, capture_output=True, check=True, timeout=30
    )
    assert ran.stdout.split()[0].decode() == vector["digest"]


def test_half_of_a_character_has_a_text_of_its_own() -> None:
    """A lone surrogate, which UTF-8 cannot hold, is escaped, so it differs from the six characters of its escape."""
    assert canonical_bytes("\ud800") == b'"\\ud800"'
    assert canonical_bytes("\\ud800") == b'"\\\\ud800"'


def _contracts(annotation: Any) -> Iterator[type[Contract]]:
    """Yield the contracts in a type, and those in their fields."""
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _contracts(field.annotation)
    for argument in get_args(annotation):
        yield from _contracts(argument)


def test_no_default_of_a_digested_contract_changes() -> None:
    """A default stands for itself in every digest that left it out, so it is frozen; a new one is added to the file."""
    found = {
        f"{contract.__name__}.{name}": to_jsonable_python(field.get_default(call_default_factory=True))
        for kind, _ in KINDS.values()
        for contract in _contracts(kind)
        for name, field in contract.model_fields.items()
        if not field.is_required()
    }
    assert json.loads(json.dumps(found)) == FROZEN["defaults"], (
        "a new field: add its default to tests/vectors/canonical.json; a changed default: give the contract a new schema id"
    )
    assert not any(SCHEMA in kind.model_fields for kind, _ in KINDS.values())
