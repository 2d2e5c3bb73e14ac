"""What a style's action makes of a place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import re2

from desks.marketing.rules.vale.model import StyleAction

_Mend = Callable[[str, Sequence[str]], str | None]
_PAIR: Final = 2


def _trimmed(text: str, side: str, chars: str) -> str:
    if side == "left":
        return text.lstrip(chars)
    return text.rstrip(chars) if side == "right" else text.strip(chars)


def _by_regex(found: str, params: Sequence[str]) -> str | None:
    if len(params) < _PAIR:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        # As bytes: over text, RE2's own `sub` writes a replacement beyond ASCII wrongly.
        changed = re2.compile(params[0].encode(), options).sub(params[1].encode(), found.encode())
        return bytes(changed).decode()
    except (re2.error, UnicodeDecodeError):
        return None


_EDITS: Final[Mapping[str, _Mend]] = {
    "regex": _by_regex,
    "trim": lambda found, params: _trimmed(found, "both", params[0]) if params else None,
    "trim_left": lambda found, params: _trimmed(found, "left", params[0]) if params else None,
    "trim_right": lambda found, params: _trimmed(found, "right", params[0]) if params else None,
    "truncate": lambda found, params: found.partition(params[0])[0] if params else None,
    "remove": lambda _found, _params: "",
}


def mended(action: StyleAction, found: str, expected: str) -> str | None:
    """Return what to write in place of `found`; None where nothing is certain, or the action is none that is known.

    `expected` is the replacement of a substitution, of which one alone is certain.
    """
    if action.name == "remove":
        return ""
    if action.name == "edit" and action.params:
        edit = _EDITS.get(action.params[0])
        result = edit(found, action.params[1:]) if edit is not None else None
        return None if result == found else result
    if action.name == "convert" and action.params[:1] == ("simple",):
        return found.replace("-", "")
    if action.name in {"replace", ""} and expected and "|" not in expected and "(" not in expected:
        return expected
    if action.name == "replace" and len(action.params) == 1:
        return action.params[0]
    return None
