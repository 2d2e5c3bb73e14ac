"""Measure how well a desk understands: labelled cases, what the desk made of each, and the figures of both.

A case is right by any of its labels: intents of the desk, `other` (asks for something that the desk has no intent
for), `none` (asks for nothing) or `offtopic` (is nothing of this business).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Final

from pydantic import ConfigDict, Field, ValidationError

from dispatch.models.contract import Contract
from dispatch.models.request.item import OTHER
from dispatch.text.normalise import says_something

NONE: Final = "none"
OFF_TOPIC: Final = "offtopic"
UNROUTED: Final = "not routed"
_SHAPE: Final = '{"text": "...", "labels": ["..."], "source": "..."}'


class Case(Contract):
    """One text as a customer wrote it, with the labels that a person gave it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: str
    labels: list[str] = Field(min_length=1)
    source: str = Field(
        min_length=1, description="where it comes from; figures go by what is before the first colon"
    )


@dataclass(frozen=True)
class Reading:
    """What a desk made of a case: `kinds` of its items, read as if the desk was named; `unaided`: no person, no question.

    `answers_a_part`: an answer goes out unaided, and what has no intent is left for a person.
    """

    routed: bool
    kinds: tuple[str, ...]
    unaided: bool
    answers_a_part: bool = False


@dataclass(frozen=True)
class Figures:
    """How many cases of a source; a kind is the intent that the desk gives to an item.

    n: all. in_scope: a label is an intent of the desk. routed: the desk's phrases take it in, whatever its labels.
    kind_right: every item has a kind among the labels, and one of them is an intent of the desk. routed_and_right:
    both. wrong_kind: an item has an intent of the desk that is not among the labels, in scope or not. split: more than
    one item. unaided: the request was answered or acted on with no person asked and no question sent. unaided_wrong: of
    those, the ones whose kind is not right; whatever is out of scope is wrong. Where an answer leaves a part for a person, it
    is wrong if what it answers is, though the request is not handled unaided.
    """

    n: int = 0
    in_scope: int = 0
    routed: int = 0
    kind_right: int = 0
    routed_and_right: int = 0
    wrong_kind: int = 0
    split: int = 0
    unaided: int = 0
    unaided_wrong: int = 0

    def as_json(self) -> dict[str, int]:
        """Return the figures by their names."""
        return asdict(self)


@dataclass(frozen=True)
class CaseFile:
    """What a file of cases holds: those that are well-formed, by file and line, and a sentence for each line that is not."""

    named: tuple[tuple[str, Case], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        return tuple(case for _, case in self.named)


def read_cases(name: str, text: str, intents: Iterable[str]) -> CaseFile:
    """Read a file of cases, one JSON object a line, against the intents of a desk; empty lines are passed over."""
    known = [*intents, OTHER, NONE, OFF_TOPIC]
    cases: list[tuple[str, Case]] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cases.append((f"{name}:{number}", _case(line, known)))
        except ValueError as error:
            problems.append(f"{name}, line {number}: {error}")
    if not cases and not problems:
        problems.append(f"{name}: it has no cases; write one on each line: {_SHAPE}")
    return CaseFile(tuple(cases), tuple(problems))


def _case(line: str, known: Sequence[str]) -> Case:
    """Return the case of a line; raises ValueError with what is wrong and what to do."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"it is not JSON; write one object on one line: {_SHAPE}") from None
    if not isinstance(content, dict):
        raise ValueError(f"it is no object; write {_SHAPE}")  # noqa: TRY004 (a mistake in a file, told to a person)
    try:
        case = Case.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "is unknown" if first["type"] == "extra_forbidden" else f"is wrong ({first['msg'].lower()})"
        raise ValueError(f"{where!r} {what}; write {_SHAPE}") from None
    if not says_something(case.text):
        raise ValueError("'text' says nothing; write what the customer wrote, or remove the line")
    if unknown := [label for label in case.labels if label not in known]:
        raise ValueError(
            f"the desk has no intent {', '.join(map(repr, unknown))}; a label is one of: {', '.join(known)}"
        )
    if NONE in case.labels and len(set(case.labels)) > 1:
        raise ValueError(f"{NONE!r} stands beside other labels; what asks for nothing has no other label")
    return case


def source_of(case: Case) -> str:
    """Return the source that a case counts for: up to the first colon."""
    return case.source.partition(":")[0]


def figures_by_source(read: Iterable[tuple[Case, Reading]], intents: Iterable[str]) -> Mapping[str, Figures]:
    """Return the figures of each source, by name."""
    known = frozenset(intents)
    counts: dict[str, Counter[str]] = {}
    for case, reading in read:
        labels, kinds = set(case.labels), set(reading.kinds)
        # What has no intent may be right beside one that is; alone it is not understood, whatever the labels.
        right = _is_right(kinds, labels, known)
        counted = {
            "n": True,
            "in_scope": bool(labels & known),
            "routed": reading.routed,
            "kind_right": right,
            "routed_and_right": right and reading.routed,
            "wrong_kind": bool(kinds & known - labels),
            "split": len(reading.kinds) > 1,
            "unaided": reading.unaided,
            # Of an answer that leaves a part for a person, what it answers must be right.
            "unaided_wrong": (reading.unaided and not right)
            or (reading.answers_a_part and not _is_right(kinds - {OTHER}, labels, known)),
        }
        of_source = counts.setdefault(source_of(case), Counter())
        of_source.update(name for name, counts_for in counted.items() if counts_for)
    return {source: Figures(**counts[source]) for source in sorted(counts)}


def _is_right(kinds: AbstractSet[str], labels: AbstractSet[str], known: AbstractSet[str]) -> bool:
    return kinds <= labels and bool(kinds & known)


def confusion(read: Iterable[tuple[Case, Reading]]) -> Mapping[str, Mapping[str, int]]:
    """Return label -> what the desk made of it -> cases, the most frequent first.

    A case counts once: under the label that its kinds fit, else its first; and as `not routed`, as a wrong kind if an item
    has one, or as `other` if an item has no intent.
    """
    table: dict[str, Counter[str]] = {}
    for case, reading in read:
        wrong = [kind for kind in reading.kinds if kind not in case.labels]
        fitting = [kind for kind in reading.kinds if kind in case.labels]
        label = fitting[0] if fitting else case.labels[0]
        made = min(wrong, key=lambda kind: kind == OTHER) if wrong else label
        table.setdefault(label, Counter())[made if reading.routed else UNROUTED] += 1
    return {label: dict(table[label].most_common()) for label in sorted(table)}
