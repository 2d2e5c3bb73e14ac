"""The commands on one request: show its status, answer it, withdraw it, move its deadline."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import JsonValue, ValidationError

from cli.account import add_as
from cli.decisions import Signing, pairs_of, print_judged
from cli.follow_up import show_follow_up
from cli.listing import console, iso
from cli.request_detail import show
from cli.request_ids import add_id, resolved
from cli.temporal import gateway_of_account
from dispatch.approval.deadlines import required_at
from dispatch.models.errors import SubmissionError, WorkerUnavailableError
from dispatch.models.people.extension import Extension
from dispatch.models.request.follow_up import FollowUpDetail
from dispatch.models.request.message_names import MessageName
from dispatch.models.trail import EntryKind
from runtime.gateway import Gateway
from runtime.gateway_types import ExtensionOutcome
from runtime.settings import Settings

_LOOKS: Final = 30


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Add the arguments of each command."""
    add_id(command)
    if name == "answer":
        command.add_argument("pairs", nargs="+", metavar="field=value")
    elif name == "withdraw":
        command.add_argument("--reason", default="")
    elif name == "extend":
        add_as(command, "approver", "who may decide there")
        command.add_argument("--until", required=True, metavar="TIME", help="ISO 8601 with a time zone")
        command.add_argument("--reason", default="")
    if name in {"answer", "extend", "status", "show"}:
        command.add_argument("--json", action="store_true", help="for scripts")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of them; returns its exit code."""
    gateway = gateway_of_account()
    arguments.id = await resolved(gateway, arguments.id)
    if arguments.command == "extend":
        return await _extend(gateway, settings, arguments)
    commands: dict[str, Callable[[Gateway, argparse.Namespace], Awaitable[int]]] = {
        "answer": _answer,
        "withdraw": _withdraw,
        "status": _show_status,
        "show": show_detail,
    }
    return await commands[arguments.command](gateway, arguments)


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


async def show_detail(gateway: Gateway, arguments: argparse.Namespace) -> int:
    """Print all that a person needs to decide."""
    detail = await gateway.detail(arguments.id)
    if arguments.json:
        print(detail.model_dump_json())
    elif isinstance(detail, FollowUpDetail):
        show_follow_up(console(), detail)
    else:
        show(console(), detail)
    return 0


async def _answer(gateway: Gateway, arguments: argparse.Namespace) -> int:
    """Send the answer and print the result; the request evaluates it, not this command."""
    accepted, reason = await _judged_answer(gateway, arguments.id, {**pairs_of(arguments.pairs)})
    if arguments.json:
        print_judged(accepted, reason)
    else:
        print(f"refused: {reason}" if accepted is False else reason)
    return 1 if accepted is False else 0


async def _judged_answer(
    gateway: Gateway, request_id: str, fields: dict[str, JsonValue]
) -> tuple[bool | None, str]:
    """Send an answer; returns whether it was accepted and why, None while it is only kept."""
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
        judged = [
            entry for entry in (await gateway.trail(request_id))[known:] if entry.what == MessageName.ANSWER
        ]
        refused = [entry.why for entry in judged if entry.kind is EntryKind.REFUSED]
        if judged:
            return not refused, "; ".join(refused) if refused else judged[-1].why
    return None, f"sent; it is kept until it is asked for: dispatch status {request_id}"


async def _withdraw(gateway: Gateway, arguments: argparse.Namespace) -> int:
    await gateway.signal(arguments.id, "withdraw", {"reason": arguments.reason})
    print("sent; what has already begun is not undone by it")
    return 0


async def _extend(gateway: Gateway, settings: Settings, arguments: argparse.Namespace) -> int:
    """Request a later deadline, signed where a decision is, and print the result."""
    extension: dict[str, JsonValue] = {
        "approver": arguments.approver,
        "deadline": arguments.until,
        "reason": arguments.reason,
    }
    accepted: bool | None = None
    try:
        detail = await gateway.detail(arguments.id)
        if (gate := detail.approval_request) is not None:
            extension |= {"proposal_id": gate.proposal_id, "action_digest": gate.items[0].digest}
            due = required_at(gate).signed
            extension = Signing(settings, arguments.approver).signed(extension, due=due, kind=Extension)
        outcome = await gateway.update(arguments.id, MessageName.EXTEND, extension, ExtensionOutcome)
        accepted, reason = outcome.accepted, outcome.reason
    except WorkerUnavailableError:
        await gateway.signal(arguments.id, MessageName.EXTEND, extension)
        reason = (
            "no worker answers now; the extension is in the request's history and is judged when one runs"
        )
    except ValidationError:
        raise SubmissionError(
            f"--until {arguments.until}: no time with a time zone; write it such as 2026-12-01T12:00:00Z"
        ) from None
    if arguments.json:
        print_judged(accepted, reason)
    else:
        print(f"refused: {reason}" if accepted is False else reason)
    return 1 if accepted is False else 0
