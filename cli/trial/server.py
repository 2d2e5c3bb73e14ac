"""A separate server on which requests run at one desk with nothing sent.

No worker listens on the action queue, so no action of any kind can be carried out. A request stops when its first
action is due, when a person is asked, or when it has ended. Reads use the stand-ins for back office, mail archive and
helpdesk with their sample data; the desk's own systems are read as their settings say.
"""

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus

from devstack import temporal_program
from devstack.ports import LOOPBACK, free_port
from devstack.processes import desk_programs, helpdesk_program, website_program
from devstack.settings import READ_KEY, WRITE_KEY, StackSettings, load_stack_settings
from devstack.temporal_server import TemporalServer
from dispatch.audit.models import Trail
from dispatch.models.errors import DevStackError, WorkerUnavailableError
from dispatch.models.request.request_detail import RequestDetail
from dispatch.models.request.status import WAITING_STATES, Status
from dispatch.models.request.submission import Submission
from dispatch.models.trail import Outcome
from dispatch.models.work.execution import ActionCommand
from dispatch.playbooks.loader import Playbooks
from dispatch.playbooks.thinking_roles import by_rules
from runtime.connection import connect
from runtime.desks import LoadedDesks
from runtime.gateway import Gateway
from runtime.histories import trail_of_history
from runtime.systems import open_systems
from runtime.worker_parts.shutdown import running_workers
from runtime.workers import desk_worker, quota_worker

PATIENCE_SECONDS: Final = 120
_REMEMBERED: Final = 100
"""Requests that the worker keeps in memory; stopped ones are evicted first."""
_LOOK_SECONDS: Final = 0.2
_ACTION: Final = "action."
"""The prefix of the activity types of actions."""


@dataclass(frozen=True)
class Rest:
    """Where a request stopped: with an outcome it has ended, else `ordered` lists the actions that are due now."""

    request_id: str
    ordered: tuple[ActionCommand, ...] = ()
    detail: RequestDetail | None = None
    outcome: Outcome | None = None

    @property
    def status(self) -> Status | None:
        """Return its status; None once it has ended."""
        return self.detail.status if self.detail is not None else None


class Trial:
    """One desk at work on a server of its own."""

    def __init__(self, client: Client, settings: StackSettings) -> None:
        self._client, self._settings = client, settings
        self._gateway = Gateway.over(client)

    async def run(self, submission: Submission) -> Rest:
        """Run a request until it stops; raises DevStackError if it does not within two minutes."""
        request_id = (await self._gateway.submit(self._settings, submission)).request_id
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if (rest := await self._look(request_id)) is not None:
                return rest
            await asyncio.sleep(_LOOK_SECONDS)
        raise DevStackError(
            f"the request has come to no rest within {PATIENCE_SECONDS} s; see what its specialists wait for"
        )

    async def trail(self, request_id: str) -> Trail:
        """Return the trail so far, from the history alone."""
        return await trail_of_history(self._client, request_id)

    async def _look(self, request_id: str) -> Rest | None:
        described = await self._client.get_workflow_handle(request_id).describe()
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return Rest(request_id, outcome=await self._gateway.outcome(request_id))
        is_ordered = any(
            pending.activity_type.name.startswith(_ACTION)
            for pending in described.raw_description.pending_activities
        )
        try:
            if not is_ordered and (await self._gateway.status(request_id)).state not in WAITING_STATES:
                return None
            detail = await self._gateway.request_detail(request_id)
        except WorkerUnavailableError:
            return None
        return Rest(request_id, await self._ordered(request_id) if is_ordered else (), detail)

    async def _ordered(self, request_id: str) -> tuple[ActionCommand, ...]:
        """Return the actions that are due; none is ever carried out, so all ordered ones still are."""
        history = await self._client.get_workflow_handle(request_id).fetch_history()
        commands: list[ActionCommand] = []
        for event in history.events:
            order = event.activity_task_scheduled_event_attributes
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED and (
                order.activity_type.name.startswith(_ACTION)
            ):
                commands += await self._client.data_converter.decode(order.input.payloads, [ActionCommand])
        return tuple(commands)


@contextmanager
def trial_settings(**more: str) -> Iterator[StackSettings]:
    """Set the settings of this process, and of the programs it starts, to the trial's own ports and folders."""
    with tempfile.TemporaryDirectory(prefix="dispatch-desk-try-") as here:
        back_office, archive, smtp, helpdesk, website = (free_port() for _ in range(5))
        own: Mapping[str, str] = {
            "DISPATCH_VAR_DIR": str(Path(here) / "var"),
            "DISPATCH_TASK_QUEUE": "desk-try",
            "DISPATCH_AUDIT_STORE": "",
            # No action is ever carried out, so stopped requests count as running: they must not delay new ones.
            "DISPATCH_WORKFLOW_CACHE": "1000000",
            "DISPATCH_BACK_OFFICE_URL": f"http://{LOOPBACK}:{back_office}",
            "DISPATCH_MAIL_ARCHIVE_URL": f"http://{LOOPBACK}:{archive}",
            "DISPATCH_SMTP_HOST": LOOPBACK,
            "DISPATCH_SMTP_PORT": str(smtp),
            "DISPATCH_HELPDESK_URL": f"http://{LOOPBACK}:{helpdesk}",
            "DISPATCH_HELPDESK_READ_KEY": READ_KEY,
            "DISPATCH_HELPDESK_WRITE_KEY": WRITE_KEY,
            "DISPATCH_SITE_URL": f"http://{LOOPBACK}:{website}",
            "DISPATCH_SITE_DIR": str(Path(here) / "var" / "site"),
            "DISPATCH_SITE_VERSIONS_DIR": str(Path(here) / "var" / "site-versions"),
        } | more
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            yield load_stack_settings()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@asynccontextmanager
async def open_trial(loaded: LoadedDesks, settings: StackSettings) -> AsyncIterator[Trial]:
    """Start the server, the stand-ins and the workers; raises DevStackError where one does not start."""
    # A failed attempt is retried; the printed result of the request shows a lasting failure.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
    program = await asyncio.to_thread(temporal_program.find, settings, partial(print, file=sys.stderr))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            TemporalServer(
                settings,
                program=program,
                in_memory=True,
                headless=True,
                port=free_port(),
                ui_port=free_port(),
            )
        )
        back_office, mail_sink, _ = desk_programs(settings, {})
        await stack.enter_async_context(back_office)
        await stack.enter_async_context(mail_sink)
        await stack.enter_async_context(helpdesk_program(settings, {}))
        await stack.enter_async_context(website_program(settings, {}))
        client = await connect("desk-try", server.address)
        reading = await stack.enter_async_context(open_systems(loaded.catalogue.systems(acting=False)))
        # No model is asked here: a trial tells at once what the rules make of a request, on a machine without models too.
        playbooks = _without_models(loaded.playbooks)
        worker = desk_worker(
            client, settings, loaded.catalogue, playbooks, reading, max_cached_workflows=_REMEMBERED
        )
        workers = (quota_worker(client, settings), worker)
        await stack.enter_async_context(running_workers(*workers))
        yield Trial(client, settings)


def _without_models(playbooks: Playbooks) -> Playbooks:
    by_desk = {
        desk: in_force.model_copy(update={"playbook": by_rules(in_force.playbook)})
        for desk, in_force in playbooks.by_desk.items()
    }
    return replace(playbooks, by_desk=by_desk)
