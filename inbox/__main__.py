"""`python -m inbox` serves the pages; `python -m inbox user NAME` sets a person's passphrase.

The passphrase is asked for twice at the terminal, or read from INBOX_PASSPHRASE.
"""

import argparse
import asyncio
import contextlib
import getpass
import os
import socket
import sys
from collections.abc import Iterator

import uvicorn

from dispatch.models.errors import SettingsError
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_folders import tighten
from inbox.app import USERS_FILE, create_app
from inbox.passwords import Users, UsersError
from runtime.connection import connect
from runtime.lifecycle import run_to_end, stop_event
from runtime.logs import set_up_logs
from runtime.settings import Settings, load_settings

_PASSPHRASE = "INBOX_PASSPHRASE"  # noqa: S105 (the name of the variable, not a passphrase)
_GRACE_SECONDS = 5
_BACKLOG = 2048


class _Server(uvicorn.Server):
    """Leaves the process's signal handlers to `stop_event`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(settings: Settings) -> int:
    app = create_app(settings, lambda: connect("inbox"))
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    with _listener(settings) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        stopping = asyncio.create_task(stop_event().wait())
        print(f"inbox: {settings.inbox_url or f'http://{settings.inbox_host}:{settings.inbox_port}'}")
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        await serving
    return 0


def _listener(settings: Settings) -> socket.socket:
    """Return the listening socket; raises SettingsError, naming the setting, where the port is not to be had."""
    # The protocol is named because asyncio sets TCP_NODELAY only where it is: without, every answer waits 40 ms.
    family = socket.AF_INET6 if ":" in settings.inbox_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.inbox_host, settings.inbox_port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"port {settings.inbox_port} on {settings.inbox_host} is not to be had ({error.strerror or error}); "
            "stop what uses it, or set DISPATCH_INBOX_PORT or DISPATCH_INBOX_HOST."
        ) from None
    listener.setblocking(False)  # noqa: FBT003 (socket has it no other way)
    return listener


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
