"""Mails into a mailbox while watcher, worker, Temporal server and IMAP server are killed: each is one request, none lost."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from devstack.processes import Program
from devstack.temporal_server import TemporalServer
from runtime.doors.refusals import not_taken_in
from tests.acceptance.warm import WarmProgram
from tests.channels.mailbox import dovecot
from tests.channels.mailbox.imap_servers import Mailbox
from tests.chaos.stage import Stage, stage, temporal
from tests.servers import back_office_process, mail_sink_process
from tests.sizes import rounds

MAILS: Final = rounds(24, 2_000)
KILLS: Final = rounds(4, 40)
SEED: Final = 4
PATIENCE_SECONDS: Final = 120 + MAILS / 2
pytestmark = [
    pytest.mark.xdist_group("chaos"),
    pytest.mark.timeout(300 + 2 * MAILS + 20 * KILLS),
    pytest.mark.skipif(not dovecot.is_there(), reason=dovecot.MISSING),
]


@dataclass
class Sent:
    """What was put into the mailbox, by the folder that it must end in."""

    taken: list[bytes] = field(default_factory=list)
    automatic: list[bytes] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)

    def next(self, number: int) -> bytes:
        """Write the next mail: of ten one is automatic, one is no mail, and two have no Message-ID."""
        sender = f"customer-{number}@post{number}.example"
        lines = [f"From: {sender}", f"Subject: number {number}"]
        if number % 5:
            lines.append(f"Message-ID: <{number}@post{number}.example>")
        if number % 10 == 3:
            lines.append("Auto-Submitted: auto-replied")
        if number % 10 == 7:
            lines = lines[1:]
        mail = "\n".join([*lines, "", f"Where is my order DD-{20_000 + number}?", ""]).encode()
        kinds = {3: self.automatic, 7: self.refused}
        kinds.get(number % 10, self.taken).append(mail)
        return mail


@dataclass
class Scene:
    """All that can be killed, and the mailbox as a person sees it."""

    on: Stage
    imap: dovecot.Dovecot
    mailbox: Mailbox
    watcher: Program
    kills: Counter[str] = field(default_factory=Counter)

    async def kill(self, what: str) -> None:
        """Kill something and start it again."""
        self.kills[what] += 1
        if what == "IMAP server":
            await self.imap.stop(kill=True)
            await self.imap.start()
        elif what == "Temporal server":
            await self.on.server.kill9()
            await self.on.server.restart()
        else:
            program = self.watcher if what == "watcher" else self.on.worker
            await program.kill9()
            await program.start()

    async def begun(self) -> dict[str, bool]:
        """Return of each request whether it has ended."""
        client: Client = self.on.desk.client
        queue = self.on.desk.settings.task_queue
        query = f"TaskQueue = '{queue}' AND WorkflowType = 'Coordinator'"
        return {one.id: one.close_time is not None async for one in client.list_workflows(query)}


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        back_office = await stack.enter_async_context(back_office_process(tmp_path))
        mail_sink = await stack.enter_async_context(mail_sink_process(tmp_path))
        server: TemporalServer = await stack.enter_async_context(temporal(tmp_path / "server"))
        more = {"DISPATCH_VAR_DIR": str(tmp_path / "var"), "DISPATCH_LOG_FORMAT": "json"}
        on = await stack.enter_async_context(
            stage("mailbox", tmp_path, server, back_office, mail_sink, **more)
        )
        imap = dovecot.Dovecot()
        stack.push_async_callback(imap.remove)
        await imap.start()
        mailbox = Mailbox(imap.port, dovecot.USERS[0], "dovecot")
        watcher = WarmProgram(
            "watcher",
            ["dispatch", "watch", "imap", "--mailboxes", str(mailboxes_file(tmp_path, mailbox))],
            tmp_path / "watcher.log",
            more | {"TEMPORAL_ADDRESS": server.address, "DISPATCH_TASK_QUEUE": "mailbox"},
            says="watching",
        )
        await stack.enter_async_context(watcher)
        yield Scene(on, imap, mailbox, watcher)


def mailboxes_file(folder: Path, mailbox: Mailbox) -> Path:
    (folder / "password").write_text(f"{dovecot.PASSWORD}\n")
    file = folder / "mailboxes.yaml"
    file.write_text(
        f"- name: support\n  host: 127.0.0.1\n  port: {mailbox.port}\n  security: none\n  user: {mailbox.user}\n"
        "  password_file: password\n  desk: support\n  poll_seconds: 2\n"
    )
    return file


async def test_killed_at_any_moment_each_mail_is_one_request(scene: Scene) -> None:
    """None is lost, none is doubled, none answered twice; what is refused is listed once."""
    chance, sent, begin = random.Random(SEED), Sent(), time.monotonic()  # noqa: S311 (moments to kill at)
    victims = ["watcher", "IMAP server", "Temporal server", "worker", "watcher"]
    batch = -(-MAILS // KILLS)
    for round_ in range(KILLS):
        numbers = range(round_ * batch, min(MAILS, (round_ + 1) * batch))
        await scene.mailbox.put(*(sent.next(number) for number in numbers))
        await asyncio.sleep(chance.random() * batch * 0.06)
        await scene.kill(victims[round_ % len(victims)])
    put_seconds = time.monotonic() - begin
    await until(lambda: is_empty(scene))
    folders = {place: await scene.mailbox.mails(place) for place in ("Taken", "Automatic", "Refused")}
    assert {place: Counter(set(mails)) for place, mails in folders.items()} == {
        "Taken": Counter(sent.taken),
        "Automatic": Counter(sent.automatic),
        "Refused": Counter(sent.refused),
    }
    expected = len(sent.taken) + len(sent.automatic)
    await until(lambda: has_ended(scene, expected))
    begun = await scene.begun()
    assert len(begun) == expected
    answered = Counter(row["recipient"] for row in scene.on.desk.mail_sink.messages())
    assert answered == Counter(mail.split(b"\n", 1)[0].decode().removeprefix("From: ") for mail in sent.taken)
    listed = not_taken_in(scene.on.desk.settings).waiting(10 * MAILS)
    assert len(listed) == len(sent.refused)
    assert {entry.place for entry in listed} == {"support/INBOX"}
    twice = sum(len(mails) - len(set(mails)) for mails in folders.values())
    print(  # noqa: T201 (figures for the large run)
        f"{MAILS} mails, {dict(scene.kills)} killed, {put_seconds:.0f} s of kills, "
        f"{time.monotonic() - begin:.0f} s in all; {len(begun)} requests, {sum(answered.values())} answers, "
        f"{len(listed)} refused, {twice} second copies in folders"
    )


async def is_empty(scene: Scene) -> bool:
    return not await scene.mailbox.mails()


async def has_ended(scene: Scene, expected: int) -> bool:
    with suppress(RPCError):
        begun = await scene.begun()
        return len(begun) >= expected and all(begun.values())
    return False


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 (other processes work)
            await asyncio.sleep(0.25)
