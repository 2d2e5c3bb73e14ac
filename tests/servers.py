"""The embedded services for tests, on free ports of the loopback: inside the test's loop, or as processes of their own.

`running_*` is quick and lets a test look inside; `*_process` can be killed. Both yield the same object, whose `environment`
points a worker (or any code that reads the settings) at them.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from activities.contracts import System, Systems
from channels.mail.systems.mail_archive import MailArchive
from channels.mail.systems.mail_server import MailServer
from desks.support.systems.payments import Payments
from desks.support.systems.records import Records
from devstack.back_office.service import back_office
from devstack.helpdesk.service import helpdesk
from devstack.mail_sink.service import mail_sink
from devstack.marketing.service import marketing
from devstack.ports import LOOPBACK, free_port
from devstack.settings import StackSettings
from devstack.website.service import arm, website
from dispatch.http import http_client
from runtime.settings import Settings
from runtime.systems import open_systems

ROOT = Path(__file__).parent.parent
_PATIENCE_SECONDS = 60.0


@dataclass
class Service:
    """A service that runs: where it is, its keys, and how it is made to fail."""

    url: str
    db_path: Path
    fault_key: str
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = field(default=None, kw_only=True)
    clients: list[httpx.AsyncClient] = field(default_factory=list, kw_only=True)

    async def arm(self, match: str, fault: str, **more: Any) -> None:
        """Add a rule for faults to come, such as ("POST /refunds", "drop_after_commit", payment_id="PAY-10001")."""
        await self._faults("POST", {"match": match, "fault": fault, **more})

    async def disarm(self) -> None:
        await self._faults("DELETE")

    async def armed(self) -> list[dict[str, Any]]:
        """Return the rules with how often each has `fired`."""
        return await self._faults("GET")

    def rows(self, query: str, *values: str | int) -> list[dict[str, Any]]:
        """Read the service's database behind its back."""
        with closing(sqlite3.connect(self.db_path, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values).fetchall()]

    def client(self, key: str, timeout_seconds: float = 5) -> httpx.AsyncClient:
        """Return a bare client; it is closed with the service, so a test need not."""
        made = http_client(base_url=self.url, key=key, timeout_seconds=timeout_seconds)
        self.clients.append(made)
        return made

    async def close_clients(self) -> None:
        for client in self.clients:
            await client.aclose()

    async def kill(self) -> None:
        """End the process as kill -9 does."""
        if self.process is None:
            raise RuntimeError("runs inside the test; use the ..._process of it")
        self.process.kill()
        await self.process.wait()

    async def _faults(self, method: str, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        async with http_client(base_url=self.url, key=self.fault_key, timeout_seconds=5) as http:
            answer = await http.request(method, "/faults", json=body)
            answer.raise_for_status()
            data: list[dict[str, Any]] = answer.json()["data"]
            return data


@dataclass
class BackOfficeService(Service):
    read_key: str
    write_key: str

    def http(self, key: str | None = None, timeout_seconds: float = 5) -> httpx.AsyncClient:
        """Return a bare client; with the write key unless another is named."""
        return self.client(key or self.write_key, timeout_seconds)

    def records(self, timeout_seconds: float = 5) -> Records:
        return Records(self.http(self.read_key, timeout_seconds))

    def payments(self, timeout_seconds: float = 5) -> Payments:
        return Payments(self.http(self.write_key, timeout_seconds))

    def refunds(self) -> list[dict[str, Any]]:
        """Return the refunds made since the start, straight from the database, oldest first."""
        return self.rows("SELECT * FROM refunds WHERE idempotency_key NOT LIKE 'sample/%' ORDER BY rowid")


@dataclass
class MailSinkService(Service):
    smtp_port: int
    archive_key: str

    @property
    def archive_url(self) -> str:
        return self.url

    def mail(self, timeout_seconds: float = 5) -> MailServer:
        return MailServer(LOOPBACK, self.smtp_port, timeout_seconds=timeout_seconds)

    def archive(self, timeout_seconds: float = 5) -> MailArchive:
        return MailArchive(self.client(self.archive_key, timeout_seconds))

    def messages(self) -> list[dict[str, Any]]:
        """Return all mail received, straight from the database, oldest first."""
        return self.rows("SELECT * FROM messages ORDER BY archive_id")


class HelpdeskService(Service):
    """The systems of an IT department."""

    def effects(self, kind: str) -> list[dict[str, Any]]:
        """Return the resets, grants, orders or tickets made since the start, oldest first."""
        made = "SELECT * FROM effects WHERE kind = ? AND idempotency_key NOT LIKE 'sample/%' ORDER BY rowid"
        return self.rows(made, kind)


@dataclass
class WebsiteService:
    """The web server of a site: where it is, and the folder that it serves."""

    url: str
    folder: Path
    environment: dict[str, str]

    def page(self, path: str) -> bytes:
        """Return a page as it is in the folder."""
        return (self.folder / path).read_bytes()

    async def arm(self, fault: Mapping[str, Any]) -> None:
        """Arm a fault, or let a colleague edit a page, as the demo's script does."""
        await arm(self.url, fault)


class MarketingService(Service):
    """The publishing system of the marketing desk."""

    def posts(self) -> list[dict[str, Any]]:
        """Return what was published, taken down or not, oldest first."""
        return self.rows("SELECT * FROM posts ORDER BY rowid")


@asynccontextmanager
async def running_back_office(tmp_path: Path, *, faults: bool = True) -> AsyncIterator[BackOfficeService]:
    """Run the back office in this loop, with its data under `tmp_path`."""
    service = _back_office(tmp_path)
    async with back_office(_settings(service), faults=faults):
        try:
            yield service
        finally:
            await service.close_clients()


@asynccontextmanager
async def running_mail_sink(tmp_path: Path, *, faults: bool = True) -> AsyncIterator[MailSinkService]:
    """Run the mail sink in this loop, with its data under `tmp_path`."""
    service = _mail_sink(tmp_path)
    async with mail_sink(_settings(service), faults=faults):
        try:
            yield service
        finally:
            await service.close_clients()


@asynccontextmanager
async def running_helpdesk(tmp_path: Path, *, faults: bool = True) -> AsyncIterator[HelpdeskService]:
    """Run the helpdesk's systems in this loop, with their data under `tmp_path`."""
    service = _helpdesk(tmp_path)
    async with helpdesk(_settings(service), faults=faults):
        try:
            yield service
        finally:
            await service.close_clients()


@asynccontextmanager
async def running_marketing(tmp_path: Path, *, faults: bool = True) -> AsyncIterator[MarketingService]:
    """Run the publishing system in this loop, with its data under `tmp_path`."""
    service = _marketing(tmp_path)
    async with marketing(_settings(service), faults=faults):
        try:
            yield service
        finally:
            await service.close_clients()


@asynccontextmanager
async def back_office_process(
    tmp_path: Path, *, faults: bool = True, again: BackOfficeService | None = None
) -> AsyncIterator[BackOfficeService]:
    """Run `python -m devstack.back_office`; `again`, one that was killed, restarts it on its ports and its data."""
    service = again or _back_office(tmp_path)
    async with _process("devstack.back_office", service, faults=faults):
        yield service


@asynccontextmanager
async def mail_sink_process(
    tmp_path: Path, *, faults: bool = True, again: MailSinkService | None = None
) -> AsyncIterator[MailSinkService]:
    """Run `python -m devstack.mail_sink`; `again`, one that was killed, restarts it on its ports and its data."""
    service = again or _mail_sink(tmp_path)
    async with _process("devstack.mail_sink", service, faults=faults):
        yield service


def _back_office(tmp_path: Path) -> BackOfficeService:
    url = f"http://{LOOPBACK}:{free_port()}"
    environment = {
        "DISPATCH_VAR_DIR": str(tmp_path),
        "DISPATCH_BACK_OFFICE_URL": url,
        "DISPATCH_BACK_OFFICE_READ_KEY": "test-read",
        "DISPATCH_BACK_OFFICE_WRITE_KEY": "test-write",
    }
    database = tmp_path / "back_office.db"
    return BackOfficeService(url, database, "test-write", environment, "test-read", "test-write")


def _mail_sink(tmp_path: Path) -> MailSinkService:
    url, port = f"http://{LOOPBACK}:{free_port()}", free_port()
    environment = {
        "DISPATCH_VAR_DIR": str(tmp_path),
        "DISPATCH_SMTP_HOST": LOOPBACK,
        "DISPATCH_SMTP_PORT": str(port),
        "DISPATCH_MAIL_ARCHIVE_URL": url,
        "DISPATCH_MAIL_ARCHIVE_KEY": "test-archive",
    }
    return MailSinkService(url, tmp_path / "mail.db", "test-archive", environment, port, "test-archive")


@asynccontextmanager
async def running_website(tmp_path: Path, *, faults: bool = True) -> AsyncIterator[WebsiteService]:
    """Serve the sample site in this loop, from a folder under `tmp_path`."""
    url = f"http://{LOOPBACK}:{free_port()}"
    environment = {
        "DISPATCH_SITE_URL": url,
        "DISPATCH_SITE_DIR": str(tmp_path / "site"),
        "DISPATCH_SITE_VERSIONS_DIR": str(tmp_path / "site-versions"),
    }
    settings = StackSettings.model_validate(
        {name.removeprefix("DISPATCH_").lower(): value for name, value in environment.items()}
        | {"var_dir": tmp_path}
    )
    async with website(settings, faults=faults) as folder:
        yield WebsiteService(url, folder, environment)


def _helpdesk(tmp_path: Path) -> HelpdeskService:
    url = f"http://{LOOPBACK}:{free_port()}"
    environment = {
        "DISPATCH_VAR_DIR": str(tmp_path),
        "DISPATCH_HELPDESK_URL": url,
        "DISPATCH_HELPDESK_READ_KEY": "test-read",
        "DISPATCH_HELPDESK_WRITE_KEY": "test-write",
    }
    return HelpdeskService(url, tmp_path / "helpdesk.db", "test-write", environment)


def _marketing(tmp_path: Path) -> MarketingService:
    url = f"http://{LOOPBACK}:{free_port()}"
    environment = {
        "DISPATCH_VAR_DIR": str(tmp_path),
        "DISPATCH_POSTS_URL": url,
        "DISPATCH_POSTS_READ_KEY": "test-read",
        "DISPATCH_POSTS_WRITE_KEY": "test-write",
    }
    return MarketingService(url, tmp_path / "marketing.db", "test-write", environment)


def settings_from(environment: Mapping[str, str]) -> StackSettings:
    """Read the settings as a process with this environment would."""
    given = {name.removeprefix("DISPATCH_").lower(): value for name, value in environment.items()}
    return StackSettings.model_validate(given)


@asynccontextmanager
async def systems_of(settings: Settings, kinds: Iterable[type[System]]) -> AsyncIterator[Systems]:
    """Open systems as a worker with these settings would."""
    given = settings.model_dump(mode="python", exclude_unset=True)
    environment = {
        f"DISPATCH_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in given.items()
    }
    async with open_systems(kinds, environment) as systems:
        yield systems


def _settings(service: Service) -> StackSettings:
    return settings_from(service.environment)


@asynccontextmanager
async def _process(module: str, service: Service, *, faults: bool) -> AsyncIterator[None]:
    flags = ["--faults"] if faults else []
    log = service.db_path.with_suffix(".log")
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, *flags),
            cwd=ROOT,
            env={**os.environ, **service.environment},
            stdout=output,
            stderr=output,
        )
    service.process = process
    try:
        await _healthy(service.url, process, log)
        yield
    finally:
        await service.close_clients()
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _healthy(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as http:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"ended with {process.returncode}; see {log}")
            try:
                if (await http.get(f"{url}/health")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
