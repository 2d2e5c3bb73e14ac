"""The only composition root: settings -> clients -> activities -> Temporal workers.

python worker.py                 the desk and the actions in one process
python worker.py --role desk     workflows, specialists, reviewers, guardian, verifier; may only read
python worker.py --role actions  actions only; the one place that holds outside credentials
python worker.py --check         validates settings, playbooks and the open sets, and ends
"""

import argparse
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import httpx
import structlog
from pydantic import SecretStr
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.answers import read_answer
from activities.assembler import assemble
from activities.catalogue import Catalogue
from activities.decisions import verify_decision
from activities.guardian import Guardian
from activities.intake import intake
from activities.planner import plan
from activities.triage import TriageDesk
from activities.verifier import Verifier
from dispatch.clients.http import http_client
from dispatch.clients.mail import MailArchiveClient, MailClient
from dispatch.clients.payments import PaymentsClient
from dispatch.clients.records import RecordsClient
from dispatch.clients.toolbox import ActionClients, ReadClients
from dispatch.connection import connect
from dispatch.lifecycle import run_to_end, stop_event
from dispatch.logs import set_up_logs
from dispatch.models.errors import SettingsError
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from dispatch.playbooks.loader import Playbooks, load_playbooks
from dispatch.settings import Settings, load_settings
from workflows.coordinator import Coordinator
from workflows.follow_up import FollowUp
from workflows.options import action_task_queue
from workflows.sandbox import SANDBOX

log = structlog.get_logger("worker")

WORKFLOWS: Final[Sequence[type]] = (Coordinator, FollowUp)


@asynccontextmanager
async def read_clients(settings: Settings) -> AsyncIterator[ReadClients]:
    """Open the clients that may only read."""
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(
            _http(settings, settings.back_office_url, settings.back_office_read_key)
        )
        archive = await stack.enter_async_context(
            _http(settings, settings.mail_archive_url, settings.mail_archive_key)
        )
        yield ReadClients(records=RecordsClient(records), archive=MailArchiveClient(archive))


@asynccontextmanager
async def action_clients(settings: Settings) -> AsyncIterator[ActionClients]:
    """Open the clients that may act."""
    async with AsyncExitStack() as stack:
        payments = await stack.enter_async_context(
            _http(settings, settings.back_office_url, settings.back_office_write_key)
        )
        archive = await stack.enter_async_context(
            _http(settings, settings.mail_archive_url, settings.mail_archive_key)
        )
        yield ActionClients(
            payments=PaymentsClient(payments),
            mail=MailClient(
                settings.smtp_host, settings.smtp_port, timeout_seconds=settings.client_timeout_seconds
            ),
            archive=MailArchiveClient(archive),
            mail_from=settings.mail_from,
        )


@asynccontextmanager
async def _http(settings: Settings, base_url: str, key: SecretStr) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(
        base_url=base_url, key=key.get_secret_value(), timeout_seconds=settings.client_timeout_seconds
    ) as http:
        yield http


def desk_worker(
    client: Client,
    settings: Settings,
    catalogue: Catalogue,
    playbooks: Playbooks,
    clients: ReadClients,
    **more: Any,
) -> Worker:
    """Build the worker of the desk queue."""
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=[
            intake,
            TriageDesk(playbooks).triage,
            plan,
            read_answer,
            assemble,
            verify_decision,
            Guardian(clients).inspect,
            Verifier(clients, catalogue.action_classes).verify,
            *catalogue.desk_activities(clients),
        ],
        workflow_runner=SANDBOX,
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        **{"max_cached_workflows": settings.workflow_cache} | more,
    )


def action_worker(client: Client, settings: Settings, catalogue: Catalogue, clients: ActionClients) -> Worker:
    """Build the worker of the action queue."""
    return Worker(
        client,
        task_queue=action_task_queue(settings.task_queue),
        activities=catalogue.action_activities(clients),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
    )


async def check_namespace(client: Client, settings: Settings) -> None:
    """Refuse to work where the trail would be deleted too early or a request could not be listed.

    Raises SettingsError.
    """
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    days = described.config.workflow_execution_retention_ttl.seconds / 86_400
    if days < settings.minimum_retention_days:
        raise SettingsError(
            f"namespace {client.namespace} keeps closed requests for {days:g} days, and the minimum is "
            f"{settings.minimum_retention_days}. Run 'temporal operator namespace update --retention "
            f"{settings.minimum_retention_days}d {client.namespace}' or lower DISPATCH_MINIMUM_RETENTION_DAYS."
        )
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = [
        f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items() if name not in listed.custom_attributes
    ]
    if missing:
        names = " ".join(f"--name {m.split('=')[0]} --type {m.split('=')[1]}" for m in missing)
        raise SettingsError(
            f"namespace {client.namespace} lacks the search attributes {', '.join(missing)}. "
            f"Run 'temporal operator search-attribute create {names}'."
        )


def load_checked(settings: Settings) -> tuple[Catalogue, Playbooks]:
    """Load playbooks and open sets and hold each against the other.

    Raises PlaybookError, CatalogueError.
    """
    catalogue = Catalogue.discover()
    playbooks = load_playbooks(settings.playbooks_dir)
    for desk, in_force in playbooks.by_desk.items():
        catalogue.check(in_force.playbook, str(settings.playbooks_dir / f"{desk}.yaml"))
    return catalogue, playbooks


async def main(role: str) -> int:
    """Work until SIGINT or SIGTERM, then finish what is under way within the grace."""
    settings = load_settings()
    set_up_logs(settings.log_format, settings.log_level)
    catalogue, playbooks = load_checked(settings)
    if role == "check":
        print(f"settings, {len(playbooks.by_desk)} playbooks and the open sets hold")
        return 0
    stop = stop_event()
    client = await connect(identity=f"dispatch-{role}")
    await check_namespace(client, settings)
    async with AsyncExitStack() as stack:
        if role in {"all", "desk"}:
            reading = await stack.enter_async_context(read_clients(settings))
            await stack.enter_async_context(desk_worker(client, settings, catalogue, playbooks, reading))
        if role in {"all", "actions"}:
            acting = await stack.enter_async_context(action_clients(settings))
            await stack.enter_async_context(action_worker(client, settings, catalogue, acting))
        log.info("working", role=role, task_queue=settings.task_queue, namespace=client.namespace)
        await stop.wait()
        log.info("stopping", grace_seconds=settings.graceful_shutdown_seconds)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Dispatch Desk's worker")
    parser.add_argument("--role", choices=["all", "desk", "actions"], default="all")
    parser.add_argument(
        "--check", action="store_true", help="validate settings, playbooks and open sets, and end"
    )
    arguments = parser.parse_args()
    sys.exit(run_to_end(lambda: main("check" if arguments.check else arguments.role)))
