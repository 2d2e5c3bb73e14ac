"""What an approval binds to: every field counts, and nothing else does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from dispatch.models.canonical import canonical_json, digest_of
from dispatch.models.work.action_digest import bind, idempotency_key, is_intact
from dispatch.models.work.playbook import PlaybookRef
from dispatch.models.work.proposal import Action, BoundAction
from tests.bound import PLAYBOOK, refund, reply

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
texts = st.text(max_size=20)
actions = st.builds(
    Action,
    name=texts,
    subject=texts,
    parameters=st.dictionaries(texts, plain_json, max_size=4),
    item_ids=st.lists(texts, max_size=3).map(tuple),
    why=texts,
    evidence_ids=st.lists(texts, max_size=3).map(tuple),
)
references = st.builds(
    PlaybookRef, desk=texts, version=texts, digest=st.text("0123456789abcdef", min_size=64, max_size=64)
)
bounds = st.builds(bind, texts, texts, references, actions)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every leaf, empty containers included."""
    entries = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield from leaves(inner, (*path, key))
    if not entries:
        yield path


def changed(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return a copy with the leaf at `path` replaced by something else of a type that its field takes."""
    if not path:
        return (
            [*value, "x"]
            if isinstance(value, list)
            else {**value, "x": "y"}
            if isinstance(value, dict)
            else _other(value)
        )
    copy: Any = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:])
    return copy


def _other(leaf: Any) -> Any:
    if isinstance(leaf, str) and len(leaf) == 64:
        return ("0" if leaf[0] != "0" else "1") + leaf[1:]
    return leaf + "x" if isinstance(leaf, str) else not leaf if isinstance(leaf, bool) else (leaf or 0) + 1


@given(bound=bounds, data=st.data())
def test_the_digest_changes_with_every_field(bound: BoundAction, data: st.DataObject) -> None:
    """Whatever leaf of a bound action changes, it is no longer intact, and bound again it has another digest."""
    plain = bound.model_dump(mode="json")
    path = data.draw(st.sampled_from(sorted((path for path in leaves(plain) if path[0] != "view"), key=repr)))
    other = BoundAction.model_validate(changed(plain, path))
    assert other != bound
    assert not is_intact(other)
    if path[0] not in ("digest", "idempotency_key"):
        again = bind(other.request_id, other.proposal_id, other.playbook, other.action)
        assert again.digest != bound.digest


@pytest.mark.parametrize("bound", [refund(), reply()])
def test_every_leaf_of_a_real_action_counts(bound: BoundAction) -> None:
    """All leaves of the two actions there are, one after the other; but for the view, which is computed again for each inspection."""
    plain = bound.model_dump(mode="json")
    paths = [path for path in leaves(plain) if path[0] != "view"]
    assert len(paths) >= 17
    assert not any(is_intact(BoundAction.model_validate(changed(plain, path))) for path in paths)


@given(bound=bounds)
def test_binding_is_stable_through_json(bound: BoundAction) -> None:
    """A bound action that went through JSON, as all in history does, is equal and intact."""
    again = BoundAction.model_validate_json(bound.model_dump_json())
    assert again == bound
    assert is_intact(again)


@given(value=st.dictionaries(st.text(), plain_json), data=st.data())
def test_canonical_json_is_one_text_for_one_value(value: dict[str, JsonValue], data: st.DataObject) -> None:
    """The order in which keys were written does not matter, and reading the text gives the value again."""
    shuffled = dict(data.draw(st.permutations(list(value.items()))))
    text = canonical_json(value)
    assert canonical_json(shuffled) == text
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_canonical_json_is_as_it_always_was() -> None:
    """The form is fixed: sorted, without spaces, UTF-8; digests and signatures are made of it."""
    assert canonical_json({"b": [1, None, True], "a": "ä €"}) == '{"a":"ä €","b":[1,null,true]}'
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_not_digested(number: float) -> None:
    """NaN and infinity have no JSON, so they have no digest."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of(number)


def test_types_are_told_apart() -> None:
    """1, true, "1" and [1] are different values with different digests."""
    values: tuple[JsonValue, ...] = (1, True, "1", [1], {"1": 1}, None, "")
    assert len({digest_of(value) for value in values}) == len(values)


@given(action=actions, proposals=st.tuples(texts, texts), playbooks=st.tuples(references, references))
def test_the_key_outlives_proposals_and_playbooks(
    action: Action, proposals: tuple[str, str], playbooks: tuple[PlaybookRef, PlaybookRef]
) -> None:
    """An edit or a reset makes a new proposal and the same key: one effect for each request, action and subject."""
    first, second = (bind("r-1", p, book, action) for p, book in zip(proposals, playbooks, strict=True))
    assert first.idempotency_key == second.idempotency_key == idempotency_key("r-1", action)
    assert idempotency_key("r-2", action) != first.idempotency_key


def test_parameters_do_not_enter_the_key() -> None:
    """A corrected amount is the same effect, not a second one."""
    assert refund(amount_minor=1).idempotency_key == refund(amount_minor=2).idempotency_key
    assert refund().idempotency_key == "support/r-1/issue_refund/payment P-1"
    assert refund().playbook == PLAYBOOK
