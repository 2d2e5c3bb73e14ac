"""A field's pattern runs on text that anybody may send: it must be valid, mean something, and end in time."""

import re
import string
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final

from dispatch.models.language import in_each_language
from dispatch.models.work.playbook import FieldSpec, Writing
from dispatch.process.fields import whole_value

MAX_PATTERN_CHARS: Final = 1_000
_ALPHABET: Final = string.ascii_letters + string.digits + string.punctuation + " \n\u00e9\u20ac"
_LONGEST_BEGINNING: Final = 20
# A linear pattern takes about a millisecond over so many; a quadratic one a hundred.
_PROBED_CHARS: Final = 6_400
_PROBE_SECONDS: Final = 0.05
# Up to here texts grow slowly, for an exponential pattern shows by then; beyond it a quick answer allows a much longer text,
# which takes a cubic pattern 64 times as long.
_SLOWLY_UP_TO: Final = 60
_QUICK_SECONDS: Final = 0.000_2
# A repeat without an end inside a repeated group, '(a+)+', takes exponential time on the right text.
_PARTS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)
_ENDLESS: Final = re.compile(r"[*+]|\{\d*,\}")
_ENDLESS_AFTER: Final = re.compile(r"[*+]|\{\d*,\d*\}|\{(?:\d{2,}|[2-9])\}")


def field_problems(fields: Mapping[str, FieldSpec]) -> Iterator[tuple[str, str, str]]:
    """Yield (path, problem, remedy) for each field whose pattern or example will not do."""
    for name, spec in fields.items():
        path, examples = f"fields.{name}.pattern", in_each_language(spec.example)
        problem = _pattern_problem(spec.pattern, examples[0])
        unfit = next((e for e in examples if problem is None and whole_value(spec.pattern, e) is None), None)
        if problem is not None:
            yield (path, *problem)
        elif unfit is not None:
            yield (
                f"fields.{name}.example",
                f"the example {unfit!r} does not match the pattern in full",
                "Give an example that an answer could be, or correct the pattern.",
            )
        for key, writings in (("writings", spec.writings), ("answer_writings", spec.answer_writings)):
            for index, writing in enumerate(writings):
                problem = _pattern_problem(writing.pattern, examples[0]) or _writing_problem(writing)
                if problem is not None:
                    yield (f"fields.{name}.{key}.{index}", *problem)


def _writing_problem(writing: Writing) -> tuple[str, str] | None:
    if re.compile(writing.pattern).groups != 1:
        return (
            "the pattern has not exactly one group",
            "Put (...) around the part that becomes the value, (?:...) elsewhere.",
        )
    if writing.value.count("{}") != 1:
        return (
            f"the value {writing.value!r} does not hold {{}} once",
            "Write {} where the group belongs, such as 'DD-{}'.",
        )
    return None


def searched_pattern_problem(pattern: str) -> tuple[str, str] | None:
    """Return (problem, remedy) for a pattern that is searched in texts and has no example; None where it will do."""
    return _pattern_problem(pattern, "")


def _pattern_problem(pattern: str, example: str) -> tuple[str, str] | None:
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
            "a repeat stands inside a repeated group, which some texts make run without end",
            "Bound the inner repeat, such as {1,20}, or write it without the group.",
        )
    if (unit := _slow_unit(compiled, example)) is not None:
        return (
            f"it takes more than linear time over a text of many {unit!r}",
            "Bound its repeats, such as {1,20}, or make them possessive (++), and begin it with \\b or (?<!...).",
        )
    return None


# Probing takes a quarter of a second for a long pattern, and the same playbook is loaded many times.
@lru_cache(maxsize=256)
def _slow_unit(pattern: re.Pattern[str], example: str) -> str | None:
    """Return what the pattern cannot read much of in the time that a linear one takes many times over.

    Texts grow from 10 characters on, so that even an exponential pattern is found before it takes a second.
    A worker probes every pattern at its start, so what is quick is probed in few steps.
    """
    beginnings = (example[:length] for length in range(1, min(len(example), _LONGEST_BEGINNING) + 1))
    units: tuple[str, ...] = (*_unlike_characters(pattern), *beginnings)
    for unit in units:
        chars = 10
        while True:
            text = unit * (chars // len(unit) + 1) + "\x00"
            started = time.thread_time()
            for _ in pattern.finditer(text):
                pass
            pattern.fullmatch(text)
            took = time.thread_time() - started
            if took > _PROBE_SECONDS:
                return unit
            if chars == _PROBED_CHARS:
                break
            is_quick = chars > _SLOWLY_UP_TO and took < _QUICK_SECONDS
            chars = min(chars * 4 if is_quick else chars + chars // 2, _PROBED_CHARS)
    return None


def _unlike_characters(pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield one of those characters that the parts of a pattern cannot tell apart: the others take it as long."""
    parts = []
    for part in {r"\w", *_PARTS.findall(pattern.pattern)}:
        with suppress(re.error):  # a bracket of a group, or half an escape, which matches no character alone
            parts += [re.compile(part, pattern.flags), re.compile(part, pattern.flags | re.IGNORECASE)]
    seen = set[tuple[bool, ...]]()
    for character in _ALPHABET:
        told = tuple(part.fullmatch(character) is not None for part in parts)
        if told not in seen or not character.isascii():
            seen.add(told)
            yield character


def has_nested_repeats(pattern: str) -> bool:
    """Return whether a group that holds an endless repeat is itself repeated."""
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
