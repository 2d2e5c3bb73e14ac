"""The command `dispatch`: parses the arguments, runs the command, prints the result.

Exit codes:
    0         done; also a watcher that was stopped, and a decision or answer that the desk keeps but has not evaluated yet
    1         the desk refused it, or a check found an error; the output says what and why
    2         wrong input, a key that cannot sign, or Temporal not reached; one sentence on stderr says which
    130, 143  ended by Ctrl-C or SIGTERM
    141       the reader of the output has closed it, as with `| head`

Only the module of the typed command is imported: imports take most of a command's time.
"""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NamedTuple, Protocol, cast

from cli.pipe import while_somebody_reads
from runtime.lifecycle import run_to_end
from runtime.settings import Settings, load_settings


class Command(NamedTuple):
    """One command: its module and its purpose."""

    module: str
    purpose: str


class _Module(Protocol):
    def add(self, command: argparse.ArgumentParser, name: str) -> None: ...

    def run(self, arguments: argparse.Namespace, settings: Settings) -> Coroutine[Any, Any, int]: ...


COMMANDS: Final = {
    "submit": Command("cli.submit", "start a request for each file"),
    "watch": Command("cli.watch", "take in what comes to a door, until it is stopped"),
    "approve": Command("cli.decisions", "approve what waits for a decision"),
    "edit": Command("cli.decisions", "change an action that waits for approval"),
    "respond": Command("cli.decisions", "send what waits for approval back, with guidance"),
    "reject": Command("cli.decisions", "reject what waits for approval, or a request that no desk takes"),
    "route": Command("cli.decisions", "name the desk of a request that none fits"),
    "sort": Command("cli.decisions", "say what the items of a request ask"),
    "settle": Command("cli.decisions", "say that what the desk handed over is settled, and how"),
    "leave": Command("cli.decisions", "close what the desk handed over as not settled"),
    "answer": Command("cli.requests", "give missing information"),
    "withdraw": Command("cli.requests", "take the request back"),
    "extend": Command("cli.requests", "move the deadline of the open wait"),
    "status": Command("cli.requests", "where a request stands"),
    "show": Command("cli.requests", "all that a person needs to decide on it"),
    "trail": Command("cli.trail", "who did what, when and why, from the request's history alone"),
    "explain": Command("cli.trail", "the chain behind the result, sentence by sentence"),
    "inbox": Command("cli.listing", "what waits for a person"),
    "list": Command("cli.listing", "all requests, newest first"),
    "audit": Command("cli.audit.commands", "the audit store: export, status, verify, anchor, questions"),
    "what-if": Command("cli.what_if", "what a changed playbook would have ruled on past actions"),
    "keys": Command("cli.keys", "keys to sign decisions with"),
    "api-key": Command("cli.programs.api_keys", "keys of programs that call over HTTP"),
    "webhooks": Command("cli.programs.webhooks", "webhooks that are sent, and those not delivered"),
    "desk": Command("cli.desk", "check, begin or try a desk"),
    "examples": Command("cli.examples", "keep what a person decided as an example of a desk"),
    "models": Command("cli.models", "ask the servers of language models what they can do"),
    "usage": Command("cli.audit.usage", "what language models were asked, and what it cost"),
    "evals": Command("cli.evals.commands", "measure how well a desk understands labelled texts"),
}


def parser_for(typed: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser with every command; only typed commands have their arguments, or all for shell completion."""
    parser = argparse.ArgumentParser(prog="dispatch", description="Dispatch Desk's command line")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.purpose)
        if name in typed[:1] or _completes():
            _module(name).add(one, name)
    return parser


def _module(name: str) -> _Module:
    return cast("_Module", importlib.import_module(COMMANDS[name].module))


def _completes() -> bool:
    return "_ARGCOMPLETE" in os.environ


async def _main(arguments: argparse.Namespace) -> int:
    return await _module(arguments.command).run(arguments, load_settings())


def parsed(typed: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments; ends the process with code 2 and a message if they are no command."""
    return parser_for(typed).parse_args(typed)


def run(typed: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    if _completes():
        import argcomplete  # noqa: PLC0415 (only where a shell asks what could be typed next)

        argcomplete.autocomplete(parser_for(typed))  # ends the process
    if not typed:
        parser_for(typed).print_help()
        return 2
    arguments = parsed(typed)
    # The core's warnings about retries do not help a person at the terminal; a failure is printed as one sentence.
    logging.getLogger("temporalio.core").setLevel(logging.ERROR)
    return while_somebody_reads(lambda: run_to_end(lambda: _main(arguments)))


def main() -> int:
    """Run the typed command: the entry point of `dispatch`."""
    return run(sys.argv[1:])
