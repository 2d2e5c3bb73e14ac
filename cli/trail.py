"""The auditor's commands of `dispatch`: a request's trail, and the reasons behind its result.

    dispatch trail ID [--all | --json | --md | --html FILE]
    dispatch explain ID
    ... --from FILE     from exported histories, without a server; once for each history of a request that continued in a new one

Histories are read from Temporal, or from files; no worker is needed. The formats are in docs/audit.md.
"""

import argparse
from pathlib import Path
from typing import Any, Final

from cli.account import identity
from cli.request_ids import add_id, resolved
from dispatch.audit.models import AuditEntry, AuditKind, Judgement, Trail
from dispatch.audit.read.history import events_in
from dispatch.audit.read.trail import as_json, trail_of_events
from dispatch.audit.report.explain import explain
from dispatch.audit.report.report import as_html, as_markdown
from dispatch.models.errors import SubmissionError
from dispatch.models.moments import format_stamp
from runtime.connection import connect
from runtime.gateway import Gateway
from runtime.histories import trail_of_history
from runtime.settings import Settings

COMMANDS: Final = frozenset({"trail", "explain"})
_IN_FULL: Final = frozenset({AuditKind.HANDOFF, AuditKind.STATUS, AuditKind.WAIT})
"""Entries that the text omits without --all: the answers to the handoffs already say who did what."""
_LONGEST: Final = 300
"""Characters of a reason in the text; --all and the other formats print the whole reason."""
_MOST: Final = 5


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Add the arguments of one command."""
    if name == "trail":
        shapes = command.add_mutually_exclusive_group()
        shapes.add_argument("--all", action="store_true", help="with handoffs, waits and changes of status")
        shapes.add_argument("--json", action="store_true", help="for scripts")
        shapes.add_argument("--md", action="store_true", help="as plain Markdown")
        shapes.add_argument(
            "--html", type=Path, metavar="FILE", help="write a report to look at and to print"
        )
    add_id(command, nargs="?")
    command.add_argument(
        "--from",
        dest="files",
        action="append",
        type=Path,
        metavar="FILE",
        help="an exported history; again for each that the request went on in, oldest first",
    )


async def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Run one of them; connects only if a history must be fetched."""
    trail = await _trail(arguments)
    if arguments.command == "explain":
        for sentence in explain(trail):
            _say(f"{_plain(sentence.text)} [{sentence.place}]")
    elif arguments.json:
        _say(as_json(trail), end="")
    elif arguments.md:
        _say(as_markdown(trail), end="")
    elif arguments.html is not None:
        _write(arguments.html, as_html(trail))
        _say(f"{arguments.html}: the trail of {trail.request_id}, {len(trail.entries)} entries")
    else:
        show_trail(trail, everything=arguments.all)
    return 0


async def _trail(arguments: argparse.Namespace) -> Trail:
    if not arguments.files:
        if arguments.id is None:
            raise SubmissionError(f"name a request, or a file: dispatch {arguments.command} --from FILE")
        client = await connect(identity=identity())
        return await trail_of_history(client, await resolved(Gateway.over(client), arguments.id))
    trail = trail_of_events(events_in(*arguments.files))
    if arguments.id not in {None, trail.request_id}:
        raise SubmissionError(
            f"{arguments.files[0]} is the history of {trail.request_id}, not of {arguments.id}"
        )
    return trail


def show_trail(trail: Trail, *, everything: bool) -> None:
    """Print the entries; --html has the details that do not fit a terminal."""
    _say(f"{_plain(trail.request_id)}: {trail.ending.replace('_', ' ')}")
    shown = [entry for entry in trail.entries if everything or entry.kind not in _IN_FULL]
    for entry in shown:
        _say(_lines(trail, entry))
    if hidden := len(trail.entries) - len(shown):
        _say(f"{hidden} handoffs, waits and changes of status are left out; --all shows them")
    unjudged = [m for m in trail.messages if m.judgement is Judgement.NOT_JUDGED]
    if unjudged:
        _say(
            f"{len(unjudged)} messages received and not judged: {', '.join(sorted({m.name for m in unjudged}))}"
        )
    for discrepancy in trail.discrepancies:
        _say(f"does not fit: {discrepancy}")


def _lines(trail: Trail, entry: AuditEntry) -> str:
    at = format_stamp(entry.at) if entry.at else ""
    run_id = f"{entry.run}:" if len(trail.runs) > 1 else ""
    head = f"{entry.seq:>3}  {at:<23}  {entry.kind.replace('_', '-'):<12}  {entry.sender}"
    to = f" -> {entry.receiver}" if entry.receiver and entry.receiver != "coordinator" else ""
    by = f" (decided by {entry.decided_by})" if entry.decided_by not in {"", entry.sender} else ""
    why = entry.why if len(entry.why) <= _LONGEST else f"{entry.why[:_LONGEST]}..."
    events = f"[{run_id}{', '.join(map(str, entry.event_ids[:5]))}{', ...' if len(entry.event_ids) > _MOST else ''}]"
    below = f"\n{'':21}{_plain(why + by).strip()}" if why or by else ""
    return f"{_plain(f'{head}{to}: {entry.what}')}  {events}{below}"


def _plain(text: str) -> str:
    """Put a stranger's text on one line, without terminal control characters."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SubmissionError(f"{path} cannot be written: {error.strerror}; name another file") from None


def _say(text: str, **how: Any) -> None:
    print(text, **how)
