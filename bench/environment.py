"""The bench environment: the embedded server on a fresh database and every program as a process of its own, as in production.

All on free ports and in a fresh folder, so that a bench can run beside a demo and starts from nothing each time.
The audit follower is switched off: it exports each request as it ends, on the same cores, and the figures are those of
the process alone.
"""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from temporalio.client import Client

from devstack.approvers import make_people
from devstack.ports import LOOPBACK, free_port
from devstack.processes import Program, desk_programs
from devstack.settings import StackSettings, load_stack_settings
from devstack.temporal_server import TemporalServer
from runtime.connection import connect

GRACE_SECONDS = 5
"""Nothing is under way when a bench ends; its workers need no longer to stop."""
MOST_MAILS = 1_000_000
"""A bench writes to one customer over and over, which the hourly limit would hold; it is asked all the same."""


@dataclass(frozen=True)
class BenchEnvironment:
    """What a bench drives: a client, the settings of the programs, the worker to look at."""

    client: Client
    settings: StackSettings
    worker: Program
    worker_variables: dict[str, str]


def circumstances(settings: StackSettings) -> dict[str, str]:
    """Return what the figures of a benchmark depend on, for its file and its output."""
    return {
        "durability": settings.temporal_durability,
        "audit_follower": f"every {settings.audit_follow_seconds:g} s"
        if settings.audit_follow_seconds
        else "off",
    }


def results_folder() -> Path:
    """Return the folder that results are written to; BENCH_FOLDER names another than var/bench."""
    named = os.environ.get("BENCH_FOLDER")
    return Path(named) if named else load_stack_settings().var_dir / "bench"


@asynccontextmanager
async def running_environment(
    name: str, more: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[BenchEnvironment]:
    """Start server, back office, mail sink and worker; `name` is the bench's, its folder is emptied first.

    `more` are further variables of the programs.
    """
    folder = (results_folder() / name).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = _settings(folder)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            TemporalServer(settings, port=settings.temporal_port, headless=True)
        )
        variables = {**_variables(settings, server.address), **more}
        make_people(settings)
        back_office, mail_sink, worker = desk_programs(settings, variables)
        for program in (back_office, mail_sink, worker):
            await stack.enter_async_context(program)
        yield BenchEnvironment(await connect("bench", server.address), settings, worker, variables)


def _settings(folder: Path) -> StackSettings:
    """Return the settings of the environment (durability, cache and all), on ports and in a folder of our own."""
    return load_stack_settings().model_copy(
        update={
            "var_dir": folder,
            "temporal_port": free_port(),
            "back_office_url": f"http://{LOOPBACK}:{free_port()}",
            "mail_archive_url": f"http://{LOOPBACK}:{free_port()}",
            "smtp_port": free_port(),
            "graceful_shutdown_seconds": GRACE_SECONDS,
            "audit_follow_seconds": 0,
            "automatic_mails_an_hour": MOST_MAILS,
        }
    )


def _variables(settings: StackSettings, address: str) -> dict[str, str]:
    """Set the same for the programs, in environment variables as a person would."""
    return {
        "TEMPORAL_ADDRESS": address,
        "DISPATCH_VAR_DIR": str(settings.var_dir),
        "DISPATCH_BACK_OFFICE_URL": settings.back_office_url,
        "DISPATCH_MAIL_ARCHIVE_URL": settings.mail_archive_url,
        "DISPATCH_SMTP_PORT": str(settings.smtp_port),
        "DISPATCH_GRACEFUL_SHUTDOWN_SECONDS": str(settings.graceful_shutdown_seconds),
        "DISPATCH_AUDIT_FOLLOW_SECONDS": str(settings.audit_follow_seconds),
        "DISPATCH_AUTOMATIC_MAILS_AN_HOUR": str(settings.automatic_mails_an_hour),
        # The sandbox imports a workflow's module again for every run. With bytecode switched off, as containers and CI
        # like it, each would compile it again, and the bench would measure the compiler.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(settings.var_dir / "bytecode"),
    }
