"""Runs our programs as child processes: starts them, waits for them, ends them by their process id."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

import httpx

from devstack.settings import StackSettings
from dispatch.models.errors import DevStackError
from dispatch.storage.private_folders import make_private_file
from runtime.worker_parts.shutdown import MARGIN

ROOT = Path(__file__).parents[1]
PRIVATE = 0o077
"""The umask of a program: only its user can read its files."""
PATIENCE_SECONDS = 90
"""How long a program may take to answer; 2 s on an idle machine; the wait stops if it exits."""


class Child(Protocol):
    """The interface of a started process, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Program:
    """One child process, its output in a file; tests of crashes use `kill9` and `start` again."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        health: str | None = None,
        says: str | None = None,
        grace_seconds: float = 10,
    ) -> None:
        self.name, self.arguments, self._log = name, arguments, log
        self.environment = {**os.environ, **(environment or {})}
        self._health, self._says, self._grace = health, says, grace_seconds
        self._process: Child | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise DevStackError(f"the {self.name} is not running")
        return self._process.pid

    async def start(self) -> None:
        """Start it and return once it answers (`health`) or has printed `says`.

        Raises DevStackError with its last output if it exits or does not answer within PATIENCE_SECONDS. If this call is
        cancelled, for example by a signal to this process, it leaves no process running.
        """
        make_private_file(self._log)
        begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = self.launched(log)
        try:
            await self._until_it_answers(self._process, begin)
        except BaseException:
            await self.stop()
            raise

    def launched(self, log: IO[bytes]) -> Child:
        """Start the process, which writes to `log`; it outlives the loop that started it."""
        return subprocess.Popen(
            [sys.executable, *self.arguments],
            stdout=log,
            stderr=log,
            env=self.environment,
            cwd=ROOT,
            umask=PRIVATE,
        )

    async def stop(self) -> None:
        """Terminate it, and kill it if it does not end within its grace."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, self._grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._process = None

    async def kill9(self) -> None:
        """Kill it, as in a crash."""
        os.kill(self.pid, signal.SIGKILL)
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
        self._process = None

    def ended(self) -> int | None:
        """Return the exit code if it has ended."""
        return self._process.poll() if self._process is not None else None

    async def _until_it_answers(self, process: Child, begin: int) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not await self._answers(begin):
            if process.poll() is not None:
                raise DevStackError(f"the {self.name} ended: {self._last_words(begin)}")
            if asyncio.get_running_loop().time() > deadline:
                raise DevStackError(f"the {self.name} does not answer; see {self._log}")
            await asyncio.sleep(0.1)

    async def _answers(self, begin: int) -> bool:
        if self._health is not None:
            try:
                async with httpx.AsyncClient(timeout=1) as http:
                    return (await http.get(self._health)).is_success
            except httpx.HTTPError:
                return False
        return self._says is None or self._says in self._since(begin)

    def _since(self, begin: int) -> str:
        with self._log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def _last_words(self, begin: int) -> str:
        return " ".join(self._since(begin).strip().splitlines()[-3:])[-600:] or f"see {self._log}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def desk_programs(
    settings: StackSettings, environment: Mapping[str, str], *, faults: bool = False
) -> tuple[Program, Program, Program]:
    """Return back office, mail sink and worker, in the order in which they start; their logs go to var_dir/logs.

    `environment` holds for each program the values that `settings` has in this process. With `faults` the back office can
    be made to fail, with its write key. The worker is killed only after its own hard end, whose log says more.
    """
    logs = settings.var_dir / "logs"
    return (
        Program(
            "back office",
            ["-m", "devstack.back_office", *(["--faults"] if faults else [])],
            logs / "back-office.log",
            environment,
            health=f"{settings.back_office_url}/health",
        ),
        Program(
            "mail sink",
            ["-m", "devstack.mail_sink"],
            logs / "mail-sink.log",
            environment,
            health=f"{settings.mail_archive_url}/health",
        ),
        Program(
            "worker",
            ["worker.py"],
            logs / "worker.log",
            environment,
            says="working",
            grace_seconds=settings.graceful_shutdown_seconds + MARGIN.total_seconds() + 5,
        ),
    )


def helpdesk_program(
    settings: StackSettings, environment: Mapping[str, str], *, faults: bool = False
) -> Program:
    """Return the stand-in for the systems of the helpdesk; its log goes to var_dir/logs."""
    return Program(
        "helpdesk",
        ["-m", "devstack.helpdesk", *(["--faults"] if faults else [])],
        settings.var_dir / "logs" / "helpdesk.log",
        environment,
        health=f"{settings.helpdesk_url}/health",
    )


def website_program(
    settings: StackSettings, environment: Mapping[str, str], *, faults: bool = False
) -> Program:
    """Return the web server of the site that the desk website publishes into; its log goes to var_dir/logs."""
    return Program(
        "website",
        ["-m", "devstack.website", *(["--faults"] if faults else [])],
        settings.var_dir / "logs" / "website.log",
        environment,
        health=f"{settings.site_url}/health",
    )


def website_environment(settings: StackSettings) -> dict[str, str]:
    """Return the variables with which server and worker have one folder of the site, below var_dir."""
    return {
        "DISPATCH_SITE_URL": settings.site_url,
        "DISPATCH_SITE_DIR": str((settings.var_dir / "site").absolute()),
        "DISPATCH_SITE_VERSIONS_DIR": str((settings.var_dir / "site-versions").absolute()),
    }


def marketing_program(
    settings: StackSettings, environment: Mapping[str, str], *, faults: bool = False
) -> Program:
    """Return the stand-in for the publishing system of the marketing desk; its log goes to var_dir/logs."""
    return Program(
        "publishing system",
        ["-m", "devstack.marketing", *(["--faults"] if faults else [])],
        settings.var_dir / "logs" / "marketing.log",
        environment,
        health=f"{settings.posts_url}/health",
    )


def helpdesk_environment(settings: StackSettings) -> dict[str, str]:
    """Return the variables of a desk that uses the stand-in; a worker has no default for them."""
    return {
        "DISPATCH_HELPDESK_URL": settings.helpdesk_url,
        "DISPATCH_HELPDESK_READ_KEY": settings.helpdesk_read_key.get_secret_value(),
        "DISPATCH_HELPDESK_WRITE_KEY": settings.helpdesk_write_key.get_secret_value(),
    }


def marketing_environment(settings: StackSettings) -> dict[str, str]:
    """Return the variables of a desk that publishes through the stand-in."""
    return {
        "DISPATCH_POSTS_URL": settings.posts_url,
        "DISPATCH_POSTS_READ_KEY": settings.posts_read_key.get_secret_value(),
        "DISPATCH_POSTS_WRITE_KEY": settings.posts_write_key.get_secret_value(),
    }


def inbox_program(settings: StackSettings, environment: Mapping[str, str]) -> Program:
    """Return the inbox; its log goes to var_dir/logs."""
    return Program(
        "inbox",
        ["-m", "inbox"],
        settings.var_dir / "logs" / "inbox.log",
        environment,
        health=f"http://{settings.inbox_host}:{settings.inbox_port}/health",
    )


def http_program(settings: StackSettings, environment: Mapping[str, str]) -> Program:
    """Return the HTTP door; its log goes to var_dir/logs."""
    return Program(
        "HTTP door",
        ["-m", "cli", "watch", "http"],
        settings.var_dir / "logs" / "http.log",
        environment,
        health=f"http://{settings.http_host}:{settings.http_port}/health",
    )
