"""`dispatch watch imap` as a program: told to stop while it waits, over a server's restart, and refused at first."""

import asyncio
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from devstack.mailbox.service import PASSWORD, put_into_mailbox, write_mailboxes_file
from devstack.ports import free_port
from devstack.processes import Program
from devstack.temporal_server import TemporalServer
from tests.acceptance.shell import Shell
from tests.acceptance.warm import WarmProgram
from tests.servers import settings_from

PATIENCE_SECONDS: Final = 60
STOPS_WITHIN_SECONDS: Final = 5
WAITS: Final = "waiting; mails stay where they are and are taken in later"


class Watcher:
    """The program, and the mailbox of the demo, both of which a test may end."""

    def __init__(self, tmp_path: Path, address: str) -> None:
        self.environment = {
            "TEMPORAL_ADDRESS": address,
            "DISPATCH_VAR_DIR": str(tmp_path / "var"),
            "DISPATCH_TASK_QUEUE": f"watch-{uuid.uuid4().hex[:8]}",
            "DISPATCH_LOG_FORMAT": "json",
            "DISPATCH_IMAP_PORT": str(free_port()),
        }
        self.settings = settings_from(
            {name: value for name, value in self.environment.items() if name.startswith("DISPATCH_")}
        )
        self.file, self.log, self.folder = write_mailboxes_file(self.settings), tmp_path / "log", tmp_path
        self.mailbox = Program(
            "mailbox", ["-m", "devstack.mailbox"], tmp_path / "mailbox.log", self.environment, says="mailbox:"
        )
        self.program = WarmProgram(
            "watcher",
            ["dispatch", "watch", "imap"],
            self.log,
            self.environment | {"DISPATCH_MAILBOXES": str(self.file)},
            says="watching",
        )

    async def put(self, subject: str) -> None:
        mail = self.folder / "mail.eml"
        mail.write_text(f"From: kai@lund.example\nSubject: {subject}\n\nWhen do you open?\n")
        await put_into_mailbox(self.settings, [mail])

    def lines(self, event: str) -> list[dict[str, Any]]:
        read = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in read if line["event"] == event]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 (another process works)
                await asyncio.sleep(0.05)


@pytest.fixture
async def watcher(temporal: TemporalServer, tmp_path: Path) -> AsyncIterator[Watcher]:
    watcher = Watcher(tmp_path, temporal.address)
    async with watcher.mailbox:
        yield watcher
        await watcher.program.stop()


async def test_a_server_that_goes_and_comes_while_it_waits(watcher: Watcher) -> None:
    """It says once that it waits and once that it goes on; then Ctrl-C ends its wait at once, with code 0."""
    await watcher.program.start()
    await watcher.put("early")
    await watcher.until(lambda: len(watcher.lines("taken in")) == 1)
    await watcher.mailbox.kill9()
    await watcher.until(lambda: bool(watcher.lines(WAITS)))
    await watcher.mailbox.start()
    await watcher.put("late")
    await watcher.until(lambda: len(watcher.lines("taken in")) == 2)
    assert [len(watcher.lines(event)) for event in (WAITS, "going on", "watching")] == [1, 1, 1]
    os.kill(watcher.program.pid, signal.SIGINT)
    async with asyncio.timeout(STOPS_WITHIN_SECONDS):
        while watcher.program.ended() is None:  # noqa: ASYNC110 (another process ends)
            await asyncio.sleep(0.05)
    assert watcher.program.ended() == 0
    assert len(watcher.lines("stopped")) == 1
    assert "Traceback" not in watcher.log.read_text()


async def test_what_cannot_begin_is_one_sentence(watcher: Watcher, tmp_path: Path) -> None:
    """A wrong password, no file of mailboxes, and one with a mistake: code 2."""
    shell = Shell(watcher.environment)
    (watcher.file.parent / "demo-mailbox.password").write_text("wrong")
    broken = tmp_path / "broken.yaml"
    broken.write_text("- name: [a]\n")
    wrong, none, mistaken = await asyncio.gather(
        shell.starter("watch", "imap", "--mailboxes", watcher.file),
        shell.starter("watch", "imap"),
        shell.starter("watch", "imap", "--mailboxes", broken),
    )
    assert wrong.code == 2, str(wrong)
    (sentence,) = [line for line in wrong.err.splitlines() if line.startswith("error: ")]
    assert "does not let the desk in" in sentence
    assert "correct 'user' or the password" in sentence
    assert PASSWORD not in sentence.replace("'demo'", "")
    none.sentence("no mailboxes are named; set DISPATCH_MAILBOXES")
    mistaken.sentence("broken.yaml: mailbox 1", "password_file and password_env")
