"""Messages as they come in: anything at all, made small enough to keep and safe to look into."""

import json

from pydantic import JsonValue

LARGEST = 65_536
EXCERPT = 300


def bounded(raw: object) -> JsonValue:
    """Return the message as JSON, or, where it is none or larger than 64 KB, a short note of what came."""
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

    Handlers take any number of them: a count that a handler's signature does not fit would fail the workflow's
    task again and again, so that anyone who can send a signal could stop any request.
    """
    if len(arguments) > 1:
        return {"unreadable": f"{len(arguments)} arguments where one is due"}
    return arguments[0] if arguments else None


def text_of(raw: JsonValue, field: str, longest: int = 100) -> str:
    """Return a field of a message if it is an object with that field as text, else nothing."""
    value = raw.get(field) if isinstance(raw, dict) else None
    return value[:longest] if isinstance(value, str) else ""
