"""`dispatch submit`: start a request for each file."""

import argparse
import sys
from pathlib import Path

from cli.temporal import gateway_of_account
from dispatch.models.errors import SubmissionError
from runtime.doors.refusals import not_taken_in
from runtime.doors.starting import submit_file
from runtime.gateway import Gateway
from runtime.settings import Settings


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add its arguments."""
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".eml or .json")
    command.add_argument("--desk", help="whose work it is; without it, triage decides")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run it; returns its exit code, 2 where a file cannot be taken in."""
    return await submit_all(gateway_of_account(), settings, arguments)


async def submit_all(gateway: Gateway, settings: Settings, arguments: argparse.Namespace) -> int:
    """Submit each file; a file that cannot be taken in does not prevent the others."""
    failed, waiting = 0, not_taken_in(settings).count()
    for path in arguments.files:
        try:
            submitted = await submit_file(gateway, settings, path, arguments.desk)
        except SubmissionError as error:
            print(f"error: {error}", file=sys.stderr)
            failed += 1
        else:
            became = (
                "added to it"
                if submitted.added
                else "submitted"
                if submitted.new
                else "was already submitted"
            )
            print(f"{submitted.request_id}  {became}  {path}")
            if submitted.automatic is not None:
                print(f"  set apart: {submitted.automatic.in_words}")
    if (kept := not_taken_in(settings).count() - waiting) > 0:
        print(f"{kept} kept for a person, who may take it in anyway: the inbox's list 'Not taken in'")
    return 2 if failed else 0
