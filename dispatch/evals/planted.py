"""Planted defects: cases that a desk's own generator makes, and how many of them its rules find.

A desk has `evals/planted.py` with `cases(seed)` and `judge(case)`: the first plants one defect in each case, or none, and the
second says by which of the desk's rules it is flagged. The same seed makes the same cases.
"""

from collections.abc import Callable, Iterable
from typing import Final

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract

SEED: Final = 20_261_129
"""The seed of each measurement, so that two can be compared."""


class PlantedCase(Contract):
    """One case; `data` is the desk's own."""

    case_id: str = Field(min_length=1, max_length=200)
    planted: str = Field(description="the rule that must be found; empty for a clean case")
    data: dict[str, JsonValue] = Field(default_factory=dict)


class PlantedFigures(Contract):
    """How many planted defects a desk found, and for how many clean cases it raised an alarm."""

    planted: int = Field(ge=0)
    found: int = Field(ge=0)
    clean: int = Field(ge=0)
    false_alarms: int = Field(ge=0, description="clean cases with any alarm")
    missed: tuple[str, ...] = Field(
        default=(), description="the cases whose defect was not found, with the rule"
    )
    alarmed: tuple[str, ...] = Field(default=(), description="the clean cases with an alarm, with the rules")


def measure(cases: Iterable[PlantedCase], judge: Callable[[PlantedCase], Iterable[str]]) -> PlantedFigures:
    """Judge every case. A planted defect counts as found where its own rule flags it, whatever else does."""
    planted = found = clean = 0
    missed: list[str] = []
    alarmed: list[str] = []
    for case in cases:
        flagged = tuple(dict.fromkeys(judge(case)))
        if not case.planted:
            clean += 1
            if flagged:
                alarmed.append(f"{case.case_id}: {', '.join(flagged)}")
            continue
        planted += 1
        if case.planted in flagged:
            found += 1
        else:
            missed.append(f"{case.case_id}: {case.planted}")
    return PlantedFigures(
        planted=planted,
        found=found,
        clean=clean,
        false_alarms=len(alarmed),
        missed=tuple(missed),
        alarmed=tuple(alarmed),
    )
