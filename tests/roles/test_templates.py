"""Properties of templates: a value fills its place and never changes a path's segments, a query's names, JSON or SQL."""

import json
import sqlite3
from contextlib import closing
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter, ValidationError

from dispatch.models.declared.actions import Change
from dispatch.models.declared.json_pointer import JsonPointer, part_or_null
from dispatch.models.declared.parameters import ParameterSpec, parameters_model
from dispatch.models.declared.reads import HttpRead
from dispatch.models.declared.sql_text import names_in_statement, numbered
from dispatch.models.declared.templates import UnfitValueError, fill, fill_json, fill_path, fill_query

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="{}/\\.%?#;:&='\"\r\n\x00 ab\uff0f\uff0e\u2024", max_size=30),
    st.sampled_from(["..", ".", "", "{b}", "{{", "%2e%2e", "a/../b", "'; --", '","x":"', "\ud800"]),
)


@given(HOSTILE, HOSTILE)
def test_a_path_keeps_its_segments(one: str, other: str) -> None:
    """What is sent has the template's segments, also after a server decoded it once or twice, or it is refused."""
    try:
        path = fill_path("/accounts/{a}/grants/x-{b}", {"a": one, "b": other})
    except (UnfitValueError, UnicodeEncodeError):
        return
    sent = httpx.URL("http://host.example/api/").join(path.removeprefix("/")).raw_path.decode()
    for seen in (sent, unquote(sent), unquote(unquote(sent))):
        segments = seen.split("/")
        assert (len(segments), segments[:3], segments[4]) == (6, ["", "api", "accounts"], "grants")
        assert not {"", ".", ".."} & set(segments[1:])
        assert "?" not in seen
        assert "#" not in seen
    assert [unquote(part) for part in sent.split("/")][3:] == [one, "grants", f"x-{other}"]


@given(HOSTILE)
def test_a_query_keeps_its_names(value: str) -> None:
    """A server reads the names that are declared, and the value as it is."""
    query = fill_query({"email": "{a}", "shape": "full-{a}"}, {"a": value})
    try:
        sent = httpx.Request("GET", "http://host.example/x", params=query).url.query.decode()
    except UnicodeEncodeError:
        return
    assert parse_qsl(sent, keep_blank_values=True, errors="strict") == [
        ("email", value),
        ("shape", f"full-{value}"),
    ]


@given(HOSTILE, st.integers())
def test_json_keeps_its_structure(text: str, number: int) -> None:
    """A value is one text or number of the body; members, lists and fixed values stay."""
    template: JsonValue = {
        "account": "{a}",
        "note": "for {a}, {n}: {{b}}",
        "list": ["{n}", {"fixed": True}],
        "none": None,
    }
    filled = fill_json(template, {"a": text, "n": number, "b": "never"})
    assert json.loads(json.dumps(filled)) == {
        "account": text,
        "note": f"for {text}, {number}: {{b}}",
        "list": [number, {"fixed": True}],
        "none": None,
    }


@given(HOSTILE)
def test_a_value_is_read_once(value: str) -> None:
    """Braces in a value are its letters, even where they name another value."""
    assert fill("{a}|{b}", {"a": value, "b": "B"}) == f"{value}|B"


@given(HOSTILE)
def test_sql_keeps_its_text(value: str) -> None:
    """The statement that a database sees is the same for every value, and the value comes back as it is."""
    statement = "SELECT :a AS seen, ':a' AS quoted, 1::int /* :c */ AS b"
    assert numbered(statement).text == "SELECT $1 AS seen, ':a' AS quoted, 1::int /* :c */ AS b"
    assert tuple(names_in_statement(statement)) == numbered(statement).names == ("a",)
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            row = connection.execute("SELECT :a AS seen, ':a' AS quoted", {"a": value}).fetchone()
        except UnicodeEncodeError:
            return
    assert row == (value, ":a")


@pytest.mark.parametrize(
    "path", ["accounts", "/", "/a//b", "/a/../b", "/./b", "/a?x=1", "/a#b", "/{A}", "/{a", "/a b", "/%2e", ""]
)
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    """A template with an empty or dotted segment, a query, or a stray brace is refused when it is loaded."""
    with pytest.raises(ValidationError):
        HttpRead(path=path)


def test_names_of_members_hold_no_values() -> None:
    """A placeholder in a member's name, or a brace that is part of none, is refused when it is loaded."""
    for body in ({"{a}": 1}, {"x": ["{"]}, "}{", {"x": "{Not a name}"}):
        with pytest.raises(ValidationError):
            Change.model_validate({"path": "/x", "body": body})


@given(
    st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
    st.text(),
)
def test_a_pointer_never_fails(value: JsonValue, pointer: str) -> None:
    """A pointer is refused at load, or names a part, or null: no answer makes it raise."""
    try:
        checked = TypeAdapter(JsonPointer).validate_python(pointer)
    except ValidationError:
        return
    part_or_null(value, checked)


@given(st.from_type(JsonValue))  # type: ignore[arg-type]  # a union of types, which hypothesis resolves
def test_only_values_of_their_type_pass(value: JsonValue) -> None:
    """Whatever a value is, what a parameter accepts is of the declared type and form."""
    specs = {
        "text": ParameterSpec(pattern="[a-z]{1,8}"),
        "integer": ParameterSpec(type="integer", minimum=1, maximum=9),
        "decimal": ParameterSpec(type="decimal"),
        "date": ParameterSpec(type="date"),
        "choice": ParameterSpec(type="choice", choices=("red", "blue")),
    }
    for name, spec in specs.items():
        try:
            read = spec.read(value)
        except ValueError:
            continue
        assert isinstance(read, int if name == "integer" else str)
        assert not isinstance(read, bool)
        if name == "text":
            assert isinstance(read, str)
            assert read.isascii()
            assert read.isalpha()


def test_parameters_are_closed() -> None:
    """A parameter that is not declared, or missing, is refused."""
    model = parameters_model("Grant", (("account", ParameterSpec()),))
    for wrong in (
        {},
        {"account": "kim", "admin": "yes"},
        {"account": 5},
        {"account": ""},
        {"account": "a\x1bb"},
    ):
        with pytest.raises(ValidationError):
            model.model_validate(wrong)
    assert model.model_validate({"account": "kim"}).model_dump() == {"account": "kim"}
