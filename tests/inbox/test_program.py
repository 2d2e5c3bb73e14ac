"""`python -m inbox` as a process of its own: started, killed, started again."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from devstack.ports import free_port
from devstack.processes import ROOT, Program
from devstack.temporal_server import TemporalServer
from tests.inbox.stand import PASSPHRASE, Browser, Clock, Inbox, Page


async def _run(*arguments: str, **variables: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "inbox",
        *arguments,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_person_is_let_in_and_stays_so_through_a_crash(
    temporal: TemporalServer, tmp_path: Path
) -> None:
    """A passphrase set by the command opens the page; `kill -9` and a new process later the same session goes on."""
    variables = {"DISPATCH_VAR_DIR": str(tmp_path)}
    code, said = await _run("user", "dora", **variables, INBOX_PASSPHRASE=PASSPHRASE)
    assert (code, "dora may sign in" in said, "no role" in said) == (0, True, True)
    users = tmp_path / "inbox_users.yaml"
    assert users.stat().st_mode & 0o777 == 0o600
    assert PASSPHRASE not in users.read_text()
    url = f"http://127.0.0.1:{free_port()}"
    environment = variables | {
        "DISPATCH_INBOX_PORT": url.rpartition(":")[2],
        "DISPATCH_INBOX_URL": url,
        "TEMPORAL_ADDRESS": temporal.address,
    }

    def program() -> Program:
        return Program("inbox", ["-m", "inbox"], tmp_path / "inbox.log", environment, health=f"{url}/health")

    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        browser = Browser(Inbox(url, None, Clock(), None), http)  # type: ignore[arg-type]  # neither is looked at
        async with program() as first:
            page: Page = await browser.sign_in("dora")
            assert page.path == "/"
            os.kill(first.pid, 9)
            async with asyncio.timeout(10):
                while first.ended() is None:  # noqa: ASYNC110 (another process ends)
                    await asyncio.sleep(0.02)
        async with program():
            assert "Nothing that waits" in (await browser.get("/?search=nothing-at-all")).text


@pytest.mark.parametrize(
    ("arguments", "passphrase", "said"),
    [
        (("user", "Dora Smith"), PASSPHRASE, "is no name"),
        (("user", "dora"), "short", "12 to 500 characters"),
    ],
)
async def test_what_cannot_be_set_is_said_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], passphrase: str, said: str
) -> None:
    """No traceback, exit code 2, nothing written."""
    code, text = await _run(*arguments, DISPATCH_VAR_DIR=str(tmp_path), INBOX_PASSPHRASE=passphrase)
    assert code == 2
    assert text.startswith("error: ")
    assert said in text
    assert not (tmp_path / "inbox_users.yaml").exists()


async def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    """With the setting that names another."""
    port = free_port()
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port)
    async with server:
        code, text = await _run(
            DISPATCH_VAR_DIR=str(tmp_path),
            DISPATCH_INBOX_PORT=str(port),
            DISPATCH_INBOX_URL=f"http://127.0.0.1:{port}",
        )
    assert code == 2
    assert "DISPATCH_INBOX_PORT" in text
    assert "Traceback" not in text
