"""What language models were used for: a plot by day and model, and sums by what the person chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from dispatch.audit.query.usage import KEYS, Question, Total, total_of, totals
from inbox.web import context_of, render, signed_in
from runtime.audit.usage import usage_since

DAYS: Final = (7, 30, 90)
MOST_ROWS: Final = 200
_SERIES: Final = 4
"""Colours that can be told apart; where there are more models the last one is for the others together."""
_WIDTH, _HEIGHT = 720, 180
_LEFT, _BOTTOM, _TOP = 64, 24, 8


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    told: str


@dataclass(frozen=True)
class Mark:
    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """Stacked bars in the units of an SVG; `across` are marks of the days, `up` those of the tokens."""

    names: tuple[str, ...]
    bars: tuple[Bar, ...]
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT


@signed_in
async def show(request: Request) -> Response:
    """Show the days and the sums that were asked for; anything else in the address is as if it were not there."""
    context = context_of(request)
    asked = request.query_params
    days = next((each for each in DAYS if asked.get("days") == str(each)), DAYS[1])
    by = asked.get("by", "")
    by = by if by in KEYS else "role"
    today = context.now().date()
    since = today - timedelta(days=days - 1)
    usage = await usage_since(context.desk, context.settings, since)
    rows = sorted(totals(usage.questions, KEYS[by]), key=_tokens, reverse=by != "day")
    return render(
        request,
        "usage.html",
        plot=plot_of(usage.questions, since, days) if usage.questions else None,
        rows=rows[-MOST_ROWS:] if by == "day" else rows[:MOST_ROWS],
        further=max(0, len(rows) - MOST_ROWS),
        total=total_of(usage.questions),
        by=by,
        keys=tuple(KEYS),
        days=days,
        choices=DAYS,
        left_out=usage.left_out,
    )


def plot_of(questions: Sequence[Question], since: date, days: int) -> Plot:
    """Return the tokens of each day, stacked by model, most used first."""
    models = [one.key for one in sorted(totals(questions, KEYS["model"]), key=_tokens, reverse=True)]
    names = models if len(models) <= _SERIES else [*models[: _SERIES - 1], "others"]
    by_day = totals(questions, KEYS["day"])
    most = max(1, *(_tokens(one) for one in by_day))
    step, floor = (_WIDTH - _LEFT) / days, _HEIGHT - _BOTTOM
    bars = list[Bar]()
    tops = dict[str, float]()
    for one in totals(questions, lambda one: f"{one.day} {_series(models, names, one.use.model)}"):
        day, _, series = one.key.partition(" ")
        height = (floor - _TOP) * _tokens(one) / most
        tops[day] = tops.get(day, float(floor)) - height
        told = (
            f"{day}, {names[int(series)]}: {_tokens(one):,} tokens, {one.questions:,} questions, {one.cost}"
        )
        x = _LEFT + step * (date.fromisoformat(day) - since).days + step * 0.1
        bars.append(
            Bar(round(x, 1), round(tops[day], 1), round(step * 0.8, 1), round(height, 1), int(series), told)
        )
    every = max(1, days // 6)
    across = tuple(
        Mark(round(_LEFT + step * (n + 0.5), 1), f"{since + timedelta(days=n):%d %b}")
        for n in range(0, days, every)
    )
    up = tuple(
        Mark(round(floor - (floor - _TOP) * share, 1), f"{round(most * share):,}") for share in (0, 0.5, 1)
    )
    return Plot(tuple(names), tuple(bars), across, up)


def _series(models: Sequence[str], names: Sequence[str], model: str) -> int:
    return min(models.index(model), len(names) - 1)


def _tokens(total: Total) -> int:
    return total.tokens_in + total.tokens_out
