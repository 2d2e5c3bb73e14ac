"""JSON pointers (RFC 6901), which name one part of an answer."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, JsonValue

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def check_pointer(pointer: str) -> str:
    """Return a JSON pointer; raises ValueError for what is none."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON pointer; begin it with /, such as /data/0/id")
    rest = pointer.replace("~0", "").replace("~1", "")
    if "~" in rest:
        raise ValueError(f"{pointer!r} is no JSON pointer; write ~0 for ~ and ~1 for /")
    return pointer


JsonPointer = Annotated[str, AfterValidator(check_pointer)]


def part_or_null(value: JsonValue, pointer: str) -> JsonValue:
    """Return the part that a pointer names; null where there is none."""
    part = value
    for raw in pointer.split("/")[1:]:
        token = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict) and token in part:
            part = part[token]
        elif isinstance(part, list) and _INDEX.fullmatch(token) and int(token) < len(part):
            part = part[int(token)]
        else:
            return None
    return part
