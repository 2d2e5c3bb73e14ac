"""`dispatch inbox` and `dispatch list`: rows of Temporal's visibility, with the memo of each waiting request."""

import argparse
import json
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.temporal import gateway_of_account
from dispatch.models.moments import format_stamp
from dispatch.models.request.status import Ending
from runtime.doors.refusals import not_taken_in
from runtime.gateway import Gateway
from runtime.rows import Row
from runtime.settings import Settings

_WIDTH_OF_A_PIPE = 140
"""Characters of a line if no terminal reports its width; a request's id is never cut."""
_HEAD: Final = ("request", "risk", "amount", "next owner", "review point", "prio", "points")
_MOST_RANKED: Final = 10_000
"""Waiting requests that are read for ranking; if there are more, the newest."""


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add the arguments of one command."""
    command.add_argument("--limit", type=int, default=50)
    command.add_argument("--json", action="store_true", help="for scripts")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; returns its exit code."""
    return await show_rows(gateway_of_account(), settings, arguments)


async def show_rows(gateway: Gateway, settings: Settings, arguments: argparse.Namespace) -> int:
    """Print the requests that wait for a person, or all requests; no worker is needed."""
    inbox = arguments.command == "inbox"
    now = datetime.now(UTC)
    most = _MOST_RANKED if inbox else arguments.limit
    listed = [row async for row in gateway.rows(waiting_only=inbox, limit=most)]
    if inbox:
        listed = sorted(listed, key=lambda row: row.place(now))[: arguments.limit]
    if arguments.json:
        print(json.dumps([_for_scripts(row, now) for row in listed]))
        return 0
    refused = not_taken_in(settings).count() if inbox else 0
    if refused:
        files = "1 file was" if refused == 1 else f"{refused} files were"
        where = f" ({settings.inbox_url}/not-taken-in)" if settings.inbox_url else ""
        print(f"{files} not taken in; the inbox's list 'Not taken in' has each with the reason{where}")
    if not listed:
        nothing = "no request waits for a person" if refused else "nothing waits for a person"
        console().print(nothing if inbox else "no requests")
        return 0
    if inbox:
        _print_waiting(listed, now)
    else:
        console().print(_all(listed))
    print("dispatch status ID shows what is awaited, and the command to type")
    return 0


def console() -> Console:
    """Return the console, wide enough for an id if it is no terminal."""
    here = Console()
    return here if here.is_terminal else Console(width=max(here.width, _WIDTH_OF_A_PIPE))


def _print_waiting(listed: list[Row], now: datetime) -> None:
    """Print the waiting requests, most urgent first, each with its reason on a separate line; a dash marks an unknown value."""
    cells = [_HEAD, *(_cells(row, now) for row in listed)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    out = console()
    out.print(Text(lines[0].rstrip(), style="bold"), soft_wrap=True)
    for line, row in zip(lines[1:], listed, strict=True):
        list_summary = row.list_summary
        said = (
            ": ".join(part for part in (list_summary.subject, list_summary.why) if part)
            if list_summary
            else row.state
        )
        out.print(Text(line.rstrip()), soft_wrap=True)
        # Text, so that a customer's words are not read as markup.
        out.print(Text(f"    {_printable(said)}", style="dim"), no_wrap=True, overflow="ellipsis")


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    risk, amount = (row.list_summary.tier, row.list_summary.amount) if row.list_summary else (None, "")
    rank = str(row.priority or "-"), str(row.points(now))
    return row.request_id, risk or "-", amount or "-", row.owner, _by(row), *rank


def _all(listed: list[Row]) -> Table:
    """Return all rows as a table; the first two columns are never cut, because people copy and search them.

    If automatic mail is among them, a last column names the sign by which it was recognised; likewise for parts of a
    request for several desks, which one.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    apart = {
        row.request_id: row.list_summary.why
        for row in listed
        if row.state == Ending.SET_APART and row.list_summary
    }
    for number, column in enumerate(("request", "state", "next owner", "review point", "prio", "desk")):
        table.add_column(column, no_wrap=number < 2)  # noqa: PLR2004 (as the docstring says)
    parts = any(row.part_of for row in listed)
    if apart:
        table.add_column("why")
    if parts:
        table.add_column("part of", no_wrap=True)
    for row in listed:
        # Text, so that a stranger's header is not read as markup.
        why = [Text(_printable(apart.get(row.request_id, "")))] if apart else []
        why += [Text(row.part_of)] if parts else []
        table.add_row(row.request_id, row.state, row.owner, _by(row), str(row.priority or ""), row.desk, *why)
    return table


def _for_scripts(row: Row, now: datetime) -> dict[str, Any]:
    """Return a row as JSON values; unknown `tier`, `amount`, `why`, `subject` and `requester` are empty."""
    list_summary = row.list_summary
    return {
        "request_id": row.request_id,
        "desk": row.desk,
        "state": row.state,
        "owner": row.owner,
        "review_point": iso(row.review_point),
        "priority": row.priority,
        "points": row.points(now),
        "started": iso(row.started),
        "tier": (list_summary.tier or "") if list_summary else "",
        "amount": list_summary.amount if list_summary else "",
        "why": list_summary.why if list_summary else "",
        "subject": list_summary.subject if list_summary else "",
        "requester": list_summary.requester if list_summary else "",
        "part_of": row.part_of,
    }


def iso(moment: datetime | None) -> str:
    """Return a time in ISO format; None for none."""
    return moment.isoformat(timespec="seconds") if moment else ""


def _by(row: Row) -> str:
    return format_stamp(row.review_point, seconds=False) if row.review_point else ""


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in text)
