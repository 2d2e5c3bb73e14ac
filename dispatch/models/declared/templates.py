"""Templates over checked values: a value fills its own place and never changes what surrounds it.

`{name}` stands for a value, `{{` and `}}` for braces. A template is read once, from left to right, so that braces in a
value mean nothing. In a path a value stays within its segment, in JSON within its text, and a template that is one
placeholder alone takes the value as it is, a number included.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

_PARTS: Final = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]{0,39})\}|[{}]")
_LITERAL_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@{}-]+")
_WITHIN_A_SEGMENT: Final = "/\\?#%;"
"""What some server reads as the end of a segment, before or after it decodes; no value in a path may hold it."""


class UnfitValueError(ValueError):
    """A value cannot stand where the template has it; the text names the place, never the value."""


def names_in(template: str) -> tuple[str, ...]:
    """Return the names of a template's placeholders; raises ValueError for a brace that is part of none."""
    names: list[str] = []
    for match in _PARTS.finditer(template):
        if match[1]:
            names.append(match[1])
        elif match[0] in "{}":
            raise ValueError(
                f"a single {match[0]} in {template!r}; write {{name}} for a value, {match[0] * 2} for the brace"
            )
    return tuple(names)


def names_in_json(template: JsonValue) -> Iterator[str]:
    """Yield the names of all placeholders of a JSON template; raises ValueError, also for one in a member's name."""
    if isinstance(template, str):
        yield from names_in(template)
    elif isinstance(template, list):
        for part in template:
            yield from names_in_json(part)
    elif isinstance(template, dict):
        for name, part in template.items():
            if names_in(name):
                raise ValueError(f"the name {name!r} holds a placeholder; only values may")
            yield from names_in_json(part)


def fill(template: str, values: Mapping[str, JsonValue]) -> str:
    """Return the text with each value in its place; raises KeyError for a value that is not there."""
    return _PARTS.sub(lambda match: _text(values[match[1]]) if match[1] else match[0][0], template)


def fill_json(template: JsonValue, values: Mapping[str, JsonValue]) -> JsonValue:
    """Return JSON of the template's own structure; a text that is one placeholder alone becomes the value itself."""
    if isinstance(template, str):
        alone = _PARTS.fullmatch(template)
        return values[alone[1]] if alone is not None and alone[1] else fill(template, values)
    if isinstance(template, list):
        return [fill_json(part, values) for part in template]
    if isinstance(template, dict):
        return {fill(name, {}): fill_json(part, values) for name, part in template.items()}
    return template


def fill_query(template: Mapping[str, str], values: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the query's names and values; the sender encodes both."""
    return {fill(name, {}): fill(text, values) for name, text in template.items()}


def check_path(template: str) -> str:
    """Return a path's template; raises ValueError for one that is not absolute, or not plain between placeholders."""
    names_in(template)
    segments = template.split("/")
    if segments[0] or len(segments) < 2:  # noqa: PLR2004 (before and after the first slash)
        raise ValueError(f"{template!r} must begin with /")
    for segment in segments[1:]:
        if segment in {"", ".", ".."} or not _LITERAL_SEGMENT.fullmatch(segment):
            raise ValueError(
                f"{template!r} holds the segment {segment!r}; use letters, digits and -._~, and put a query into query"
            )
    return template


def fill_path(template: str, values: Mapping[str, JsonValue]) -> str:
    """Return the path, percent-encoded; raises UnfitValueError for a value that could change its segments."""
    return "/".join(_segment(segment, values) for segment in template.split("/"))


def _segment(template: str, values: Mapping[str, JsonValue]) -> str:
    for name in names_in(template):
        text = _text(values[name])
        # A server may decode, or fold wide forms of a slash into the plain one, before it splits the path.
        folded = text + unicodedata.normalize("NFKC", text)
        if not text or any(c in _WITHIN_A_SEGMENT or not c.isprintable() for c in folded):
            raise UnfitValueError(f"the value of {name} cannot be part of a path")
    filled = fill(template, values)
    if unicodedata.normalize("NFKC", filled) in {".", ".."}:
        raise UnfitValueError(f"the values of {template!r} cannot be a segment of a path")
    return quote(filled, safe="!$&'()*+,=:@")


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
