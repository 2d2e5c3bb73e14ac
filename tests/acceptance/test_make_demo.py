"""`make demo` as a user's shell runs it, without a terminal, on ports and in a folder of its own."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack.ports import LOOPBACK, free_port, require_free
from tests.acceptance.shell import ROOT, Shell

DEMO = (sys.executable, "-m", "devstack.demo")
WITH_ANOTHER_SCRIPT = """
import sys
from pathlib import Path
import devstack.demo
from runtime.lifecycle import run_to_end
devstack.demo.SCRIPT = Path(sys.argv[1])
sys.exit(run_to_end(devstack.demo.main))
"""


@pytest.fixture
def own(tmp_path: Path) -> Shell:
    """Return the shell of a person on whose machine all the usual ports may be taken."""
    inbox = str(free_port())
    environment = {
        "DISPATCH_VAR_DIR": str(tmp_path / "var"),
        "DISPATCH_TEMPORAL_PORT": str(free_port()),
        "DISPATCH_TEMPORAL_UI_PORT": str(free_port()),
        "DISPATCH_BACK_OFFICE_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_MAIL_ARCHIVE_URL": f"http://{LOOPBACK}:{free_port()}",
        "DISPATCH_SMTP_PORT": str(free_port()),
        "DISPATCH_INBOX_PORT": inbox,
        "DISPATCH_INBOX_URL": f"http://{LOOPBACK}:{inbox}",
    }
    return Shell(environment)


@pytest.mark.timeout(300)
async def test_make_demo_plays_every_sample_to_its_end(own: Shell) -> None:
    """One command: servers up, samples in, the people's part played, each ending as it must, exit code 0."""
    said = await own.run("make", "--no-print-directory", "-o", ".venv/.complete", "demo", seconds=240)
    said.words(
        "20 of 20 requests ended as they must",
        "the people's part is played",
        f"inbox: {own.environment['DISPATCH_INBOX_URL']}; sign in as ana",
    )


@pytest.mark.timeout(180)
async def test_the_demo_fails_where_a_sample_ends_otherwise(own: Shell, tmp_path: Path) -> None:
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
    said = await own.run(sys.executable, "-c", WITH_ANOTHER_SCRIPT, tmp_path / "script.yaml", seconds=120)
    said.words("1 of 3 requests ended as they must", "was refused", code=1)


@pytest.mark.parametrize(
    "setting",
    [
        "DISPATCH_TEMPORAL_PORT",
        "DISPATCH_TEMPORAL_UI_PORT",
        "DISPATCH_BACK_OFFICE_URL",
        "DISPATCH_MAIL_ARCHIVE_URL",
        "DISPATCH_SMTP_PORT",
        "DISPATCH_INBOX_PORT",
    ],
)
async def test_a_taken_port_is_one_sentence(own: Shell, setting: str) -> None:
    """Whoever holds it, the demo names the port and the setting, leaves nothing running and exits with 2."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        value = f"http://{LOOPBACK}:{number}" if setting.endswith("_URL") else number
        said = await own.but(**{setting: value}).run(*DEMO)
        said.sentence(number, setting)
    require_free(
        int(own.environment["DISPATCH_TEMPORAL_PORT"]), purpose="Temporal", setting="DISPATCH_TEMPORAL_PORT"
    )


@pytest.mark.timeout(400)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
async def test_a_demo_asked_to_end_leaves_nothing_running(own: Shell, how: signal.Signals) -> None:
    """Ctrl-C and a plain kill, in the middle of the samples: every process that it started ends with it."""
    process = await asyncio.create_subprocess_exec(
        *DEMO, cwd=ROOT, env=own.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    started: dict[str, int] = {}
    try:
        async with asyncio.timeout(180):
            async for line in process.stdout:
                name, _, pid = line.decode().strip().partition(": process ")
                if pid:
                    started[name] = int(pid)
                if b"no terminal" in line:
                    break
        process.send_signal(how)
        said = (await asyncio.wait_for(process.communicate(), 180))[0].decode()
    except BaseException:
        process.kill()
        raise
    alive = [name for name, started_pid in started.items() if _killed(started_pid)]
    assert sorted(started) == ["back office", "inbox", "mail sink", "worker"]
    assert not alive, f"still running after {how.name}: {alive}"
    assert "Traceback" not in said


def _killed(pid: int) -> bool:
    """Kill what still runs; tells whether it did."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


async def test_a_broken_script_is_one_sentence(own: Shell, tmp_path: Path) -> None:
    """A word that is no ending is named before anything is started."""
    script = tmp_path / "script.yaml"
    script.write_text("[{file: 01-order-status.eml, shows: x, ending: well}]", encoding="utf-8")
    said = await own.run(sys.executable, "-c", WITH_ANOTHER_SCRIPT, script)
    assert said.code == 2, str(said)
    assert "Traceback" not in said.err, str(said)
    assert "ending" in said.err, str(said)
