"""Puts in what is certain, and says what was changed; nothing else in the source changes.

Editing twice is editing once: replacements are put in until none is left, and rules that would undo one another are left
to a person.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from desks.marketing.copy.text import Copy
from desks.marketing.models.flag import Flag

_MOST_ROUNDS: Final = 5

Find = Callable[[str], tuple[Copy, Sequence[Flag]]]
"""Reads a source and returns its copy with what is found in it."""


class Change(NamedTuple):
    """One replacement in the source of its round."""

    start: int
    end: int
    before: str
    after: str
    rule: str


class Edited(NamedTuple):
    """The edited source, its changes in the order in which they were made, and the rules that were left out."""

    source: str
    changes: tuple[Change, ...]
    left_out: frozenset[str]


def edit(source: str, find: Find) -> Edited:
    """Return the source with every certain replacement put in."""
    left_out: frozenset[str] = frozenset()
    while True:
        edited, contradicting = _attempt(source, find, left_out)
        if not contradicting:
            return edited
        left_out |= contradicting


def _attempt(source: str, find: Find, left_out: frozenset[str]) -> tuple[Edited, frozenset[str]]:
    text, seen, made = source, {source}, list[Change]()
    for _ in range(_MOST_ROUNDS):
        _, flags = find(text)
        changes = changes_of(text, [one for one in flags if one.rule not in left_out])
        if not changes:
            return Edited(text, tuple(made), left_out), frozenset()
        text = with_changes(text, changes)
        made += changes
        if text in seen:
            return Edited(source, (), left_out), frozenset(change.rule for change in changes)
        seen.add(text)
    _, flags = find(text)
    last = changes_of(text, [one for one in flags if one.rule not in left_out])
    return Edited(text, tuple(made), left_out), frozenset(change.rule for change in last)


def changes_of(source: str, flags: Iterable[Flag]) -> tuple[Change, ...]:
    """Return the certain replacements in order; of two that overlap the one that begins first, then the longer."""
    certain = sorted(
        (one for one in flags if one.is_certain and one.replacement is not None and one.end > one.start),
        key=lambda one: (one.start, -one.end),
    )
    changes: list[Change] = []
    for one in certain:
        before, after = source[one.start : one.end], one.replacement or ""
        if before != after and (not changes or one.start >= changes[-1].end):
            changes.append(Change(one.start, one.end, before, after, one.rule))
    return tuple(changes)


def with_changes(source: str, changes: Sequence[Change]) -> str:
    """Return the source with changes put in that do not overlap, in order."""
    pieces: list[str] = []
    place = 0
    for change in changes:
        pieces += [source[place : change.start], change.after]
        place = change.end
    return "".join([*pieces, source[place:]])


def diff_of(before: str, after: str, name: str) -> str:
    """Return the changes as a unified diff, as programs for patches read it; empty where nothing changed."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} (as it came)", f"{name} (edited)", lineterm="", n=2
    )
    return "\n".join(lines)
