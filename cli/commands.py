"""The command `dispatch`: reads what was typed, runs it, prints what came of it.

Exit codes:
    0         done; a decision or answer that the desk keeps and has not judged yet is done too, and says so
    1         the desk refused it, or a check found something wrong; what and why is printed
    2         wrong input, a key that cannot sign, or Temporal not reached; one sentence on stderr says which
    130, 143  ended by Ctrl-C or SIGTERM
    141       whoever read the output has gone, as with `| head`
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import argcomplete
from pydantic import JsonValue

from cli import trail
from cli.account import add_as, gateway_of_account
from cli.audit import add_audit_commands, run_audit
from cli.decisions import add_decisions, pairs_of, print_judged, run_decision
from cli.desk import add_desk, run_desk
from cli.follow_up import show_follow_up
from cli.keys import add_keys, run_keys
from cli.listing import console, iso, show_rows
from cli.pipe import while_somebody_reads
from cli.request_detail import show
from cli.what_if import add_what_if, run_what_if
from dispatch.models.errors import SubmissionError, WorkerUnavailableError
from dispatch.models.people.decision import DecisionType
from dispatch.models.request.follow_up import FollowUpDetail
from dispatch.models.trail import EntryKind
from runtime.gateway import Gateway
from runtime.lifecycle import run_to_end
from runtime.settings import Settings, load_settings

_LOOKS = 30


async def submit_all(gateway: Gateway, settings: Settings, arguments: argparse.Namespace) -> int:
    """Submit each file; one that cannot be taken in does not keep the others out."""
    failed = 0
    for path in arguments.files:
        try:
            submitted = await gateway.submit_file(settings, path, arguments.desk)
        except SubmissionError as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
        else:
            print(
                f"{submitted.request_id}  {'submitted' if submitted.new else 'was already submitted'}  {path}"
            )
            if submitted.automatic is not None:
                print(f"  set apart: {submitted.automatic.in_words}")
    return 2 if failed else 0


async def _show_status(gateway: Gateway, arguments: argparse.Namespace) -> int:
    status = await gateway.status(arguments.id)
    if arguments.json:
        print(status.model_dump_json())
        return 0
    point = status.review_point
    facts = status.model_dump(mode="json", exclude={"review_point", "next_command"}) | {
        "next owner": point.owner,
        "awaiting": point.awaiting,
        "by": iso(point.by),
    }
    for name, value in facts.items():
        if value not in (None, "", []):
            print(
                f"{name.replace('_', ' '):>15}  {value if not isinstance(value, list) else ', '.join(value)}"
            )
    if status.next_command:
        print(f"\n{status.next_command}")
    return 0


async def _show_detail(gateway: Gateway, arguments: argparse.Namespace) -> int:
    detail = await gateway.detail(arguments.id)
    if arguments.json:
        print(detail.model_dump_json())
    elif isinstance(detail, FollowUpDetail):
        show_follow_up(console(), detail)
    else:
        show(console(), detail)
    return 0


async def _answer(gateway: Gateway, arguments: argparse.Namespace) -> int:
    """Send the answer and say what became of it, for it is judged by the request and not here."""
    accepted, reason = await _judged_answer(gateway, arguments.id, {**pairs_of(arguments.pairs)})
    if arguments.json:
        print_judged(accepted, reason)
    else:
        print(f"refused: {reason}" if accepted is False else reason)
    return 1 if accepted is False else 0


async def _judged_answer(
    gateway: Gateway, request_id: str, fields: dict[str, JsonValue]
) -> tuple[bool | None, str]:
    """Send an answer; gives whether it was accepted and why, None while it is only kept."""
    answer: dict[str, JsonValue] = {"fields": fields}
    try:
        known = len(await gateway.trail(request_id))
    except WorkerUnavailableError:
        await gateway.signal(request_id, "answer", answer)
        return (
            None,
            "no worker answers now; the answer is in the request's history and is read when one runs",
        )
    await gateway.signal(request_id, "answer", answer)
    for _ in range(_LOOKS):
        await asyncio.sleep(0.1)
        judged = [entry for entry in (await gateway.trail(request_id))[known:] if entry.what == "answer"]
        refused = [entry.why for entry in judged if entry.kind is EntryKind.REFUSED]
        if judged:
            return not refused, "; ".join(refused) if refused else judged[-1].why
    return None, f"sent; it is kept until it is asked for: dispatch status {request_id}"


async def _withdraw(gateway: Gateway, arguments: argparse.Namespace) -> int:
    await gateway.signal(arguments.id, "withdraw", {"reason": arguments.reason})
    print("sent; what has already begun is not undone by it")
    return 0


async def _extend(gateway: Gateway, arguments: argparse.Namespace) -> int:
    payload = {"approver": arguments.approver, "deadline": arguments.until, "reason": arguments.reason}
    await gateway.signal(arguments.id, "extend", payload)
    print("sent; 'dispatch status' shows the deadline in force")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dispatch", description="Dispatch Desk's command line")
    commands = parser.add_subparsers(dest="command", required=True)

    submit_command = commands.add_parser("submit", help="start a request for each file")
    submit_command.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".eml or .json")
    submit_command.add_argument("--desk", help="whose work it is; without it, triage decides")

    def on_request(name: str, purpose: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=purpose)
        command.add_argument("id", metavar="ID")
        return command

    add_decisions(commands)
    answer_command = on_request("answer", "give missing information")
    answer_command.add_argument("pairs", nargs="+", metavar="field=value")
    on_request("withdraw", "take the request back").add_argument("--reason", default="")
    extend_command = on_request("extend", "move the deadline of the open wait")
    add_as(extend_command, "approver", "who may decide there")
    extend_command.add_argument("--until", required=True, metavar="TIME", help="ISO 8601 with a time zone")
    extend_command.add_argument("--reason", default="")
    showing = [
        answer_command,
        on_request("status", "where a request stands"),
        on_request("show", "all that a person needs to decide on it"),
    ]
    trail.add_commands(commands)
    for name, purpose in (("inbox", "what waits for a person"), ("list", "all requests, newest first")):
        listing = commands.add_parser(name, help=purpose)
        listing.add_argument("--limit", type=int, default=50)
        showing.append(listing)
    for command in showing:
        command.add_argument("--json", action="store_true", help="for scripts")
    add_audit_commands(commands)
    add_what_if(commands)
    add_keys(commands)
    add_desk(commands)
    return parser


async def _main(arguments: argparse.Namespace) -> int:
    if arguments.command in trail.COMMANDS:
        return await trail.run(arguments)
    settings = load_settings()
    offline = {"audit": run_audit, "what-if": run_what_if, "keys": run_keys, "desk": run_desk}
    if arguments.command in offline:
        return await offline[arguments.command](arguments, settings)
    gateway = gateway_of_account()
    if arguments.command == "submit":
        return await submit_all(gateway, settings, arguments)
    if arguments.command in set(DecisionType):
        return await run_decision(gateway, settings, arguments)
    commands = {
        "answer": _answer,
        "withdraw": _withdraw,
        "extend": _extend,
        "status": _show_status,
        "show": _show_detail,
        "inbox": show_rows,
        "list": show_rows,
    }
    return await commands[arguments.command](gateway, arguments)


def run(typed: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    # Ends the process where a shell asks what could be typed next, and does nothing otherwise.
    argcomplete.autocomplete(parser)
    if not typed:
        parser.print_help()
        return 2
    arguments = parser.parse_args(typed)
    # What the core retries is of no use to the person at the terminal; what fails is said in a sentence.
    logging.getLogger("temporalio.core").setLevel(logging.ERROR)
    return while_somebody_reads(lambda: run_to_end(lambda: _main(arguments)))


def main() -> int:
    """Run what was typed: the entry point of the command `dispatch`."""
    return run(sys.argv[1:])
