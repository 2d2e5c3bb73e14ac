"""`dispatch watch folder` as a program: killed while it takes in many files, stopped, started twice, and without Temporal."""

import asyncio
import json
import os
import random
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.client import Client

from devstack.ports import free_port
from devstack.temporal_server import TemporalServer
from runtime.settings import Settings
from tests.acceptance.shell import Shell
from tests.acceptance.warm import WarmProgram
from tests.sizes import rounds

PATIENCE_SECONDS: Final = 120
FILES: Final = rounds(36, 120)
KILLS: Final = rounds(3, 8)


class Watcher:
    """The program on a folder of its own, and what became of the files."""

    def __init__(self, tmp_path: Path, address: str) -> None:
        self.folder, self.log = tmp_path / "in", tmp_path / "watch.log"
        self.folder.mkdir()
        self.queue = f"watch-{uuid.uuid4().hex[:8]}"
        self.environment = {
            "TEMPORAL_ADDRESS": address,
            "DISPATCH_VAR_DIR": str(tmp_path / "var"),
            "DISPATCH_TASK_QUEUE": self.queue,
            "DISPATCH_LOG_FORMAT": "json",
        }
        self.program = WarmProgram(
            "watcher",
            ["dispatch", "watch", "folder", str(self.folder), "--desk", "support"],
            self.log,
            self.environment,
            says="watching",
        )

    def put(self, name: str, content: bytes) -> None:
        aside = self.folder / f".{name}"
        aside.write_bytes(content)
        aside.rename(self.folder / name)

    def files(self, place: str = "") -> list[str]:
        return sorted(
            path.name
            for path in (self.folder / place).iterdir()
            if path.is_file() and not path.name.startswith(".")
        )

    def lines(self, event: str) -> list[dict[str, Any]]:
        read = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in read if line["event"] == event]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 (another process works)
                await asyncio.sleep(0.05)

    async def exit_code(self, number: signal.Signals) -> int:
        os.kill(self.program.pid, number)
        await self.until(lambda: self.program.ended() is not None)
        code = self.program.ended()
        assert code is not None
        return code


def mail(text: str) -> bytes:
    return (
        f"From: Kai Lund <kai@lund.example>\nMessage-ID: <{uuid.uuid4()}@lund.example>\n"
        f"Subject: {text}\n\n{text}: when do you open?\n"
    ).encode()


@pytest.fixture
async def watcher(temporal: TemporalServer, tmp_path: Path) -> AsyncIterator[Watcher]:
    watcher = Watcher(tmp_path, temporal.address)
    yield watcher
    await watcher.program.stop()


@pytest.mark.timeout(400)
async def test_killed_amid_many_files_it_loses_and_doubles_nothing(watcher: Watcher, client: Client) -> None:
    """Each file is one request and lies in its folder as it came, each refused one has its reason and is listed once."""
    good = {f"good-{number:03}.eml": mail(f"number {number}") for number in range(FILES)}
    bad = {f"bad-{number:03}.eml": b"nothing of a mail in number %d" % number for number in range(FILES // 6)}
    chance = random.Random(11)  # noqa: S311 (moments to kill at)
    for name, content in sorted({**good, **bad}.items(), key=lambda _: chance.random()):
        watcher.put(name, content)
    for _ in range(KILLS):
        await watcher.program.start()
        before = len(watcher.files())
        step = chance.randint(1, FILES // KILLS)
        await watcher.until(lambda before=before, step=step: len(watcher.files()) <= max(0, before - step))  # type: ignore[misc]  # bound as defaults
        await asyncio.sleep(chance.random() * 0.05)
        await watcher.program.kill9()
    await watcher.program.start()
    await watcher.until(lambda: not watcher.files())
    assert await watcher.exit_code(signal.SIGTERM) == 0
    place = watcher.folder / "taken"
    assert {path.name: path.read_bytes() for path in place.iterdir()} == good
    place = watcher.folder / "refused"
    assert {name: (place / name).read_bytes() for name in watcher.files("refused") if name in bad} == bad
    assert watcher.files("refused") == sorted([*bad, *(f"{name}.reason.txt" for name in bad)])
    started = Counter[str]()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(started.values()) < FILES:
            query = f"TaskQueue = '{watcher.queue}'"
            started = Counter(
                [await one.static_summary() or "" async for one in map_described(client, query)]
            )
    assert started == Counter(f"number {number}" for number in range(FILES))
    listed = await Shell(watcher.environment).starter("inbox")
    listed.words(f"{len(bad)} files were not taken in", "/not-taken-in")
    assert "Traceback" not in watcher.log.read_text()


async def map_described(client: Client, query: str) -> Any:
    async for one in client.list_workflows(query):
        yield await client.get_workflow_handle(one.id).describe()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_told_to_stop_it_ends_between_two_files(watcher: Watcher, number: signal.Signals) -> None:
    """Code 0; what it has begun is moved, the rest lies where it was, and nothing is half done."""
    for each in range(200):
        watcher.put(f"{each:03}.eml", mail(f"number {each}"))
    await watcher.program.start()
    await watcher.until(lambda: len(watcher.lines("taken in")) > 3)
    assert await watcher.exit_code(number) == 0
    assert len(watcher.lines("stopped")) == 1
    taken = [line["file"] for line in watcher.lines("taken in")]
    assert watcher.files("taken") == sorted(taken)
    assert sorted([*taken, *watcher.files()]) == [f"{each:03}.eml" for each in range(200)]
    assert "Traceback" not in watcher.log.read_text()


async def test_a_second_watcher_is_refused_in_a_sentence(watcher: Watcher) -> None:
    """It names the process that has the folder; a killed one leaves no lock."""
    shell = Shell(watcher.environment)
    await watcher.program.start()
    again = await shell.starter("watch", "folder", watcher.folder)
    again.sentence(f"another watcher (process {watcher.program.pid}) works on", "stop it first")
    await watcher.program.kill9()
    await watcher.program.start()
    assert await watcher.exit_code(signal.SIGTERM) == 0


async def test_what_is_typed_wrong_is_said_before_it_watches(watcher: Watcher, tmp_path: Path) -> None:
    """A folder that is not there, and a word that no desk can be called."""
    shell = Shell(watcher.environment)
    none, odd = await asyncio.gather(
        shell.starter("watch", "folder", tmp_path / "none"),
        shell.starter("watch", "folder", watcher.folder, "--desk", "Support Desk"),
    )
    none.sentence("there is no folder", "make it, or correct its name")
    odd.sentence("'Support Desk' is no desk's name")
    assert watcher.files() == []


@pytest.mark.timeout(300)
async def test_without_temporal_it_waits_and_goes_on(tmp_path: Path) -> None:
    """It says so once, keeps the files, and takes them in when the server has come, and come again."""
    port = free_port()
    watcher = Watcher(tmp_path, f"127.0.0.1:{port}")
    watcher.put("early.eml", mail("early"))
    waits = "waiting; files stay where they are and are taken in later"
    settings = Settings(var_dir=tmp_path / "server")
    await watcher.program.start()
    try:
        await watcher.until(lambda: bool(watcher.lines(waits)))
        await asyncio.sleep(3)
        assert watcher.files() == ["early.eml"]
        assert len(watcher.lines(waits)) == 1
        async with TemporalServer(settings, headless=True, port=port):
            await watcher.until(lambda: not watcher.files())
        watcher.put("late.eml", mail("late"))
        await watcher.until(lambda: len(watcher.lines(waits)) == 2)
        assert watcher.files() == ["late.eml"]
        async with TemporalServer(settings, headless=True, port=port):
            await watcher.until(lambda: not watcher.files())
        assert len(watcher.lines(waits)) == 2
        assert watcher.files("taken") == ["early.eml", "late.eml"]
        assert await watcher.exit_code(signal.SIGTERM) == 0
    finally:
        await watcher.program.stop()


async def test_submit_keeps_what_it_refuses_for_a_person(bare: Shell, tmp_path: Path) -> None:
    """The sentence on stderr is as ever; what came is listed for the inbox, what never came is not."""
    letter = tmp_path / "letter.eml"
    letter.write_bytes(b"nothing of a mail\n")
    refused = await bare.starter("submit", letter)
    refused.sentence("letter.eml is no mail")
    assert "1 kept for a person" in refused.out
    missing = await bare.starter("submit", tmp_path / "none.eml")
    missing.sentence("there is no file")
    assert "kept for a person" not in missing.out
    (await bare.starter("inbox")).words("1 file was not taken in", "'Not taken in'")
