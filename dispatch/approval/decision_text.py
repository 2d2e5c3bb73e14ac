"""Parses received decisions strictly, and quotes them only in part."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from dispatch.models.contract import Contract
from dispatch.models.declared.parameters import parameters_model
from dispatch.models.money import Money, format_money
from dispatch.models.people.decision import ApprovalItem, Decision
from dispatch.text.message_payloads import EXCERPT, LARGEST

_SHAPES: Final = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
_SINGLE: Final[TypeAdapter[object]] = TypeAdapter(str | int | bool)
# The part of a too large or non-JSON message that a signal handler keeps (see dispatch/text/message_payloads.py).
_NOTES: Final = (frozenset({"too_large", "begins"}), frozenset({"unreadable"}))


class UnreadableError(ValueError):
    """The message is no decision; the text names the first error, in at most 300 characters."""


def read_decision(raw: JsonValue) -> Decision:
    """Read a decision from JSON; raises UnreadableError, naming the field and never repeating its value."""
    if len(_json(raw).encode(errors="replace")) > LARGEST or (
        isinstance(raw, dict) and raw.keys() == _NOTES[0]
    ):
        raise UnreadableError(f"larger than {LARGEST // 1024} KB")
    if not isinstance(raw, dict):
        raise UnreadableError(f"a decision is an object; this is {_SHAPES.get(type(raw), 'a number')}")
    if raw.keys() == _NOTES[1]:
        raise UnreadableError("what was sent is no JSON")
    try:
        return Decision.model_validate(raw)
    except ValidationError as error:
        raise UnreadableError(_describe(error)) from None


def excerpt(raw: JsonValue) -> str:
    """Return the beginning of a message, as ASCII JSON of at most 300 characters: nothing in it can act on a screen."""
    text = _json(raw, ascii_only=True)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 3] + "..."


def edits_problem(
    edits: dict[str, JsonValue], item: ApprovalItem, parameters: Mapping[str, type[Contract]]
) -> str | None:
    """Return what is wrong with the edits of an item; None if each may be made and has the parameter's own type.

    The type is that of the action's parameters (`parameters`, by its name), taken strictly ("1500" is no amount, true is no number); for a
    item that is no action, such as `route`, any single value.
    """
    shape = parameters_model(item.name, tuple(item.parameters.items())) if item.parameters else None
    if not edits:
        return f"edit needs edits; editable: {', '.join(item.editable) or 'nothing'}"
    for name, value in edits.items():
        if name not in item.editable:
            return f"{name[:64]} may not be edited; editable: {', '.join(item.editable) or 'nothing'}"
        if problem := _value_problem(shape or parameters.get(item.name), name, value):
            return f"edits.{name}: {problem}"
        most = item.most.get(name)
        if most is not None and isinstance(value, int) and value > most:
            return (
                f"edits.{name}: {_shown(value, item)} is more than can be done, which is {_shown(most, item)}"
            )
        choices = item.choices.get(name)
        if choices is not None and value not in choices:
            return f"edits.{name}: there is no such {name}; there are {', '.join(choices)}"
    return None


def _shown(value: int, item: ApprovalItem) -> str:
    """Return an amount as people read it, where the item has one, with the figure to send."""
    if item.amount is None:
        return str(value)
    return f"{format_money(Money(amount_minor=value, currency=item.amount.currency))} ({value})"


def _value_problem(parameters: type[Contract] | None, name: str, value: JsonValue) -> str | None:
    field = parameters.model_fields.get(name) if parameters else None
    adapter: TypeAdapter[object] = TypeAdapter(field.rebuild_annotation()) if field else _SINGLE
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError as error:
        return error.errors(include_input=False, include_url=False)[0]["msg"][:EXCERPT]
    return None


def _describe(error: ValidationError) -> str:
    parts = []
    for problem in error.errors(include_input=False, include_url=False):
        path = ".".join(str(part) for part in problem["loc"])[:64] or "decision"
        where = path.encode("ascii", "backslashreplace").decode()
        unknown = problem["type"] == "extra_forbidden"
        parts.append(f"{where}: unknown field" if unknown else f"{where}: {problem['msg']}")
    text = "; ".join(parts)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def _json(raw: JsonValue, *, ascii_only: bool = False) -> str:
    try:
        return json.dumps(raw, ensure_ascii=ascii_only)
    except (TypeError, ValueError, RecursionError):
        return ascii(raw)[:EXCERPT]
