"""The embedded server as a real process: what it keeps, what it refuses, what a crash leaves."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from devstack import temporal_program
from devstack.ports import LOOPBACK, free_port, holder
from devstack.temporal_namespace import ensure_search_attributes, read_retention, set_retention
from devstack.temporal_server import TemporalServer
from devstack.temporal_version import read_version
from dispatch.models.errors import DevStackError
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from runtime.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
DESK = SearchAttributeKey.for_keyword("Desk")


@pytest.fixture(scope="session")
def program() -> Path:
    return temporal_program.find(load_settings())


@pytest.fixture
def server(tmp_path: Path, program: Path) -> Callable[..., TemporalServer]:
    """Make a headless server with its file under the test's own folder, on a port of its own."""

    def make(*, in_memory: bool = False, **settings: object) -> TemporalServer:
        chosen = Settings.model_validate({"var_dir": tmp_path / "var"} | settings)
        return TemporalServer(chosen, program=program, headless=True, in_memory=in_memory, port=free_port())

    return make


async def start_and_end(client: Client, request_id: str) -> None:
    """Leave a closed execution that carries a search attribute; no worker is needed for that."""
    handle = await client.start_workflow(
        "Coordinator",
        id=request_id,
        task_queue="nobody",
        search_attributes=TypedSearchAttributes([SearchAttributePair(DESK, "support")]),
    )
    await handle.terminate()


async def test_what_was_committed_survives_kill_9_and_a_restart(
    server: Callable[..., TemporalServer], tmp_path: Path
) -> None:
    """A crash of the server loses no request, and the retention and the attributes are as before."""
    async with server() as temporal:
        client = await Client.connect(temporal.address)
        await client.start_workflow("Coordinator", id="waiting", task_queue="nobody")
        first = temporal.pid
        await temporal.kill9()
        with pytest.raises(DevStackError, match="is not running"):
            _ = temporal.pid
        await temporal.restart()
        assert temporal.pid != first
        client = await Client.connect(temporal.address)
        found = await client.get_workflow_handle("waiting").describe()
        assert found.status is WorkflowExecutionStatus.RUNNING
        assert await read_retention(client) == timedelta(days=90)
        pid = temporal.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert sqlite3.connect(tmp_path / "var/temporal.db").execute("pragma journal_mode").fetchone() == ("wal",)


async def test_a_request_that_closes_in_the_first_moment_is_kept_as_long_as_any(
    server: Callable[..., TemporalServer], tmp_path: Path
) -> None:
    """The server dates the deletion when a request closes: the day it starts with must be gone by then."""
    async with server(retention_days=40) as temporal:
        await start_and_end(await Client.connect(temporal.address), "brief")
        await asyncio.sleep(
            0.3
        )  # the deletion is dated by the task that closes the execution, just after the answer
    with sqlite3.connect(tmp_path / "var/temporal.db") as database:
        rows = database.execute("select visibility_timestamp from timer_tasks").fetchall()
    dated = [datetime.fromisoformat(str(row[0])[:19]).replace(tzinfo=UTC) for row in rows]
    assert max(dated) > datetime.now(UTC) + timedelta(days=39)


async def test_search_attributes_exist_with_their_types_and_can_be_searched(
    server: Callable[..., TemporalServer],
) -> None:
    """The list of requests can be filtered by what the status writes."""
    async with server(in_memory=True) as temporal:
        client = await Client.connect(temporal.address)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        kinds = {
            name: IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").capitalize()
            for name, kind in listed.custom_attributes.items()
        }
        assert kinds == SEARCH_ATTRIBUTES
        await start_and_end(client, "found")
        deadline = time.monotonic() + 5
        while not (found := [row.id async for row in client.list_workflows("Desk = 'support'")]):
            assert time.monotonic() < deadline, "visibility never showed the request"
            await asyncio.sleep(0.05)
        assert found == ["found"]


async def test_an_attribute_that_a_newer_desk_adds_is_created_on_an_old_database(
    server: Callable[..., TemporalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program only creates them with the namespace; later ones come through the API, a changed type is refused."""
    async with server(in_memory=True) as temporal:
        client = await Client.connect(temporal.address)
        monkeypatch.setitem(SEARCH_ATTRIBUTES, "Later", "Keyword")
        await ensure_search_attributes(client)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace="default")
        )
        assert "Later" in listed.custom_attributes
        monkeypatch.setitem(SEARCH_ATTRIBUTES, "Later", "Int")
        with pytest.raises(
            DevStackError, match=r"^search attribute Later .* is not of type Int; remove it with"
        ):
            await ensure_search_attributes(client)
        monkeypatch.undo()


async def test_retention_is_read_back_and_refused_below_the_minimum(
    server: Callable[..., TemporalServer],
) -> None:
    """What counts is what the server says it keeps, not what it was asked to."""
    async with server(in_memory=True) as temporal:
        client = await Client.connect(temporal.address)
        assert await set_retention(client, days=90, minimum_days=30) is False
        assert await set_retention(client, days=31, minimum_days=30) is True
        assert await read_retention(client) == timedelta(days=31)
        with pytest.raises(
            DevStackError, match=r"keeps closed requests 7 days and the audit needs 30; set DISPATCH_"
        ):
            await set_retention(client, days=7, minimum_days=30)


async def test_a_server_that_would_delete_the_audit_does_not_start(
    server: Callable[..., TemporalServer],
) -> None:
    """The refusal leaves no process behind."""
    temporal = server(in_memory=True, retention_days=7, minimum_retention_days=30)
    with pytest.raises(DevStackError, match="keeps closed requests 7 days"):
        await temporal.start()
    with pytest.raises(DevStackError, match="is not running"):
        _ = temporal.pid


async def test_a_taken_port_names_the_setting_and_who_holds_it(server: Callable[..., TemporalServer]) -> None:
    """Found out before anything starts."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        who = holder(port)
        assert (
            who is None
            if sys.platform != "linux"
            else who is not None and who.endswith(f"(pid {os.getpid()})")
        )
        temporal = server(in_memory=True)
        temporal._port = port
        with pytest.raises(
            DevStackError, match=rf"^port {port} for Temporal is taken.*set DISPATCH_TEMPORAL_PORT to a"
        ):
            await temporal.start()
        ui = TemporalServer(temporal._settings, program=temporal._program, port=free_port(), ui_port=port)
        with pytest.raises(
            DevStackError, match=rf"^port {port} for Temporal's web UI is taken.*DISPATCH_TEMPORAL_UI_PORT"
        ):
            await ui.start()


@pytest.mark.parametrize("wrote", ["1.20.0", None])
async def test_a_database_of_another_version_is_left_alone(
    server: Callable[..., TemporalServer], tmp_path: Path, wrote: str | None
) -> None:
    """The dev server never migrates: it would start and fail in the middle of a request."""
    var = tmp_path / "var"
    var.mkdir()
    (var / "temporal.db").write_bytes(b"of another time")
    if wrote:
        (var / "temporal.db.version").write_text(wrote)
    with pytest.raises(
        DevStackError, match=rf"was written by Temporal server {wrote or 'an unknown version'} and this"
    ):
        await server().start()
    assert (var / "temporal.db").read_bytes() == b"of another time"


async def test_the_version_is_kept_beside_the_database_and_two_servers_never_share_it(
    server: Callable[..., TemporalServer], program: Path, tmp_path: Path
) -> None:
    """SQLite would let both write, and each would miss what the other did; the process itself holds the claim."""
    async with server() as temporal:
        assert (tmp_path / "var/temporal.db.version").read_text() == f"{read_version(program).server}\n"
        refusal = r"temporal\.db is in use by another embedded server; stop that one or set DISPATCH_VAR_DIR"
        with pytest.raises(DevStackError, match=refusal):
            await server().start()
        assert temporal._database is not None
        temporal._database.release()  # as if the parent had been killed and its server lived on
        with pytest.raises(DevStackError, match=refusal):
            await server().start()


async def test_a_folder_that_cannot_be_written_or_is_full_is_one_sentence(
    server: Callable[..., TemporalServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before SQLite fails in mid-commit."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(
        DevStackError, match=r"file/var cannot be written \(Not a directory\); make it writable or set"
    ):
        await server(var_dir=blocked / "var").start()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=3 * 1024**2))
    with pytest.raises(
        DevStackError, match=r"var has 3 MB of disk left and the server needs 256 MB; free some or set"
    ):
        await server().start()


async def test_a_server_that_dies_while_starting_gives_its_last_words(tmp_path: Path) -> None:
    """The reason is the server's own; a fake program dies here in its place."""
    program = tmp_path / "temporal"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)" && exit\n'
        "echo 'level=ERROR msg=\"unable to open database file\"' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    temporal = TemporalServer(Settings(var_dir=tmp_path), program=program, headless=True, port=free_port())
    with pytest.raises(
        DevStackError, match=r"died while starting: level=ERROR msg=\"unable to open database file\" \("
    ):
        await temporal.start()


def test_the_command_serves_until_sigterm_and_its_server_never_outlives_it(
    program: Path, tmp_path: Path
) -> None:
    """SIGTERM ends both in order with code 0; on Linux even SIGKILL leaves no server behind."""
    port = free_port()
    environment = os.environ | {
        "DISPATCH_TEMPORAL_PROGRAM": str(program),
        "DISPATCH_VAR_DIR": str(tmp_path / "var"),
        "DISPATCH_TEMPORAL_PORT": str(port),
        "DISPATCH_TEMPORAL_UI_PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "devstack.temporal_server"]
    for number, code in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
        if number == signal.SIGKILL and shutil.which("setpriv") is None:
            return
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as served:
            assert served.stdout is not None
            said = [served.stdout.readline() for _ in range(2)]
            assert said[1].startswith(f"Temporal at 127.0.0.1:{port}, its UI at http://127.0.0.1:"), said
            served.send_signal(number)
            assert served.wait(15) == code
        deadline = time.monotonic() + 15
        while listening(port):
            assert time.monotonic() < deadline, f"{holder(port)} outlived the command"
            time.sleep(0.05)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
