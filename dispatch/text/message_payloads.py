"""Received messages with any content, made small enough to store and safe to inspect."""

import json

from pydantic import JsonValue

LARGEST = 65_536
EXCERPT = 300


def bounded(raw: object) -> JsonValue:
    """Return the message as JSON, or a short note if it is no JSON or larger than 64 KB."""
    try:
        text = json.dumps(raw, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return {"unreadable": repr(raw)[:EXCERPT]}
    if len(text) > LARGEST:
        return {"too_large": len(text), "begins": text[:EXCERPT]}
    plain: JsonValue = json.loads(text)
    return plain


def single(arguments: tuple[object, ...]) -> object:
    """Return the one argument of a message.

    Handlers take any number of arguments: a number that does not match a handler's signature would repeatedly fail the
    workflow's task, so that anyone who can send a signal could stop any request.
    """
    if len(arguments) > 1:
        return {"unreadable": f"{len(arguments)} arguments where one is due"}
    return arguments[0] if arguments else None


def text_of(raw: JsonValue, field: str, longest: int = 100) -> str:
    """Return a field of a message if it is an object with that field as text, else an empty text."""
    value = raw.get(field) if isinstance(raw, dict) else None
    return value[:longest] if isinstance(value, str) else ""
