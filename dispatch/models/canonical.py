"""One text and one digest for one value: canonical JSON, and the form of a contract that survives new fields.

The canonical form of a contract holds its schema id and the fields that differ from their defaults, in nested contracts
too. A field that is added with a default therefore moves no digest and no signature. A default that is changed, and a
field that is removed or given another meaning, needs a new schema id: the same form would stand for two values.
"""

import hashlib
import json
from collections.abc import Mapping
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from dispatch.models.contract import Contract

SCHEMA: Final = "schema"
"""The member of a canonical form that names its schema; no contract has a field of this name."""

_EXACT: Final = 2**53


def canonical_json(value: Any) -> str:
    """Return one text for one JSON value: keys sorted, no spaces, nothing escaped that need not be (as RFC 8785).

    Raises ValueError for NaN and infinity, which JSON does not have.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_bytes(value: Any) -> bytes:
    """Return the canonical JSON in UTF-8; half of a surrogate pair, which UTF-8 does not have, stays escaped."""
    return canonical_json(value).encode(errors="backslashreplace")


def digest_of(value: Contract | JsonValue) -> str:
    """Return the sha256 of the canonical JSON, as 64 hex digits; of a contract, that of its canonical form."""
    plain = canonical_form(value) if isinstance(value, Contract) else value
    return hashlib.sha256(canonical_bytes(plain)).hexdigest()


def canonical_form(value: Contract, leave_out: frozenset[str] = frozenset()) -> dict[str, JsonValue]:
    """Return the schema id, where the contract has one, and every field that differs from its default.

    `leave_out` names fields that cannot be covered, such as the digest or signature that is made of the form.
    """
    dumped = value.model_dump(mode="json", exclude=set(leave_out), exclude_defaults=True)
    return _with_schema(type(value), dumped)


def recorded_form(
    kind: type[Contract], recorded: Mapping[str, JsonValue], leave_out: frozenset[str] = frozenset()
) -> dict[str, JsonValue]:
    """Return the canonical form of JSON that was recorded of a contract, without validating it.

    Fields and values that the contract does not know are kept as they are, so nothing recorded is refused.
    """
    covered = {name: part for name, part in recorded.items() if name not in leave_out}
    return _with_schema(kind, _fields_without_defaults(kind, covered))


def _with_schema(kind: type[Contract], fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    form = {name: _one_number(part) for name, part in fields.items()}
    return {SCHEMA: kind.schema_id, **form} if kind.schema_id else form


def _one_number(value: JsonValue) -> JsonValue:
    """Return the value with every whole number written without a fraction: 1.0 and 1 are the same value in JSON."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, list):
        return [_one_number(part) for part in value]
    if isinstance(value, dict):
        return {name: _one_number(part) for name, part in value.items()}
    return value


def _fields_without_defaults(kind: type[Contract], recorded: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {}
    for name, part in recorded.items():
        field = kind.model_fields.get(name)
        if field is None:
            kept[name] = part
            continue
        trimmed = _without_defaults(field.annotation, part)
        if not field.is_required():
            default = to_jsonable_python(field.get_default(call_default_factory=True))
            if trimmed == _without_defaults(field.annotation, default):
                continue
        kept[name] = trimmed
    return kept


def _without_defaults(annotation: Any, value: JsonValue) -> JsonValue:
    """Walk a value along the type of its field, to the contracts in it."""
    if isinstance(value, dict) and isinstance(annotation, type) and issubclass(annotation, Contract):
        return _fields_without_defaults(annotation, value)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple and isinstance(value, list):
        return [_without_defaults(arguments[0], part) for part in value]
    if origin is dict and isinstance(value, dict):
        return {name: _without_defaults(arguments[1], part) for name, part in value.items()}
    if origin in {Union, UnionType}:
        for one in arguments:
            value = _without_defaults(one, value)
    return value
