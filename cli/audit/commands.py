"""`dispatch audit ...`: the audit store from the command line."""

import argparse
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client

from cli.account import identity
from cli.audit.custody import acknowledge, add_custody, rotate_key
from cli.audit.erasure import add_erase, erase
from cli.audit.status import tell_status
from cli.audit.verify import anchor_head, verify_store
from cli.request_ids import resolved
from dispatch.audit.query.questions import BY_NAME, Answer, Asked, answers
from dispatch.audit.query.questions_page import cell_text, page_of, title_of
from dispatch.audit.store.crypto_shredding import opened
from dispatch.audit.store.document import from_bytes
from dispatch.audit.store.manifest import sha256
from dispatch.audit.store.store import index_of
from dispatch.audit.store_models import ManifestLine
from dispatch.models.errors import AuditStoreError, SubmissionError
from runtime.audit.parts import audit_export, backend_from, extract_from, keys_from
from runtime.connection import connect
from runtime.gateway import Gateway
from runtime.settings import Settings

Command = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]


def add(audit: argparse.ArgumentParser, _name: str) -> None:
    """Add the parts of `audit`."""
    parts = audit.add_subparsers(dest="audit", required=True)

    export = parts.add_parser("export", help="export closed requests now; without ID, all that are missing")
    export.add_argument("ids", nargs="*", metavar="ID")

    status = parts.add_parser("status", help="what Temporal closed and the store lacks, and the chain's head")
    status.add_argument("--json", action="store_true", help="for scripts")

    check = parts.add_parser("verify", help="whether a store is what was exported; needs no server")
    check.add_argument("store", nargs="?", default="", metavar="STORE", help="a folder or s3://bucket/prefix")
    check.add_argument("--head", action="append", default=[], metavar="DIGEST", help="a head that you know")
    check.add_argument(
        "--key",
        metavar="KEY",
        help="the export key that you know: SHA256:..., or a PEM file; by default the one that this machine pinned",
    )
    check.add_argument(
        "--allow-unverified-origin",
        action="store_true",
        help="exit code 0 also where nobody here knows whose key signed the chain",
    )
    check.add_argument("--tsa-ca", type=Path, metavar="FILE", help="PEM of the time stamping authority")
    check.add_argument("--no-replay", action="store_true", help="leave the replay of the histories out")
    check.add_argument("--json", action="store_true", help="for scripts")

    anchor = parts.add_parser("anchor", help="write the chain's head down, for a time stamp or a mail")
    anchor.add_argument("--token", type=Path, metavar="FILE", help="keep an authority's answer (.tsr)")
    anchor.add_argument("--store", default="", metavar="STORE")

    fetch = parts.add_parser("fetch", help="take a request's history out, as Temporal's own JSON")
    fetch.add_argument("id", metavar="ID")
    fetch.add_argument("file", type=Path, metavar="FILE", help="further runs go to FILE.2, FILE.3, ...")
    fetch.add_argument("--store", default="", metavar="STORE")

    ask = parts.add_parser("questions", help="what an auditor asks of all requests")
    ask.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BY_NAME)}; without one, all")
    ask.add_argument("--store", default="", metavar="STORE")
    ask.add_argument(
        "--above",
        type=int,
        default=0,
        metavar="MINOR",
        help="amounts: in the minor unit of the currency, such as cents",
    )
    ask.add_argument("--currency", metavar="EUR")
    ask.add_argument("--seconds", type=float, default=30.0, help="fast: approvals quicker than this")
    ask.add_argument("--since", type=date.fromisoformat, default=Asked.since, metavar="DATE")
    ask.add_argument(
        "--until", type=date.fromisoformat, default=Asked.until, metavar="DATE", help="itself not"
    )
    ask.add_argument("--html", type=Path, metavar="FILE", help="one page with every answer")
    ask.add_argument("--json", action="store_true", help="for scripts")

    add_erase(parts)
    add_custody(parts)


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of these commands; returns its exit code, 1 where something is missing or broken."""
    commands: dict[str, Command] = {
        "export": _export,
        "status": tell_status,
        "verify": verify_store,
        "anchor": anchor_head,
        "fetch": _fetch,
        "questions": _questions,
        "erase": erase,
        "rotate-key": rotate_key,
        "acknowledge": acknowledge,
    }
    return await commands[arguments.audit](arguments, settings)


async def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    client = await _client()
    ids = [await resolved(Gateway.over(client), each) for each in arguments.ids]
    exporter = audit_export(client, settings)
    refused = await exporter.refusal()
    if refused is not None:
        print(refused, file=sys.stderr)
        return 1
    failed = dict[str, str]()
    async for done in exporter.export_in_batches(ids):
        failed |= done.failed
        for words, which in (
            ("exported", done.exported),
            ("was exported before", done.already_there),
            ("is still open", done.still_open),
        ):
            for request_id in which:
                print(f"{request_id}  {words}")
    for request_id, why in failed.items():
        print(f"{request_id}  failed: {why}", file=sys.stderr)
    return 1 if failed else 0


async def _fetch(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write each run to a file in the usual format of histories, which `dispatch trail --from` also reads."""
    place = backend_from(settings, arguments.store)
    seq = index_of(place).requests.get(arguments.id)
    if seq is None:
        raise SubmissionError(f"{arguments.id} is not in {place.name}; see 'dispatch audit status'")
    raw = next(raw for raw, position in place.lines() if position.seq == seq)
    line = ManifestLine.model_validate_json(raw)
    data = place.get(line.digest) or b""
    if sha256(data) != line.digest:
        raise AuditStoreError(
            f"the history of {line.request_id} is missing or was changed; see 'dispatch audit verify'"
        )
    document = opened(from_bytes(data), keys_from(settings).find)
    if document.is_sealed:
        print("its payloads are encrypted, and the key is not on this machine", file=sys.stderr)
    for number, run in enumerate(document.runs, start=1):
        file = arguments.file if number == 1 else arguments.file.with_name(f"{arguments.file.name}.{number}")
        try:
            file.write_text(json.dumps({"events": list(run.events)}, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise SubmissionError(f"{file} cannot be written: {error.strerror}; name another") from None
        print(f"{file}: line {seq}, run {run.run_id}, {len(run.events)} events")
    return 0


async def _questions(arguments: argparse.Namespace, settings: Settings) -> int:
    unknown = [name for name in arguments.names if name not in BY_NAME]
    if unknown:
        raise SubmissionError(f"there is no question {unknown[0]!r}; there are: {', '.join(BY_NAME)}")
    place = backend_from(settings, arguments.store)
    extract = extract_from(settings, place)
    records = extract.catch_up()
    asked = Asked(
        above=arguments.above,
        currency=arguments.currency,
        seconds=arguments.seconds,
        since=arguments.since,
        until=arguments.until,
    )
    given = answers(extract.path, asked, tuple(arguments.names))
    if arguments.html is not None:
        page = page_of(given, asked, place.name, index_of(place).head, datetime.now(UTC))
        arguments.html.write_text(page, encoding="utf-8")
        print(f"{arguments.html}: {len(given)} answers over {records} exports")
    elif arguments.json:
        print(json.dumps({answer.question.name: answer.as_records() for answer in given}))
    else:
        for answer in given:
            _print_answer(answer)
    return 0


def _print_answer(answer: Answer) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(f"[bold]{answer.question.name}[/bold]  {answer.question.text}", highlight=False)
    if not answer.rows:
        print("  none\n")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in answer.columns:
        table.add_column(title_of(column))
    for row in answer.as_records():
        table.add_row(*(escape(cell_text(name, row)) for name in row))
    console.print(table)


async def _client() -> Client:
    return await connect(identity=identity())
