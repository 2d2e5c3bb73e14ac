"""A field's pattern runs on text that anybody may send: it must be valid, mean something, and end in time."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from dispatch.models.playbook import FieldSpec
from dispatch.rules.fields import whole_value

MAX_PATTERN_CHARS: Final = 1_000
# A repeat without an end inside a repeated group, '(a+)+', takes exponential time on the right text.
_ENDLESS: Final = re.compile(r"[*+]|\{\d*,\}")
_ENDLESS_AFTER: Final = re.compile(r"[*+]|\{\d*,\d*\}|\{(?:\d{2,}|[2-9])\}")


def field_problems(fields: Mapping[str, FieldSpec]) -> Iterator[tuple[str, str, str]]:
    """Give (path, problem, remedy) for each field whose pattern or example will not do."""
    for name, spec in fields.items():
        path = f"fields.{name}.pattern"
        problem = _pattern_problem(spec.pattern)
        if problem is not None:
            yield (path, *problem)
        elif whole_value(spec.pattern, spec.example) is None:
            yield (
                f"fields.{name}.example",
                f"the example {spec.example!r} does not match the pattern in full",
                "Give an example that an answer could be, or correct the pattern.",
            )


def _pattern_problem(pattern: str) -> tuple[str, str] | None:
    if len(pattern) > MAX_PATTERN_CHARS:
        return f"the pattern is longer than {MAX_PATTERN_CHARS:,} characters", "Shorten it."
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"it is not a regular expression: {error}", "Correct it; Python's re syntax holds."
    if compiled.fullmatch(""):
        return "the pattern matches empty text", "Make it ask for at least one character."
    if has_nested_repeats(pattern):
        return (
            "a repeat stands inside a repeated group, which some texts make run for ever",
            "Bound the inner repeat, such as {1,20}, or write it without the group.",
        )
    return None


def has_nested_repeats(pattern: str) -> bool:
    """Tell whether a group that holds an endless repeat is itself repeated."""
    # Escapes and character classes are made dull first, so that only real groups and repeats are left.
    dull = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "c", re.sub(r"\\[^\[]", "c", pattern))
    starts: list[bool] = []
    for index, char in enumerate(dull):
        if char == "(":
            starts.append(False)
        elif char == ")" and starts:
            inner = starts.pop()
            if inner and _ENDLESS_AFTER.match(dull, index + 1):
                return True
            if starts:
                starts[-1] = starts[-1] or inner or _ENDLESS.match(dull, index + 1) is not None
        elif starts and _ENDLESS.match(dull, index):
            starts[-1] = True
    return False
