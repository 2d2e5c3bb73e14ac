"""The demo's mailbox: one user, in a separate process; its mails are lost when it ends."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from imap_tools import MailBoxUnencrypted
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from devstack.mailbox.server import mailbox_server
from devstack.ports import LOOPBACK
from devstack.processes import Program
from devstack.settings import StackSettings
from devstack.web import listen
from dispatch.models.errors import DevStackError
from dispatch.storage.durable_files import replace

USER: Final = "support@desk.example"
PASSWORD: Final = "demo"  # noqa: S105 (of a mailbox on the loopback that holds samples)
HOW_TO_MAIL: Final = (
    f"mailbox: IMAP at {LOOPBACK}:{{port}} without TLS, user {USER}, password '{PASSWORD}'; "
    "a mail that is put into its INBOX comes in by itself"
)
_PATIENCE_SECONDS: Final = 60
_PORT_SETTING: Final = "DISPATCH_IMAP_PORT"
_FILE: Final = "demo-mailboxes.yaml"
_SECRET: Final = "demo-mailbox.password"  # noqa: S105 (a file's name)
_WATCHER_LOG: Final = "logs/watcher.log"
_MODE: Final = 0o600


@asynccontextmanager
async def mailbox(settings: StackSettings) -> AsyncIterator[None]:
    """Serve the mailbox at settings.imap_port; raises DevStackError, one sentence, if the port is taken."""
    with listen(LOOPBACK, settings.imap_port, purpose="the mailbox", setting=_PORT_SETTING) as listener:
        async with mailbox_server(listener, {USER: PASSWORD}):
            yield


def write_mailboxes_file(settings: StackSettings) -> Path:
    """Write a mailboxes file for this mailbox, with every mail for triage; returns its path."""
    file = settings.var_dir.absolute() / _FILE
    replace(file.with_name(_SECRET), PASSWORD.encode(), _MODE)
    entry = (
        "# Made by the demo: the mailbox on this machine.\n"
        f"- name: demo\n  host: {LOOPBACK}\n  port: {settings.imap_port}\n  security: none\n"
        f"  user: {USER}\n  password_file: {_SECRET}\n  poll_seconds: 5\n"
    )
    replace(file, entry.encode(), _MODE)
    return file


def mailbox_programs(settings: StackSettings, environment: Mapping[str, str]) -> tuple[Program, Program]:
    """Return the mailbox and its watcher; their logs go to var_dir/logs."""
    logs, file = settings.var_dir / "logs", write_mailboxes_file(settings)
    return (
        Program("mailbox", ["-m", "devstack.mailbox"], logs / "mailbox.log", environment, says="mailbox: "),
        Program(
            "watcher",
            ["-m", "cli", "watch", "imap", "--mailboxes", str(file)],
            settings.var_dir / _WATCHER_LOG,
            environment,
            says="watching",
        ),
    )


async def put_into_mailbox(settings: StackSettings, files: Iterable[Path]) -> None:
    """Append mails to the mailbox as a mail program or server would."""

    def append() -> None:
        with MailBoxUnencrypted(LOOPBACK, settings.imap_port, timeout=10).login(USER, PASSWORD) as box:
            for file in files:
                box.append(file.read_bytes())

    await asyncio.to_thread(append)


async def until_begun(client: Client, request_id: str) -> None:
    """Return once the watcher has taken a mail in; raises DevStackError if it does not."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        try:
            await client.get_workflow_handle(request_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise DevStackError(
                f"the watcher takes nothing in from the mailbox; its log is {_WATCHER_LOG} in the var folder"
            )
        await asyncio.sleep(0.1)
