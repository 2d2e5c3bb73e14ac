"""Measure single roles by labelled cases: what each made of a case, and how two measurements differ.

A verdict is `right`, `wrong` (what it decided is not what a person said), or `person`: it left the case to a person. Where the
case asks for nothing that the desk does, leaving it to a person is right.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from functools import reduce
from typing import Final, NamedTuple, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from dispatch.evals.planted import PlantedFigures
from dispatch.evals.understanding import Case
from dispatch.models.contract import Contract, Moment
from dispatch.models.request.item import OTHER, Item
from dispatch.models.work.model_use import ModelOutcome, ModelUse, with_cost

FIELDS_SHAPE: Final = '{"text": "...", "fields": {"order_number": "DD-10001"}, "source": "..."}'
DRAFT_SHAPE: Final = '{"draft": "...", "evidence": ["..."], "labels": ["reply.tone"], "source": "..."}'

REVIEW: Final = "REVIEW"
"""The label of a harvested case that nobody has reviewed; it cannot be measured by."""


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    PERSON = "person"


class FieldsCase(Contract):
    """One text, and the fields that it states; null: it does not state this one."""

    text: str = Field(min_length=1)
    fields: dict[str, str | None] = Field(min_length=1)
    source: str = Field(min_length=1)


class DraftCase(Contract):
    """One draft with what it rests on, and the standards that it breaks: none for a clean one."""

    draft: str = Field(min_length=1)
    evidence: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    source: str = Field(min_length=1)
    note: str = Field(default="", description="for people")

    @model_validator(mode="after")
    def _is_reviewed(self) -> Self:
        if REVIEW in self.labels:
            raise ValueError(
                f"{REVIEW} stands for the standards that it breaks: name them, or [] where it breaks none"
            )
        return self


class Judged(Contract):
    """One case as a role decided it."""

    case: str = Field(description="file and line, the same in each measurement")
    text: str = Field(description="how it begins, for a person")
    expected: str
    got: str
    verdict: Verdict
    use: ModelUse | None = None


class Measured(Contract):
    """One role by one backend; `seconds` of all cases together."""

    seconds: float = Field(ge=0)
    cases: tuple[Judged, ...]

    def number(self, verdict: Verdict) -> int:
        """Return how many cases have a verdict."""
        return sum(1 for one in self.cases if one.verdict is verdict)

    @property
    def tokens(self) -> int:
        """Return the tokens of all questions, read and written."""
        return sum(use.tokens_in + use.tokens_out for use in self._uses)

    @property
    def cost_micros(self) -> Mapping[str, int]:
        """Return what they cost, by currency."""
        return reduce(with_cost, self._uses, dict[str, int]())

    @property
    def fell_back(self) -> int:
        """Return for how many cases the rules took the model's place."""
        return sum(1 for use in self._uses if use.outcome is ModelOutcome.FELL_BACK)

    @property
    def _uses(self) -> Iterator[ModelUse]:
        return (one.use for one in self.cases if one.use is not None)


class EvalRun(Contract):
    """One measurement: desk -> role -> backend, such as `rules`, `examples` or `model:small`."""

    at: Moment
    desks: dict[str, dict[str, dict[str, Measured]]]
    planted: dict[str, PlantedFigures] = Field(default_factory=dict, description="by desk")


class Change(NamedTuple):
    """A case that two measurements decided otherwise."""

    desk: str
    role: str
    backend: str
    case: str
    text: str
    was: Verdict
    now: Verdict


C = TypeVar("C", FieldsCase, DraftCase)


def read_role_cases(name: str, text: str, kind: type[C], shape: str) -> tuple[list[tuple[str, C]], list[str]]:
    """Return the cases of a file by their names, and a sentence for each line that is none."""
    cases: list[tuple[str, C]] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cases.append((f"{name}:{number}", kind.model_validate(json.loads(line))))
        except (ValidationError, RecursionError, ValueError) as error:
            what = _wrong(error) if isinstance(error, ValidationError) else "it is not JSON"
            problems.append(f"{name}, line {number}: {what}; write {shape}")
    return cases, problems


def _wrong(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return f"{where!r}: {what[:1].lower()}{what[1:]}" if where else what


def judge_intents(
    name: str,
    case: Case,
    items: Sequence[Item],
    known: AbstractSet[str],
    *,
    routed: bool,
    use: ModelUse | None = None,
) -> Judged:
    """Judge what the items of a text were taken for; a doubtful item, and one without an intent, goes to a person."""
    labels = set(case.labels)
    decided = (
        {item.kind for item in items if not item.is_doubtful and item.kind != OTHER} if routed else set()
    )
    left = not routed or any(item.is_doubtful or item.kind == OTHER for item in items)
    if decided - labels:
        verdict = Verdict.WRONG
    elif labels & known:
        verdict = Verdict.PERSON if left or not decided else Verdict.RIGHT
    else:
        verdict = Verdict.RIGHT
    got = (
        ", ".join(f"{item.kind}?" if item.is_doubtful else item.kind for item in items)
        if routed
        else "not routed"
    )
    return Judged(
        case=name,
        text=begins(case.text),
        expected=" or ".join(case.labels),
        got=got,
        verdict=verdict,
        use=use,
    )


def judge_fields(
    name: str, case: FieldsCase, found: Mapping[str, str], use: ModelUse | None = None
) -> Judged:
    """Judge the fields that were found; one that is missing is asked for, one that is not stated was invented."""
    wrong = {field for field, value in case.fields.items() if found.get(field) not in {None, value}}
    missing = {field for field, value in case.fields.items() if value is not None and field not in found}
    verdict = Verdict.WRONG if wrong else Verdict.PERSON if missing else Verdict.RIGHT
    got = {field: found.get(field) for field in case.fields}
    return Judged(
        case=name,
        text=begins(case.text),
        expected=_told(case.fields),
        got=_told(got),
        verdict=verdict,
        use=use,
    )


def judge_draft(name: str, case: DraftCase, flagged: Iterable[str], use: ModelUse | None = None) -> Judged:
    """Judge what a reviewer flagged: a planted fault must be flagged, and what is clean left alone."""
    standards = tuple(dict.fromkeys(flagged))
    if case.labels:
        verdict = Verdict.RIGHT if set(case.labels) & set(standards) else Verdict.WRONG
    else:
        verdict = Verdict.PERSON if standards else Verdict.RIGHT
    return Judged(
        case=name,
        text=begins(case.draft),
        expected=", ".join(case.labels) or "nothing",
        got=", ".join(standards) or "nothing",
        verdict=verdict,
        use=use,
    )


def changes(before: EvalRun, after: EvalRun) -> list[Change]:
    """Return the cases of both measurements that were decided otherwise, in the order of the second."""
    found: list[Change] = []
    for desk, roles in after.desks.items():
        for role, backends in roles.items():
            for backend, measured in backends.items():
                earlier = before.desks.get(desk, {}).get(role, {}).get(backend)
                was = {one.case: one.verdict for one in earlier.cases} if earlier is not None else {}
                found += [
                    Change(desk, role, backend, one.case, one.text, was[one.case], one.verdict)
                    for one in measured.cases
                    if was.get(one.case, one.verdict) is not one.verdict
                ]
    return found


def begins(text: str, length: int = 100) -> str:
    """Return how a text begins, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _told(fields: Mapping[str, str | None]) -> str:
    return ", ".join(
        f"{name} {value if value is not None else 'not stated'}" for name, value in fields.items()
    )
