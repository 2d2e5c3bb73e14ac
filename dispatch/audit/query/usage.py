"""What language models were used for: each question of the trails, and sums of them by request, desk, role, model or day."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from pydantic import Field

from dispatch.models.contract import Contract
from dispatch.models.trail import TrailEntry
from dispatch.models.work.model_use import ModelUse, costs_in_words, with_cost


class Question(Contract):
    """One question to a model, with the request that it was asked for."""

    request_id: str
    desk: str
    at: datetime
    use: ModelUse

    @property
    def day(self) -> date:
        """The day in UTC."""
        return self.at.astimezone(UTC).date()


class Total(Contract):
    """What the questions with one key came to."""

    key: str
    questions: int = 0
    accepted: int = 0
    repaired: int = 0
    fell_back: int = 0
    failures: dict[str, int] = Field(default_factory=dict, description="of those that fell back, by kind")
    calls: int = Field(default=0, description="answers that were asked for, repairs included")
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost_micros: dict[str, int] = Field(default_factory=dict, description="by currency, millionths")

    @property
    def cost(self) -> str:
        """What it cost, each currency by itself; a dash where nothing is known to have cost anything."""
        return costs_in_words(self.cost_micros) or "-"


KEYS: Final[Mapping[str, Callable[[Question], str]]] = {
    "request": lambda one: one.request_id,
    "desk": lambda one: one.desk or "no desk",
    "role": lambda one: f"{one.desk or 'no desk'}.{one.use.role}",
    "model": lambda one: one.use.model,
    "day": lambda one: one.day.isoformat(),
}
"""What questions are summed by."""


def questions_of(request_id: str, desk: str, trail: Iterable[TrailEntry]) -> list[Question]:
    """Return the questions that a request's own record tells of."""
    return [
        Question(request_id=request_id, desk=desk, at=entry.at, use=entry.use)
        for entry in trail
        if entry.use is not None
    ]


def questions_in(record: Mapping[str, Any]) -> list[Question]:
    """Return the questions of one record of the extract."""
    return [
        Question(
            request_id=record["request_id"],
            desk=record["desk"] or "",
            at=datetime.fromisoformat(one["moment"]),
            use=ModelUse.model_validate(one["use"]),
        )
        for one in record["models"]
    ]


def totals(questions: Iterable[Question], by: Callable[[Question], str]) -> list[Total]:
    """Return the sums by key, in the order of the keys."""
    sums: dict[str, Total] = {}
    for one in questions:
        key = by(one)
        sums[key] = _with(sums.get(key) or Total(key=key), one.use)
    return [sums[key] for key in sorted(sums)]


def total_of(questions: Iterable[Question]) -> Total:
    """Return the sum of all."""
    return next(iter(totals(questions, lambda _: "all")), Total(key="all"))


def _with(total: Total, use: ModelUse) -> Total:
    failures = dict(total.failures)
    if use.failure is not None:
        failures[use.failure] = failures.get(use.failure, 0) + 1
    return total.model_copy(
        update={
            "questions": total.questions + 1,
            use.outcome.value: getattr(total, use.outcome.value) + 1,
            "failures": failures,
            "calls": total.calls + use.attempts,
            "tokens_in": total.tokens_in + use.tokens_in,
            "tokens_out": total.tokens_out + use.tokens_out,
            "seconds": total.seconds + use.seconds,
            "cost_micros": with_cost(total.cost_micros, use),
        }
    )
