"""`make demo` as a user's shell runs it, without a terminal, on ports and in a folder of its own."""

import asyncio
import io
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from temporalio.client import Client

from devstack import demo
from devstack.demo import Demo
from devstack.ports import LOOPBACK, free_port
from devstack.settings import StackSettings
from dispatch.models.errors import DevStackError
from tests.acceptance.shell import ROOT, Shell
from tests.desk import quick, running_desk
from tests.servers import settings_from
from tests.sizes import THOROUGH_ONLY

DEMO = (sys.executable, "-m", "devstack.demo")
WITH_ANOTHER_SCRIPT = """
import sys
from pathlib import Path
import devstack.demo
from runtime.lifecycle import run_to_end
devstack.demo.SCRIPT = Path(sys.argv[1])
devstack.demo.DESK_SCRIPT = devstack.demo.FAMILIES = Path("none")
sys.exit(run_to_end(devstack.demo.main))
"""


@pytest.fixture
def own(tmp_path: Path) -> Shell:
    """Return the shell of a person on whose machine all the usual ports may be taken."""
    inbox, http = str(free_port()), str(free_port())
    environment = {
        "DISPATCH_VAR_DIR": str(tmp_path / "var"),
        "DISPATCH_TEMPORAL_PORT": str(free_port()),
        "DISPATCH_TEMPORAL_UI_PORT": str(free_port()),
        "DISPATCH_BACK_OFFICE_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_MAIL_ARCHIVE_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_HELPDESK_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_POSTS_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_SITE_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_SMTP_PORT": str(free_port()),
        "DISPATCH_IMAP_PORT": str(free_port()),
        "DISPATCH_INBOX_PORT": inbox,
        "DISPATCH_INBOX_URL": f"http://{LOOPBACK}:{inbox}",
        "DISPATCH_HTTP_PORT": http,
        "DISPATCH_HTTP_URL": f"http://{LOOPBACK}:{http}",
    }
    return Shell(environment)


@pytest.mark.timeout(540)
async def test_make_demo_plays_every_sample_to_its_end(own: Shell) -> None:
    """One command: servers up, samples in, the people's part played, each ending as it must, nothing left, exit code 0."""
    said = await own.run("make", "--no-print-directory", "-o", ".venv/.complete", "demo", seconds=500)
    said.words(
        "73 of 73 requests ended as they must",
        "the people's part is played",
        "05-refund-approved.eml: came by the mailbox",
        f"inbox: {own.environment['DISPATCH_INBOX_URL']}; sign in as ana",
    )
    assert started_by(own) == {}


async def test_the_demo_fails_where_a_sample_ends_otherwise(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sample that ends as it must not, or whose script is refused, is told in the summary; the exit code is 1."""
    script: list[dict[str, Any]] = [
        {"file": "01-order-status.eml", "shows": "an answer", "ending": "rejected"},
        {"file": "18-too-late.eml", "shows": "a refusal", "ending": "done"},
        {
            "file": "05-refund-approved.eml",
            "shows": "a stranger's approval",
            "ending": "done",
            "people": [{"when": "waiting_for_approval", "decision": "approve", "by": "mallory"}],
        },
    ]
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(script), encoding="utf-8")
    monkeypatch.setattr(demo, "SCRIPT", tmp_path / "script.yaml")
    monkeypatch.setattr(demo, "DESK_SCRIPT", Path("none"))
    monkeypatch.setattr(demo, "FAMILIES", Path("none"))
    said = io.StringIO()
    async with running_desk(client, tmp_path, quick) as desk:
        assert isinstance(desk.settings, StackSettings)
        played = Demo(desk.settings, Console(file=said, width=250))
        code = await played._with_the_script(client, {})
    assert code == 1, said.getvalue()
    assert "1 of 3 requests ended as they must" in said.getvalue()
    assert "was refused" in said.getvalue()


@pytest.mark.parametrize(
    "setting",
    [
        "DISPATCH_TEMPORAL_PORT",
        "DISPATCH_TEMPORAL_UI_PORT",
        "DISPATCH_BACK_OFFICE_URL",
        "DISPATCH_MAIL_ARCHIVE_URL",
        "DISPATCH_HELPDESK_URL",
        "DISPATCH_POSTS_URL",
        "DISPATCH_SMTP_PORT",
        "DISPATCH_IMAP_PORT",
        "DISPATCH_INBOX_PORT",
        "DISPATCH_HTTP_PORT",
    ],
)
async def test_a_taken_port_is_named_before_anything_is_started(own: Shell, setting: str) -> None:
    """The demo names the taken port and the setting, for any program that holds it."""
    with taken_port() as number:
        value = f"http://{LOOPBACK}:{number}" if setting.endswith("_URL") else number
        environment = {k: v for k, v in own.environment.items() if k.startswith("DISPATCH_")}
        settings = settings_from(environment | {setting: value})
        with pytest.raises(DevStackError, match=f"port {number} .*{setting}"):
            await Demo(settings, Console(file=io.StringIO())).run()
    assert not settings.var_dir.exists()


async def test_a_taken_port_is_one_sentence(own: Shell) -> None:
    """The demo exits with 2 and leaves nothing running."""
    with taken_port() as number:
        said = await own.but(DISPATCH_SMTP_PORT=number).run(*DEMO)
    said.sentence(number, "DISPATCH_SMTP_PORT")
    assert started_by(own) == {}


@contextmanager
def taken_port() -> Iterator[str]:
    """Listen on a port for as long as the block lasts."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        yield str(taken.getsockname()[1])


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("how", "after", "started"),
    [
        pytest.param(
            signal.SIGINT,
            "no terminal",
            [
                "HTTP door",
                "back office",
                "helpdesk",
                "inbox",
                "mail sink",
                "mailbox",
                "publishing system",
                "watcher",
                "website",
                "worker",
            ],
            marks=THOROUGH_ONLY,
            id="SIGINT-during-the-samples",
        ),
        pytest.param(
            signal.SIGTERM,
            "mail sink: process",
            ["back office", "helpdesk", "mail sink", "publishing system", "website"],
            id="SIGTERM-during-the-start",
        ),
    ],
)
async def test_a_demo_asked_to_end_leaves_nothing_running(
    own: Shell, how: signal.Signals, after: str, started: list[str]
) -> None:
    """Ctrl-C in the middle of the samples, a plain kill while the worker starts: all that it started ends with it.

    While the samples start, the call that it printed is answered with a request.
    """
    process = await asyncio.create_subprocess_exec(
        *DEMO, cwd=ROOT, env=own.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    told, call = list[str](), ""
    try:
        async with asyncio.timeout(180):
            async for line in process.stdout:
                name, _, pid = line.decode().strip().partition(": process ")
                told += [name] if pid else []
                call = name if name.startswith("curl ") else call
                if after in line.decode():
                    break
            if how is signal.SIGTERM:
                await until_started(own, "worker.py")
            elif shutil.which("curl"):
                answered = (await own.run("bash", "-c", f"{call} --silent --noproxy '*'")).words('"new":true')
                assert f'"url":"{own.environment["DISPATCH_HTTP_URL"]}/requests/reception-json-' in answered
        process.send_signal(how)
        said = (await asyncio.wait_for(process.communicate(), 180))[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
        alive = started_by(own)
        for left in alive:
            os.kill(left, signal.SIGKILL)
    assert sorted(told) == started
    assert not alive, f"still running after {how.name}: {alive}"
    assert "Traceback" not in said


async def until_started(own: Shell, word: str) -> None:
    while not any(word in command for command in started_by(own).values()):  # noqa: ASYNC110 - it is another process
        await asyncio.sleep(0.02)


def started_by(own: Shell) -> dict[int, str]:
    """Return the command of each process that has this shell's folder in its environment, by process id."""
    mark, found = f"DISPATCH_VAR_DIR={own.environment['DISPATCH_VAR_DIR']}\0".encode(), dict[int, str]()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            if mark in (process / "environ").read_bytes():
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(process.name)] = command
    return found


async def test_a_broken_script_is_one_sentence(own: Shell, tmp_path: Path) -> None:
    """A word that is no ending is named before anything is started."""
    script = tmp_path / "script.yaml"
    script.write_text("[{file: 01-order-status.eml, shows: x, ending: well}]", encoding="utf-8")
    said = await own.run(sys.executable, "-c", WITH_ANOTHER_SCRIPT, script)
    assert said.code == 2, str(said)
    assert "Traceback" not in said.err, str(said)
    assert "ending" in said.err, str(said)
