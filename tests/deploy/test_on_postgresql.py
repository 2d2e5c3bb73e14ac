"""The desk on PostgreSQL: the scripts, switches and environments of docker-compose.yml, run without Docker.

Skipped where the programs are not at hand: initdb, postgres, temporal-server and temporal-sql-tool on PATH, and the folder of
the Go module go.temporal.io/server (in Go's module cache, or DISPATCH_TEMPORAL_SOURCE), which holds the schema and
the configuration that the images have. CONTRIBUTING.md says how to build them.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from devstack import temporal_program
from devstack.ports import LOOPBACK
from devstack.processes import Program
from runtime.settings import Settings
from tests.acceptance.shell import Shell
from tests.deploy.composed import ROOT, SERVICES, environment
from tests.deploy.postgresql import low_port, postgresql, running
from tests.servers import BackOfficeService, MailSinkService
from tests.signers import Signer, write_approvers

VERSION = SERVICES["temporal"]["image"].partition(":")[2]
MODULES = Path(os.environ.get("GOMODCACHE", Path.home() / "go/pkg/mod"))
SOURCE = Path(os.environ.get("DISPATCH_TEMPORAL_SOURCE", MODULES / f"go.temporal.io/server@v{VERSION}"))
PROGRAMS = ("initdb", "postgres", "temporal-server", "temporal-sql-tool")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
if not (SOURCE / "config/docker.yaml").is_file():
    MISSING.append(f"the module in {SOURCE}")
OWN_PORTS = [
    f"{part}_{kind}_PORT"
    for part in ("FRONTEND", "HISTORY", "MATCHING", "WORKER")
    for kind in ("GRPC", "MEMBERSHIP")
]
PATIENCE_SECONDS = 90

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(MISSING), reason=f"not at hand: {', '.join(MISSING)}"),
]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 (other processes change what is looked at)
            await asyncio.sleep(0.5)


async def works(shell: Shell, script: str) -> bool:
    return (await shell.run("sh", script)).code == 0


@pytest.fixture
async def deployed(
    back_office: BackOfficeService, mail_sink: MailSinkService, tmp_path: Path
) -> AsyncIterator[Shell]:
    """Bring it up in the order of the compose file, with its environments; gives the shell of a person there."""
    program = temporal_program.find(Settings(var_dir=tmp_path))
    ports = {name: str(low_port()) for name in (*OWN_PORTS, "FRONTEND_HTTP_PORT")}
    there = {
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{ports['FRONTEND_GRPC_PORT']}",
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    switches = str(ROOT / "deploy/dynamicconfig.yaml")
    with postgresql(environment("postgres")["POSTGRES_PASSWORD"]) as port:
        where = {"SQL_HOST": LOOPBACK, "SQL_PORT": str(port), "TEMPORAL_SCHEMA_DIR": str(SOURCE / "schema")}
        schema = Shell({**environment("temporal-schema"), **where})
        await until(partial(works, schema, "deploy/schema.sh"))
        assert await works(schema, "deploy/schema.sh"), "it does not run again"
        moved = {"POSTGRES_SEEDS": LOOPBACK, "DB_PORT": str(port), "VISIBILITY_DB_PORT": str(port), **ports}
        told = {
            **environment("temporal"),
            **moved,
            "BIND_ON_IP": LOOPBACK,
            "DYNAMIC_CONFIG_FILE_PATH": switches,
        }
        serve = ["temporal-server", "--root", str(SOURCE), "--config", "config", "--env", "docker", "start"]
        with running(serve, tmp_path / "temporal.log", told, None):
            made = await Shell({**environment("temporal-namespace"), **there}).run(
                "sh", "deploy/namespace.sh"
            )
            assert made.code == 0, made
            desk = {**environment("worker"), **back_office.environment, **mail_sink.environment, **there}
            desk["DISPATCH_APPROVERS_FILE"] = str(tmp_path / "approvers.yaml")
            write_approvers(tmp_path / "approvers.yaml", Signer("ana", ("refunds",)))
            log = tmp_path / "worker.log"
            async with Program("worker", ["worker.py"], log, desk, says='"working"', grace_seconds=45):
                yield Shell(desk)


async def stands_at(shell: Shell, request_id: str, state: str) -> bool:
    said = await shell.starter("status", request_id, "--json")
    return bool(json.loads(said.words())["state"] == state)


async def test_the_deployed_desk_works(deployed: Shell, back_office: BackOfficeService) -> None:
    """One request ends by itself, one by an approval; both are listed, exported and hold when they are checked."""
    samples = [f"examples/requests/{name}.eml" for name in ("02-small-refund", "05-refund-approved")]
    lines = (await deployed.starter("submit", *samples)).words("submitted").splitlines()
    alone, approved = (line.split()[0] for line in lines)
    await until(partial(stands_at, deployed, alone, "done"))
    await until(partial(stands_at, deployed, approved, "waiting_for_approval"))
    waiting = (await deployed.starter("inbox")).words(approved)
    assert alone not in waiting
    (await deployed.starter("approve", approved, "--as", "ana", "--reason", "known")).words("accepted")
    await until(partial(stands_at, deployed, approved, "done"))
    assert len(back_office.refunds()) == 2
    (await deployed.starter("audit", "export")).words()
    (await deployed.starter("audit", "verify")).words("whole")
    (await deployed.starter("trail", approved)).words("approve issue_refund")
    schedules = await deployed.run("temporal", "schedule", "list")
    schedules.words("audit-sweep", "daily-digest")
