"""Payloads as raw JSON: never through the current contracts, which could refuse older data."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue
from temporalio.api.common.v1 import Payload, Payloads

LONGEST: Final = 4_000
"""Characters of a text that an entry keeps; the digest is over all of it."""
MOST: Final = 100
"""Members of a list or an object that an entry keeps."""
DEEPEST: Final = 12


def content(payload: Payload) -> JsonValue:
    """Return a payload's value; for one that is no JSON a note, never an error."""
    encoding = payload.metadata["encoding"].decode("ascii", "replace") if payload.metadata else ""
    if encoding == "binary/null" or (not payload.data and not encoding):
        return None
    if encoding in {"json/plain", "json/protobuf", ""}:
        try:
            return _clean(json.loads(payload.data, parse_constant=str))
        except (ValueError, RecursionError):
            pass
    return {"unreadable": f"{encoding or 'no encoding'}, {len(payload.data)} bytes"}


def contents(payloads: Payloads) -> list[JsonValue]:
    """Return the values of several payloads, such as a signal's arguments."""
    return [content(payload) for payload in payloads.payloads]


def first(payloads: Payloads) -> JsonValue:
    """Return the value of the first payload, or None."""
    return content(payloads.payloads[0]) if payloads.payloads else None


def digest_of(payloads: Payloads | Iterable[Payload]) -> str | None:
    """Return the sha256 over the data of the payloads, one after the other; None where there are none."""
    parts = payloads.payloads if isinstance(payloads, Payloads) else list(payloads)
    if not parts:
        return None
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.data)
    return digest.hexdigest()


def text(value: JsonValue, longest: int = LONGEST) -> str:
    """Return a text, cut; other values as JSON; an empty text for None."""
    if value is None:
        return ""
    full = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return full if len(full) <= longest else f"{full[:longest]}… ({len(full) - longest} more characters)"


def kept(value: JsonValue, longest: int = LONGEST, depth: int = DEEPEST) -> JsonValue:
    """Return a value small enough to store: texts, lists, objects and nesting are cut, with a mark."""
    if isinstance(value, str):
        return text(value, longest)
    if isinstance(value, list | dict) and depth == 0:
        return "… (nested deeper)"
    if isinstance(value, list):
        more: list[JsonValue] = [f"… ({len(value) - MOST} more)"] if len(value) > MOST else []
        return [kept(part, longest, depth - 1) for part in value[:MOST]] + more
    if isinstance(value, dict):
        return {text(name, 200): kept(part, longest, depth - 1) for name, part in list(value.items())[:MOST]}
    return value


def field(value: JsonValue, *path: str) -> JsonValue:
    """Return the value at a path of keys; None if a key is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def words(value: JsonValue, *path: str, longest: int = LONGEST) -> str:
    """Return a field that is a text, else nothing."""
    found = field(value, *path)
    return text(found, longest) if isinstance(found, str) else ""


def many(value: JsonValue, *path: str) -> list[JsonValue]:
    """Return a field that is a list, else an empty one."""
    found = field(value, *path)
    return found if isinstance(found, list) else []


def _clean(value: JsonValue) -> JsonValue:
    """Replace what JSON may escape and UTF-8 cannot hold (lone surrogates)."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return {_name(name): _clean(part) for name, part in value.items()}
    return value


def _name(name: str) -> str:
    return name if name.isascii() else name.encode("utf-8", "replace").decode()


def echoed_brief(result: JsonValue) -> JsonValue:
    """Return the input that a local activity's answer repeats, None where it repeats at most the handoff."""
    brief = field(result, "brief")
    return brief if isinstance(brief, dict) else None


def who_acted(activity: str, result: JsonValue) -> str:
    """Return for whom an activity acted: of a generic role the specialist or reviewer that its answer names."""
    if activity.startswith("role."):
        for part in ("specialist", "reviewer"):
            if name := words(result, part):
                return f"{part}.{name}"
    return activity
