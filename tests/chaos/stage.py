"""A desk of real processes, each of which can be killed: Temporal with a database file, back office, mail sink, workers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import WorkflowHandle

from devstack.ports import free_port
from devstack.processes import Program
from devstack.temporal_server import TemporalServer
from dispatch.models.errors import UnavailableError, WorkerUnavailableError
from dispatch.models.trail import EntryKind, Outcome
from runtime.connection import connect
from runtime.settings import Settings
from tests.acceptance.warm import WarmProgram
from tests.desk import Case, Desk, changed_playbooks
from tests.servers import BackOfficeService, MailSinkService, settings_from
from worker import load_checked

PATIENCE_SECONDS = 85.0
"""An activity whose worker was killed is tried again after 30 seconds (workflows/parts/options.py, ATTEMPT_TIMEOUT)."""


@dataclass
class Stage:
    """One customer's request, with a task queue and a worker process of its own, so that each can fail alone."""

    server: TemporalServer
    desk: Desk
    worker: Program

    async def refund(self, order: str, sender: str) -> Case:
        return await self.desk.submit(f"Hello,\n\nplease refund order {order}.\n", sender=sender)

    async def slow(self, match: str, seconds: float, payment: str | None = None) -> None:
        """Have the back office do what it is asked at once and answer late."""
        rule = {"payment_id": payment} if payment else {}
        await self.desk.back_office.arm(match, "slow", delay_seconds=seconds, **rule)

    async def waits(self, case: Case) -> None:
        """Wait until it waits for an approval; a server or worker that is not back yet is asked again."""

        async def does() -> bool:
            with suppress(WorkerUnavailableError, UnavailableError):
                await case.until("waiting_for_approval")
                return True
            return False

        await _until(does)

    async def approve(self, case: Case) -> None:
        """Approve as soon as it waits for that; a server or worker that is not back yet is asked again."""

        async def is_taken() -> bool:
            try:
                await case.until("waiting_for_approval")
                accepted, why = await case.decide("approve")
            except (WorkerUnavailableError, UnavailableError):
                return False
            assert accepted, why
            return True

        await _until(is_taken)

    async def fired(self, match: str) -> None:
        """Wait until the armed answer is on its way, late."""

        async def is_late() -> bool:
            armed = await self.desk.back_office.armed()
            return any(rule["match"] == match and rule["fired"] for rule in armed)

        await _until(is_late)

    async def paid_back(self, payment: str) -> None:
        """Wait until the refund's row is there."""

        async def is_there() -> bool:
            return bool(self.refunds(payment))

        await _until(is_there)

    def refunds(self, payment: str) -> list[str]:
        return [row["refund_id"] for row in self.desk.back_office.refunds() if row["payment_id"] == payment]

    def mails(self, address: str) -> list[str]:
        return [row["text"] for row in self.desk.mail_sink.messages() if row["recipient"] == address]

    async def end(self, case: Case) -> Outcome:
        """Wait for the end, over any break of the server."""
        handle: WorkflowHandle[object, Outcome] = case.handle
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await handle.result()

    async def once(self, case: Case, payment: str, address: str) -> Outcome:
        """Wait for the end; then it is done, with one refund and one mail, and each told once."""
        outcome = await self.end(case)
        assert outcome.ending == "done", outcome.why
        assert len(self.refunds(payment)) == 1
        assert len(self.mails(address)) == 1
        assert len(outcome.effects) == len(set(outcome.effects)) == 2
        assert len([entry for entry in outcome.trail if entry.kind is EntryKind.ENDING]) == 1
        return outcome

    async def terminate_worker(self, within_seconds: float) -> int:
        """Send SIGTERM; gives the exit code."""
        os.kill(self.worker.pid, signal.SIGTERM)

        async def has_ended() -> bool:
            return self.worker.ended() is not None

        await _until(has_ended, within_seconds)
        code = self.worker.ended()
        assert code is not None
        return code


@asynccontextmanager
async def temporal(folder: Path) -> AsyncIterator[TemporalServer]:
    """Run a Temporal server with its database file under `folder`."""
    async with TemporalServer(Settings(var_dir=folder / "var"), headless=True, port=free_port()) as server:
        yield server


@asynccontextmanager
async def stage(
    name: str,
    folder: Path,
    server: TemporalServer,
    back_office: BackOfficeService,
    mail_sink: MailSinkService,
    **more: str,
) -> AsyncIterator[Stage]:
    """Run a worker process on a task queue called `name`; it is stopped at the end, even if the test restarted it.

    `more` are further variables of its environment.
    """
    environment = (
        back_office.environment
        | mail_sink.environment
        | {
            "TEMPORAL_ADDRESS": server.address,
            "DISPATCH_TASK_QUEUE": name,
            "DISPATCH_CLIENT_TIMEOUT_SECONDS": "25",
            # Its exports are looked at in tests/audit_store; here they would only take time from the stage.
            "DISPATCH_AUDIT_FOLLOW_SECONDS": "0",
            "DISPATCH_PLAYBOOKS_DIR": str(changed_playbooks(folder / f"{name}-playbooks")),
        }
        | more
    )
    settings = settings_from(
        {key: value for key, value in environment.items() if key.startswith("DISPATCH_")}
    )
    client = await connect("chaos", server.address)
    desk = Desk(client, settings, back_office, mail_sink, *load_checked(settings))
    worker = WarmProgram(
        "worker", ["worker.py"], folder / f"{name}.log", environment, says="working", grace_seconds=45
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(worker.stop)
        await worker.start()
        yield Stage(server, desk, worker)


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 (it is another process that changes what is looked at)
            await asyncio.sleep(0.05)
