"""A whole run of samples with models: no process of it reaches for anything but this machine.

Every Python process tells of each address that it connects to and each name that it looks up. Where the system allows it, all
runs in a network of its own that has nothing but the loopback: there the kernel counts what any process, of whatever
language, wanted to send elsewhere. Its name service is the loopback too: programs ask it for this machine's own name.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack.local_model.server import weights
from devstack.ports import LOOPBACK, free_port
from tests.acceptance.shell import ROOT
from tests.sizes import THOROUGH_ONLY

PATIENCE_SECONDS = 560
TELLS = """
import os, sys
def tell(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        to = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        if isinstance(to, tuple):
            to = to[0]
        file = os.open(os.environ["TELLS_TO"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{event} {to}\\n".encode())
        os.close(file)
sys.addaudithook(tell)
"""
RUN = """
import fcntl, json, os, pathlib, socket, struct, subprocess, sys
if sys.argv[1] == "alone":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.pack("16sh14x", b"lo", 1 | 64)
        fcntl.ioctl(any_socket, 0x8914, flags)
    names = pathlib.Path(os.environ["TELLS_TO"]).with_name("resolv.conf")
    names.write_text("nameserver 127.0.0.1\\n")
    subprocess.run(["mount", "--bind", names, "/etc/resolv.conf"], check=True)
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
names, values = (line.split()[1:] for line in pathlib.Path("/proc/self/net/snmp").read_text().splitlines()[:2])
six = dict(line.split() for line in pathlib.Path("/proc/self/net/snmp6").read_text().splitlines())
lost = int(dict(zip(names, values))["OutNoRoutes"]) + int(six.get("Ip6OutNoRoutes", 0))
print(json.dumps({"code": done.returncode, "said": done.stdout.decode(errors="replace"), "lost": lost}))
"""
DEMO = """
import sys
from pathlib import Path
import devstack.demo
from runtime.lifecycle import run_to_end
devstack.demo.SCRIPT = Path(sys.argv[1])
devstack.demo.DESK_SCRIPT = Path("none")
sys.exit(run_to_end(lambda: devstack.demo.main(with_model=True)))
"""
SAMPLES = [
    {"file": "01-order-status.eml", "shows": "an answer", "ending": "done"},
    {
        "file": "05-refund-approved.eml",
        "shows": "a held refund",
        "ending": "done",
        "people": [
            {"when": "waiting_for_approval", "decision": "approve", "by": "ana", "reason": "known customer"}
        ],
    },
]
HERE = {LOOPBACK, "::1", "localhost", "0.0.0.0", "::", "None", ""}  # noqa: S104 (compared, not bound)


async def _run(folder: Path, *arguments: str, alone: bool, **environment: str) -> dict[str, Any]:
    """Run a program, `alone` in a network of its own; returns its code, what it said, and how often it wanted to send elsewhere."""
    namespace = ("unshare", "-rnm") if alone else ()
    process = await asyncio.create_subprocess_exec(
        *(*namespace, sys.executable, "-c", RUN, "alone" if alone else "here", sys.executable, *arguments),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "TELLS_TO": str(folder / "told.txt"),
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
    told: dict[str, Any] = json.loads(said)
    return told


async def _may_be_alone() -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            "unshare", "-rnm", "true", stderr=asyncio.subprocess.DEVNULL
        )
    except FileNotFoundError:
        return False
    return await process.wait() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sitecustomize.py").write_text(TELLS, encoding="utf-8")
    return tmp_path


def _elsewhere(folder: Path) -> set[str]:
    lines = (folder / "told.txt").read_text(encoding="utf-8").splitlines()
    assert lines, "nothing was told"
    return {line for line in lines if (to := line.partition(" ")[2]) not in HERE and not to.startswith("/")}


async def test_an_attempt_to_leave_is_seen(folder: Path) -> None:
    """Both instruments tell of one, else their silence would say nothing."""
    alone = await _may_be_alone()
    # Where it is not alone, an address of this machine that no program here uses.
    away = "192.0.2.7" if alone else "127.0.0.2"
    told = await _run(folder, "-c", f"import socket; socket.socket().connect_ex(('{away}', 9))", alone=alone)
    assert _elsewhere(folder) == {f"socket.connect {away}"}
    assert told["lost"] > 0 or not alone


@THOROUGH_ONLY
@pytest.mark.skipif(weights() is None, reason="the local model is not installed; 'make local-model' does it")
@pytest.mark.xdist_group("local model")
@pytest.mark.timeout(PATIENCE_SECONDS + 20)
async def test_samples_with_models_connect_to_this_machine_alone(folder: Path) -> None:
    """Servers, worker, doors, inbox, classifier and model: whatever one of them asks, it is here."""
    (folder / "script.yaml").write_text(yaml.safe_dump(SAMPLES), encoding="utf-8")
    ports = {
        f"DISPATCH_{name}_PORT": str(free_port())
        for name in ("TEMPORAL", "TEMPORAL_UI", "SMTP", "IMAP", "INBOX", "HTTP")
    }
    urls = {
        f"DISPATCH_{name}_URL": f"http://{LOOPBACK}:{free_port()}"
        for name in ("BACK_OFFICE", "MAIL_ARCHIVE", "HELPDESK")
    }
    told = await _run(
        folder,
        *("-c", DEMO, str(folder / "script.yaml")),
        alone=await _may_be_alone(),
        DISPATCH_VAR_DIR=str(folder / "var"),
        DISPATCH_INBOX_URL=f"http://{LOOPBACK}:{ports['DISPATCH_INBOX_PORT']}",
        DISPATCH_HTTP_URL=f"http://{LOOPBACK}:{ports['DISPATCH_HTTP_PORT']}",
        **ports,
        **urls,
    )
    assert told["code"] == 0, told["said"]
    assert "2 of 2 requests ended as they must" in told["said"]
    assert "The model, role by role" in told["said"]
    assert _elsewhere(folder) == set()
    assert told["lost"] == 0
