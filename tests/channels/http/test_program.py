"""`dispatch watch http` as a program: called, killed, told to stop, and on a port that is taken."""

import asyncio
import os
import signal
import uuid
from pathlib import Path

import httpx
from temporalio.client import Client

from devstack.ports import free_port
from devstack.processes import Program
from devstack.temporal_server import TemporalServer
from tests.acceptance.shell import Shell
from tests.acceptance.warm import WarmProgram


def _environment(tmp_path: Path, temporal: TemporalServer, port: int) -> dict[str, str]:
    return {
        "TEMPORAL_ADDRESS": temporal.address,
        "DISPATCH_VAR_DIR": str(tmp_path / "var"),
        "DISPATCH_TASK_QUEUE": f"http-{uuid.uuid4().hex[:8]}",
        "DISPATCH_HTTP_PORT": str(port),
    }


async def _ended(program: Program) -> int:
    async with asyncio.timeout(20):
        while (code := program.ended()) is None:  # noqa: ASYNC110 (another process ends)
            await asyncio.sleep(0.02)
    return code


async def test_a_call_that_a_kill_cut_off_is_one_request(
    temporal: TemporalServer, client: Client, tmp_path: Path
) -> None:
    """A key made by the command gives access; after a kill during calls and a restart, each repeated call is one request."""
    port = free_port()
    environment = _environment(tmp_path, temporal, port)
    shell = Shell(environment)
    made = await shell.starter("api-key", "add", "shop", "--scope", "requests:write")
    headers = {"Authorization": f"Bearer {made.out.strip()}"}
    url = f"http://127.0.0.1:{port}"
    program = WarmProgram(
        "door", ["dispatch", "watch", "http"], tmp_path / "door.log", environment, health=f"{url}/health"
    )
    ids: dict[int, str] = {}

    async def send(http: httpx.AsyncClient, number: int) -> None:
        body = {"from": "jane@mail.example", "text": f"Question {number}: when do you open?"}
        told = await http.post("/requests", json=body, headers=headers | {"Idempotency-Key": f"k-{number}"})
        assert told.status_code == 202, told.text
        assert ids.setdefault(number, told.json()["id"]) == told.json()["id"]

    async with program, httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
        sending = [asyncio.create_task(send(http, number)) for number in range(30)]
        await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        await program.kill9()
        await asyncio.gather(*sending, return_exceptions=True)
        await program.start()
        for number in range(30):
            await send(http, number)
        os.kill(program.pid, signal.SIGTERM)
        assert await _ended(program) == 0
    query = f"TaskQueue = '{environment['DISPATCH_TASK_QUEUE']}'"
    async with asyncio.timeout(30):
        while (await client.count_workflows(query)).count < 30:  # noqa: ASYNC110 (the list lags behind)
            await asyncio.sleep(0.1)
    assert {one.id async for one in client.list_workflows(query)} == set(ids.values())
    assert "Traceback" not in (tmp_path / "door.log").read_text()
    assert made.out.strip() not in (tmp_path / "door.log").read_text()


async def test_a_taken_port_is_one_sentence(temporal: TemporalServer, tmp_path: Path) -> None:
    """With the setting that names another."""
    port = free_port()
    async with await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port):
        said = await Shell(_environment(tmp_path, temporal, port)).starter("watch", "http")
    said.sentence(str(port), "DISPATCH_HTTP_PORT")
