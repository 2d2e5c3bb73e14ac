"""The answers as one page that needs nothing but a browser: no script, no network, made to be printed too."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from dispatch.audit.query.questions import Answer, Asked
from dispatch.audit.store_models import Head
from dispatch.models.moments import format_stamp
from dispatch.models.money import Money, format_figure, format_money

MOST_ROWS: Final = 500
"""Rows of one answer that the page shows; it says how many there are."""

_TEMPLATE: Final = Path(__file__).with_name("questions.html")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_AMOUNT: Final = "amount_minor"
_CODES: Final = frozenset({"request_id", "digest", "subject"})
_BARS: Final = frozenset({"total_hours", "approvals", "requests"})
_WITH_BARS: Final = frozenset({"waits", "pairs", "playbooks"})


def page_of(answers: Sequence[Answer], asked: Asked, place: str, head: Head, at: datetime) -> str:
    """Return the page as HTML."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        sections=[_section(answer, asked) for answer in answers],
        place=place,
        head=head,
        period=_period(asked),
        asked_at=format_stamp(at, seconds=False),
    )


def _period(asked: Asked) -> str:
    since = "from the beginning" if asked.since == Asked.since else f"from {asked.since}"
    return f"{since} until {'now' if asked.until == Asked.until else asked.until}"


def _section(answer: Answer, asked: Asked) -> dict[str, Any]:
    names, rows = answer.columns, answer.as_records()
    kinds = {name: _kind(name, rows) for name in names}
    most = {
        name: max((row[name] or 0 for row in rows), default=0)
        for name in names
        if name in _BARS and len(rows) > 1 and answer.question.name in _WITH_BARS
    }
    return {
        "name": answer.question.name,
        "text": answer.question.text,
        "with_": _with(answer, asked),
        "total": len(rows),
        "columns": [{"title": title_of(name), "number": kinds[name] == "number"} for name in names],
        "rows": [
            [_cell(name, row, kinds[name], most.get(name, 0)) for name in names] for row in rows[:MOST_ROWS]
        ],
    }


def title_of(name: str) -> str:
    """Return the heading of a column."""
    return "amount" if name == _AMOUNT else name.replace("_", " ")


def _with(answer: Answer, asked: Asked) -> str:
    taken = answer.question.takes
    if "above" in taken and asked.currency:
        return f"Above {format_money(Money(amount_minor=asked.above, currency=asked.currency))}."
    if "above" in taken:
        return f"Above {asked.above:,} in the minor unit of each currency."
    return f"Faster than {asked.seconds:g} seconds." if "seconds" in taken else ""


def _kind(name: str, rows: list[dict[str, Any]]) -> str:
    if any(_is_number(row[name]) for row in rows):
        return "number"
    return "moment" if any(_is_moment(row[name]) for row in rows) else ""


def _cell(name: str, row: dict[str, Any], kind: str, most: float) -> dict[str, Any]:
    value = row[name]
    share = round(100 * value / most) if most and _is_number(value) else 0
    return {
        "text": cell_text(name, row),
        "kind": kind,
        "code": name in _CODES,
        "share": share,
    }


def cell_text(name: str, row: dict[str, Any]) -> str:
    """Return a value of an answer as people read it: an amount in the unit of its row's currency, a time with its zone."""
    value, currency = row[name], row.get("currency")
    if value is None:
        return "–"  # noqa: RUF001 (a dash stands for nothing)
    if name == _AMOUNT and currency is not None:
        return format_figure(Money(amount_minor=int(value), currency=currency))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return format_stamp(datetime.fromisoformat(value)) if _is_moment(value) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and _MOMENT.fullmatch(value) is not None
