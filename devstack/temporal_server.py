"""The embedded Temporal server: one tuned `temporal server start-dev` for as long as the block lasts."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.client import Client
from temporalio.service import RPCError

from devstack import temporal_program
from devstack.ports import LOOPBACK, free_port, require_free
from devstack.temporal_database import TemporalDatabase, room
from devstack.temporal_namespace import ensure_search_attributes, set_retention
from devstack.temporal_tuning import NAMESPACE_REFRESH_SECONDS, TUNING
from devstack.temporal_version import read_version
from dispatch.models.errors import DevStackError, DispatchError
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from dispatch.storage.private_folders import make_private_file
from runtime.settings import Settings, load_settings

__all__ = ["TemporalServer", "free_port"]

_HEALTHY_SECONDS = 60.0  # 1 s when idle; many times that on a machine busy with a build
_STOP_SECONDS = 10.0
_LOG_BYTES = 10 * 1024**2
_LAST_LINES = 5


class TemporalServer:
    """The server as an async context manager; tests of crashes use `restart()` and `kill9()`.

    `in_memory` keeps nothing; `headless` starts no web UI; `port` and `ui_port` override the settings. Without a
    `program` it is searched for, and built if need be, which takes minutes the first time.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        program: Path | None = None,
        in_memory: bool = False,
        headless: bool = False,
        port: int | None = None,
        ui_port: int | None = None,
        log_level: str = "warn",
        tuning: Mapping[str, str] = TUNING,
    ) -> None:
        self._settings = settings
        self._program = program
        self._tuning = tuning
        self._database = None if in_memory else TemporalDatabase(settings.var_dir)
        self._headless = headless
        self._port = port or settings.temporal_port
        self._ui_port = ui_port or settings.temporal_ui_port
        self._log_level = log_level
        self._log = settings.var_dir.absolute() / "temporal-server.log"
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    @property
    def ui_url(self) -> str | None:
        return None if self._headless else f"http://{LOOPBACK}:{self._ui_port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise DevStackError("the embedded Temporal server is not running.")
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the server and return once it is healthy and has the retention and the search attributes.

        Raises DevStackError with one sentence, and leaves no process behind.
        """
        if self._program is None:
            self._program = await asyncio.to_thread(temporal_program.find, self._settings)
        version = await asyncio.to_thread(read_version, self._program)
        require_free(self._port, purpose="Temporal", setting="DISPATCH_TEMPORAL_PORT")
        if not self._headless:
            require_free(self._ui_port, purpose="Temporal's web UI", setting="DISPATCH_TEMPORAL_UI_PORT")
        room(self._log.parent)
        inherited = () if self._database is None else (self._database.claim(version.server),)
        try:
            self._process = self._spawn(self._program, inherited)
            await self._prepare(await self._healthy())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Terminate the server, and kill it if it does not end."""
        if self._process is not None:
            self._process.terminate()
            if not await self._gone(_STOP_SECONDS):
                self._process.kill()
                await self._gone(_STOP_SECONDS)
            self._process = None
        if self._database is not None:
            self._database.release()

    async def kill9(self) -> None:
        """Kill the server as in a crash: SIGKILL, nothing flushed, nothing closed."""
        os.kill(self.pid, signal.SIGKILL)
        await self._gone(_STOP_SECONDS)
        self._process = None

    async def restart(self) -> None:
        """Start again on the same ports and the same database, ending the server first if it runs."""
        await self.stop()
        await self.start()

    async def ended(self) -> None:
        """Return when the server has ended by itself."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    def last_words(self) -> str:
        """Return the last lines this server wrote to its log."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return " | ".join(line.strip() for line in lines[-_LAST_LINES:]) or "it said nothing"

    def _spawn(self, program: Path, inherited: tuple[int, ...]) -> subprocess.Popen[bytes]:
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        make_private_file(self._log)
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                [*_dies_with_its_parent(), program, *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=inherited,
                # Ctrl-C in a terminal reaches the whole group; the worker must end before its server, so we pass it on.
                start_new_session=True,
                umask=0o077,
            )

    def _arguments(self) -> list[str]:
        arguments = [
            "server",
            "start-dev",
            "--ip",
            LOOPBACK,
            "--port",
            str(self._port),
            "--log-level",
            self._log_level,
        ]
        # A profile or TEMPORAL_* of the person's shell, which are for clients, must not configure the server.
        arguments += ["--disable-config-env", "--disable-config-file"]
        arguments += (
            ["--headless"] if self._headless else ["--ui-port", str(self._ui_port), "--ui-ip", LOOPBACK]
        )
        if self._database is not None:
            arguments += ["--db-filename", str(self._database.path)]
            arguments += ["--sqlite-pragma", "journal_mode=WAL"]
            arguments += ["--sqlite-pragma", f"synchronous={self._settings.temporal_durability}"]
        for key, value in self._tuning.items():
            arguments += ["--dynamic-config-value", f"{key}={value}"]
        for name, kind in SEARCH_ATTRIBUTES.items():
            arguments += ["--search-attribute", f"{name}={kind}"]
        return arguments

    async def _healthy(self) -> Client:
        client = await Client.connect(self.address, lazy=True)
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise DevStackError(
                    f"the embedded Temporal server died while starting: {self.last_words()} ({self._log})."
                )
            try:
                if await client.service_client.check_health(timeout=timedelta(seconds=1)):
                    return client
            except (RPCError, RuntimeError):
                await asyncio.sleep(0.05)
        raise DevStackError(
            f"the embedded Temporal server was not ready after {_HEALTHY_SECONDS:.0f} s: {self.last_words()} ({self._log})."
        )

    async def _prepare(self, client: Client) -> None:
        settings = self._settings
        changed = await set_retention(
            client, days=settings.retention_days, minimum_days=settings.minimum_retention_days
        )
        await ensure_search_attributes(client)
        if changed and self._database is not None:
            # A request that is closed before the server's caches have the new retention is deleted after the old one, a day.
            await asyncio.sleep(2 * NAMESPACE_REFRESH_SECONDS)

    async def _gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._process is not None and self._process.poll() is None:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True


def _dies_with_its_parent() -> list[str]:
    """On Linux, let the kernel end the server when this process is killed; elsewhere the port check reports it.

    A small program sets it and then executes the server, because code between fork and exec (`preexec_fn`) may deadlock
    in a process with threads, and the SDK starts some.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with TemporalServer(load_settings()) as server:
        print(f"Temporal at {server.address}, its UI at {server.ui_url}; Ctrl-C ends it.", flush=True)
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(server.ended())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not stop.is_set():
            raise DevStackError(f"the embedded Temporal server died: {server.last_words()}.")


if __name__ == "__main__":
    try:
        asyncio.run(_serve())
    except DispatchError as failure:
        print(f"temporal: {failure}", file=sys.stderr)
        sys.exit(1)
