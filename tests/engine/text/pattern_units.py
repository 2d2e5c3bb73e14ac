"""Short texts that a pattern feeds on: one for each character class and each repeated part, and one that it matches."""

import re
from collections.abc import Iterator
from re import _constants as ops  # type: ignore[attr-defined]  # the parser that Python itself uses; no other reads all of its syntax
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

# One of each kind that classes speak of; the first that fits stands for a class.
_ALPHABET = "a1 .-@Zé\n_:/<>,;!?\"'()[]{}=&%#+*\\|~^$`\t\u20ac\u0301\u2019\u3042"
_LONGEST = 80


def units_of(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Return the different units, shortest first; the whole pattern's own text is the last."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    units = {text[:_LONGEST] for text in (_sample(tree), *_walk(tree)) if text}
    return tuple(sorted(units, key=lambda text: (len(text), text)))


def _walk(tree: Any) -> Iterator[str]:
    for op, value in tree:
        if op is ops.BRANCH:
            for branch in value[1]:
                yield from _walk(branch)
        elif op is ops.IN:
            yield from _of_class(value)
        elif op is ops.SUBPATTERN:
            yield from _walk(value[3])
        elif op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
            # What cannot be repeated takes no more than its own length.
            yield _sample(value[2])
            yield from _walk(value[2])
        elif op in {ops.ASSERT, ops.ASSERT_NOT}:
            yield from _walk(value[1])
        elif op is ops.ATOMIC_GROUP:
            yield from _walk(value)


def _sample(tree: Any) -> str:
    return "".join(_sample_of(op, value) for op, value in tree)


def _sample_of(op: Any, value: Any) -> str:  # noqa: PLR0911 (one for each kind of part)
    """Return a short text that the part matches."""
    if op is ops.LITERAL:
        return chr(value)
    if op in {ops.NOT_LITERAL, ops.ANY}:
        return next(char for char in _ALPHABET if ord(char) != value)
    if op is ops.IN:
        return next(_of_class(value), "")
    if op is ops.BRANCH:
        return _sample(value[1][0])
    if op is ops.SUBPATTERN:
        return _sample(value[3])
    if op in {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}:
        return _sample(value[2]) * int(max(value[0], 1))
    return _sample(value) if op is ops.ATOMIC_GROUP else ""


def _of_class(members: Any) -> Iterator[str]:
    """Yield up to three characters of each member of a class, or those outside a negated one."""
    if members and members[0][0] is ops.NEGATE:
        inside = re.compile("[" + "".join(_as_written(*member) for member in members[1:]) + "]")
        yield from (char for char in _ALPHABET if not inside.match(char))
        return
    for op, value in members:
        wanted = re.compile(f"[{_as_written(op, value)}]")
        yield from [char for char in (*_ALPHABET, *map(chr, range(0x2000, 0x2100))) if wanted.match(char)][:3]
        if op is ops.LITERAL:
            yield chr(value)


def _as_written(op: Any, value: Any) -> str:
    if op is ops.LITERAL:
        return re.escape(chr(value))
    if op is ops.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    classes = {"DIGIT": "\\d", "SPACE": "\\s", "WORD": "\\w"}
    name = str(value).removeprefix("CATEGORY_")
    return classes[name.removeprefix("NOT_")].upper() if name.startswith("NOT_") else classes[name]
