"""`dispatch watch`: take in requests at a door until Ctrl-C or SIGTERM, which end it between two requests."""

import argparse
import os
from pathlib import Path

from cli.temporal import gateway_of_account
from dispatch.models.errors import SettingsError
from dispatch.storage.private_folders import tighten
from runtime.doors.folder import watch_folder
from runtime.doors.mailbox import watch_mailboxes
from runtime.doors.mailboxes_file import read_mailboxes
from runtime.lifecycle import stop_event
from runtime.logs import set_up_logs
from runtime.settings import Settings


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add the doors and their arguments."""
    doors = command.add_subparsers(dest="door", required=True)
    folder = doors.add_parser(
        "folder",
        help="files of a folder",
        description="Take in each .eml and .json of a folder, and move it to taken, automatic or refused in it.",
    )
    folder.add_argument("folder", type=Path, metavar="DIR", help="the folder that requests are put into")
    folder.add_argument("--desk", help="whose work it is; without it, triage decides")
    doors.add_parser(
        "http",
        help="calls of programs",
        description="Take in JSON requests and mails by POST /requests, on DISPATCH_HTTP_HOST and DISPATCH_HTTP_PORT.",
    )
    imap = doors.add_parser(
        "imap",
        help="mails of IMAP mailboxes",
        description="Take in each mail of the mailboxes, and move it to Taken, Automatic or Refused in its mailbox.",
    )
    imap.add_argument(
        "--mailboxes", type=Path, metavar="FILE", help="the list of mailboxes; default: DISPATCH_MAILBOXES"
    )


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Watch until told to stop; returns the exit code."""
    set_up_logs(settings.log_format, settings.log_level)
    tighten(settings.private_folders)
    stop = stop_event()
    if arguments.door == "http":
        from runtime.doors.http import serve_http  # noqa: PLC0415 (a server, which no other door needs)

        await serve_http(gateway_of_account(), settings, stop)
        return 0
    if arguments.door == "folder":
        await watch_folder(gateway_of_account(), settings, arguments.folder, arguments.desk, stop)
        return 0
    file = arguments.mailboxes or settings.mailboxes
    if file is None:
        raise SettingsError(
            "no mailboxes are named; set DISPATCH_MAILBOXES to their file, or give --mailboxes FILE"
        )
    await watch_mailboxes(gateway_of_account(), settings, read_mailboxes(file, os.environ), stop)
    return 0
