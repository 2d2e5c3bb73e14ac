"""`dispatch usage`: what language models were used for and what that cost, summed from the trails."""

import argparse
import json
from datetime import UTC, date, datetime, timedelta
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from cli.listing import console
from cli.temporal import gateway_of_account
from dispatch.audit.query.usage import KEYS, Total, total_of, totals
from runtime.audit.usage import usage_since
from runtime.settings import Settings

_HEADS: Final = (
    "questions",
    "accepted",
    "repaired",
    "fell back",
    "calls",
    "tokens in",
    "tokens out",
    "seconds",
    "cost",
)


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add what `usage` is called with."""
    command.add_argument(
        "--by", choices=tuple(KEYS), default="role", help="what is summed up; by default role"
    )
    command.add_argument(
        "--since", type=date.fromisoformat, metavar="DATE", help="a day in UTC; by default 30 days ago"
    )
    command.add_argument("--json", action="store_true", help="for scripts")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the sums; what could not be counted is said."""
    since = arguments.since or (datetime.now(UTC) - timedelta(days=30)).date()
    usage = await usage_since(gateway_of_account(), settings, since)
    sums = totals(usage.questions, KEYS[arguments.by])
    if arguments.json:
        rows = [one.model_dump(mode="json") for one in sums]
        print(
            json.dumps(
                {
                    "by": arguments.by,
                    "since": since.isoformat(),
                    "totals": rows,
                    "total": total_of(usage.questions).model_dump(mode="json"),
                    "left_out": usage.left_out,
                }
            )
        )
        return 0
    if sums:
        table = Table(arguments.by, box=SIMPLE_HEAD, pad_edge=False)
        for head in _HEADS:
            table.add_column(head, justify="right")
        for one in sums:
            table.add_row(escape(one.key), *_cells(one))
        if len(sums) > 1:
            table.add_section()
            table.add_row("all", *_cells(total_of(usage.questions)))
        console().print(table)
    else:
        print(f"no model was asked since {since}")
    for sentence in usage.left_out:
        print(sentence)
    return 0


def _cells(total: Total) -> tuple[str, ...]:
    counts = (
        total.questions,
        total.accepted,
        total.repaired,
        total.fell_back,
        total.calls,
        total.tokens_in,
        total.tokens_out,
    )
    return (*(f"{count:,}" for count in counts), f"{total.seconds:,.1f}", total.cost)
