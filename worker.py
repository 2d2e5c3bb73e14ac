"""The only composition root: settings -> systems -> activities -> Temporal workers.

Longer than other files: everything that is put together is seen in one place.

python worker.py                 the desk, the actions and every language model in one process
python worker.py --role desk     workflows, specialists, reviewers, guardian, verifier; may only read
python worker.py --role actions  actions only; the one place that holds outside credentials
python worker.py --role model:NAME  asks one language model of DISPATCH_MODELS_FILE, on a queue of its own
python worker.py --check         validates settings, playbooks and the open sets, and ends
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.worker import Worker

from channels.mail.notices import MailNotices
from dispatch.approval.signer_coverage import coverage_gaps
from dispatch.models.errors import ApproversError, SettingsError
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from dispatch.playbooks.desk_folders import desk_folders, load_desks
from dispatch.playbooks.loader import Playbooks
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.private_folders import tighten
from runtime.audit.parts import check_retention, ensure_follower, ensure_sweep
from runtime.classifiers import classifiers_of
from runtime.connection import connect
from runtime.desks import LoadedDesks, discover
from runtime.language_models.models import MODEL_ROLE, keys_of, model_named, model_names, models_of
from runtime.language_models.prompts import models_named
from runtime.language_models.retention import expiring_documents
from runtime.language_models.workers import model_workers
from runtime.lifecycle import run_to_end, stop_event
from runtime.logs import set_up_logs
from runtime.schedules import keep_daily_digest
from runtime.settings import SHIPPED_DESKS, Settings, load_settings
from runtime.systems import not_set_up, open_systems, settings_for
from runtime.webhooks import ensure_webhooks, webhooks_file
from runtime.worker_parts.shutdown import MARGIN, HardEnd, running_workers
from runtime.workers import action_worker, desk_worker, quota_worker
from workflows.digest import DailyDigest

log = structlog.get_logger("worker")


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
            f"{settings.minimum_retention_days}. Run 'temporal operator namespace update --namespace "
            f"{client.namespace} --retention {settings.minimum_retention_days}d' or lower DISPATCH_MINIMUM_RETENTION_DAYS."
        )
    check_retention(client.namespace, timedelta(days=days), settings)
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
            f"Run 'temporal operator search-attribute create --namespace {client.namespace} {names}'."
        )


def load_checked(settings: Settings) -> LoadedDesks:
    """Load playbooks and open sets and hold each against the other.

    Raises PlaybookError, CatalogueError.
    """
    folders = desk_folders(settings.desk_roots)
    loaded = LoadedDesks(discover(folders), load_desks(folders, SHIPPED_DESKS, settings.playbooks_dir))
    for desk, in_force in loaded.playbooks.by_desk.items():
        loaded.catalogue.check(in_force.playbook, str(loaded.playbooks.files[desk]), folders.get(desk))
    return loaded.completed()


def check_models(settings: Settings, playbooks: Playbooks) -> None:
    """Raise SettingsError where a playbook gives a role to a model that the file of models does not have."""
    known = models_of(settings)
    for desk, in_force in playbooks.by_desk.items():
        for name in models_named(in_force.playbook):
            if name not in known:
                raise SettingsError(
                    f"the playbook of {desk} gives a role to the model {name}, which DISPATCH_MODELS_FILE does not have; "
                    f"known: {', '.join(sorted(known)) or 'none'}"
                )


def missing_signers(settings: Settings, playbooks: Playbooks) -> list[str]:
    """Return, in a sentence each, the tiers that need more people than the approvers file has for them.

    The desk works all the same; what such a tier holds waits until there are enough. Raises ApproversError.
    """
    approvers = ApproversFile(settings.approvers_path).read()
    now = datetime.now(UTC)
    policies = ((desk, in_force.playbook.guardian) for desk, in_force in playbooks.by_desk.items())
    return [
        f"{shortage} (see {settings.approvers_path} and 'dispatch keys new')"
        for desk, policy in policies
        for shortage in coverage_gaps(desk, policy, approvers, now)
    ]


async def main(role: str) -> int:
    """Work until SIGINT or SIGTERM, then finish what is under way within the grace; a hard end bounds the stop."""
    settings = load_settings()
    set_up_logs(settings.log_format, settings.log_level)
    tighten(settings.private_folders)
    catalogue, playbooks = load_checked(settings)
    if role in {"all", "check"}:
        check_models(settings, playbooks)
    if role == "check":
        for kind in catalogue.systems(acting=True):
            settings_for(kind)
        webhooks_file(settings).read()
        keys_of(models_of(settings).values())
        print(f"settings, {len(playbooks.by_desk)} playbooks and the open sets hold")
        for warning in (*missing_signers(settings, playbooks), *not_set_up(catalogue.systems(acting=True))):
            print(f"warning: {warning}")
        return 0
    for name in model_names(settings, role):
        model_named(settings, name)
    grace = timedelta(seconds=settings.graceful_shutdown_seconds)
    hard_end = HardEnd(grace + MARGIN)
    stop = stop_event(on_signal=hard_end.begin)
    client = await connect(identity=f"dispatch-{role}")
    await check_namespace(client, settings)
    workers = list[Worker]()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(expiring_documents(settings))
        if role in {"all", "desk"}:
            await ensure_sweep(client, settings)
            await ensure_follower(client, settings)
            await ensure_webhooks(client, settings)
            await keep_daily_digest(
                client, DailyDigest.run, task_queue=settings.task_queue, hour=settings.digest_hour
            )
            # Before the first request comes: without a cache a desk learns its examples for some seconds.
            await classifiers_of(settings, playbooks).start()
            reading = await stack.enter_async_context(open_systems(catalogue.systems(acting=False)))
            workers.append(quota_worker(client, settings))
            workers.append(desk_worker(client, settings, catalogue, playbooks, reading, stopping=stop))
        if role in {"all", "actions"}:
            acting = await stack.enter_async_context(open_systems(catalogue.systems(acting=True)))
            workers.append(action_worker(client, settings, catalogue, acting, MailNotices(acting)))
        workers += await stack.enter_async_context(
            model_workers(client, settings, catalogue, playbooks, model_names(settings, role))
        )
        await stack.enter_async_context(running_workers(*workers, on_stop=hard_end.begin))
        try:
            for shortage in missing_signers(settings, playbooks):
                log.warning("too few can sign", where=shortage)
        except ApproversError as error:
            # What needs no approval goes on; decisions are refused with this sentence until the file is mended.
            log.warning("nobody can decide", where=str(error))
        log.info("working", role=role, task_queue=settings.task_queue, namespace=client.namespace)
        await stop.wait()
        log.info("stopping", grace_seconds=settings.graceful_shutdown_seconds)
    return 0


def _role(typed: str) -> str:
    if typed in {"all", "desk", "actions"} or (typed.startswith(MODEL_ROLE) and typed != MODEL_ROLE):
        return typed
    raise argparse.ArgumentTypeError(f"{typed!r} is no role; write all, desk, actions or model:NAME")


def run(typed: Sequence[str]) -> int:
    """Work, or check, as the typed words say; returns the exit code."""
    parser = argparse.ArgumentParser(description="Dispatch Desk's worker")
    parser.add_argument(
        "--role", type=_role, default="all", metavar="{all,desk,actions,model:NAME}", help="what it does"
    )
    parser.add_argument(
        "--check", action="store_true", help="validate settings, playbooks and open sets, and end"
    )
    arguments = parser.parse_args(typed)
    return run_to_end(lambda: main("check" if arguments.check else arguments.role))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
