"""`python -m inbox` serves the pages; `python -m inbox user NAME` sets a person's passphrase.

The passphrase is asked for twice at the terminal, or read from INBOX_PASSPHRASE.
"""

import argparse
import getpass
import os
import sys

from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_folders import tighten
from inbox.app import USERS_FILE, create_app
from inbox.passwords import Users, UsersError
from runtime.connection import connect
from runtime.http_server import listen, serve
from runtime.lifecycle import run_to_end, stop_event
from runtime.logs import set_up_logs
from runtime.settings import Settings, load_settings

_PASSPHRASE = "INBOX_PASSPHRASE"  # noqa: S105 (the name of the variable, not a passphrase)


async def _serve(settings: Settings) -> int:
    app = create_app(settings, lambda: connect("inbox"))
    listener = listen(settings.inbox_host, settings.inbox_port, "DISPATCH_INBOX")
    print(f"inbox: {settings.inbox_url or f'http://{settings.inbox_host}:{settings.inbox_port}'}")
    await serve(app, listener, stop_event(), lifespan="on")
    return 0


async def _set_passphrase(settings: Settings, name: str) -> int:
    users = Users(settings.var_dir / USERS_FILE)
    passphrase = os.environ.get(_PASSPHRASE)
    if passphrase is None:
        if not sys.stdin.isatty():
            raise UsersError(f"no terminal to ask at; set {_PASSPHRASE} to the passphrase of {name}")
        passphrase = getpass.getpass(f"passphrase of {name}: ")
        if passphrase != getpass.getpass("once more: "):
            raise UsersError("the two passphrases differ; nothing was changed")
    users.write(name, passphrase)
    print(f"{name} may sign in with the new passphrase; sessions begun with an old one have ended")
    if all(one.name != name for one in ApproversFile(settings.approvers_path).read().approvers):
        print(f"{name} is not in {settings.approvers_path} yet: no role, no signed decisions")
    return 0


async def _main(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    set_up_logs(settings.log_format, settings.log_level)
    tighten(settings.private_folders)
    if arguments.command == "user":
        return await _set_passphrase(settings, arguments.name)
    return await _serve(settings)


def main() -> int:
    """Run the command that was typed; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m inbox", description="Dispatch Desk's approvals inbox")
    commands = parser.add_subparsers(dest="command")
    user = commands.add_parser("user", help="set a person's passphrase")
    user.add_argument("name", metavar="NAME", help="as in approvers.yaml")
    arguments = parser.parse_args()
    return run_to_end(lambda: _main(arguments))


if __name__ == "__main__":
    sys.exit(main())
