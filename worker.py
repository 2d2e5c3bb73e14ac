"""The only composition root: settings -> systems -> activities -> Temporal workers.

Longer than other files: everything that is put together is seen in one place.

python worker.py                 the desk and the actions in one process
python worker.py --role desk     workflows, specialists, reviewers, guardian, verifier; may only read
python worker.py --role actions  actions only; the one place that holds outside credentials
python worker.py --check         validates settings, playbooks and the open sets, and ends
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.answer_links import Links
from activities.answers import read_answer
from activities.assembler import assemble
from activities.catalogue import Catalogue
from activities.contracts import Systems
from activities.decision_check import DecisionChecks
from activities.guardian import Guardian
from activities.intake import IntakeDesk
from activities.notifier import Notifier
from activities.permits import Permits
from activities.planner import plan
from activities.quotas.mail_quota import MailQuotaDesk
from activities.trail_record import keep_record
from activities.triage import TriageDesk
from activities.verifier import Verifier
from dispatch.approval.signer_coverage import coverage_gaps
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.errors import ApproversError, SettingsError
from dispatch.models.people.approval_quota import quota_task_queue
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from dispatch.playbooks.desk_folders import desk_folders, load_desks
from dispatch.playbooks.loader import Playbooks
from dispatch.storage.answer_links import answer_link
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.own_links import own_links
from dispatch.storage.private_folders import tighten
from runtime.audit_parts import audit_export, audit_follower, check_retention, ensure_follower, ensure_sweep
from runtime.backlog_limiter import RunTracker, backlog_limited
from runtime.build_id import build_id
from runtime.connection import connect
from runtime.desks import CHANNELS, import_desks
from runtime.lifecycle import run_to_end, stop_event
from runtime.logs import set_up_logs
from runtime.sandbox import SANDBOX, Sandbox
from runtime.schedules import keep_daily_digest
from runtime.settings import SHIPPED_DESKS, Settings, load_settings
from runtime.systems import open_systems, settings_for
from runtime.worker_shutdown import MARGIN, HardEnd, running_workers
from workflows.approval_quota import ApprovalQuota
from workflows.audit_follow import AuditFollow
from workflows.audit_sweep import AuditSweep
from workflows.coordinator import Coordinator
from workflows.digest import DailyDigest
from workflows.follow_up import FollowUp
from workflows.mail_quota import MailQuota
from workflows.parts.options import action_task_queue
from workflows.spend_quota import SpendQuota

log = structlog.get_logger("worker")

ACCOUNTS: Final[Sequence[type]] = (ApprovalQuota, MailQuota, SpendQuota)
"""Workflows that activities ask; they have a worker of their own."""

WORKFLOWS: Final[Sequence[type]] = (Coordinator, FollowUp, AuditSweep, AuditFollow, DailyDigest, *ACCOUNTS)


def desk_worker(
    client: Client,
    settings: Settings,
    catalogue: Catalogue,
    playbooks: Playbooks,
    systems: Systems,
    *,
    stopping: asyncio.Event | None = None,
    **more: Any,
) -> Worker:
    """Build the worker of the desk queue; `stopping` is set when the process is told to end."""
    audit, under_way = audit_export(client, settings), RunTracker()
    texts = TextProcesses(settings.text_seconds, settings.text_megabytes)
    triage_desk = TriageDesk(playbooks, texts)
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[workflow for workflow in WORKFLOWS if workflow not in ACCOUNTS],
        activities=[
            IntakeDesk(texts).intake,
            triage_desk.triage,
            triage_desk.reception,
            plan,
            read_answer,
            assemble,
            keep_record,
            DecisionChecks(ApproversFile(settings.approvers_path)).verify_decision,
            Guardian(
                systems,
                partial(own_links, settings),
                reserve_mail=MailQuotaDesk(settings.automatic_mails_an_hour).reserve,
            ).inspect,
            Links(partial(answer_link, settings)).answer_link,
            Verifier(systems, catalogue.action_classes).verify,
            audit.list_missing,
            audit.export_history,
            audit_follower(audit, settings, stopping).follow,
            *catalogue.desk_activities(systems),
        ],
        workflow_runner=Sandbox(under_way),
        tuner=backlog_limited(under_way, settings.workflow_cache),
        build_id=build_id(),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        **{"max_cached_workflows": settings.workflow_cache} | more,
    )


def allowance_worker(client: Client, settings: Settings) -> Worker:
    """Build the worker of the queue of allowances and mail quota, which needs no outside system; see workflows/approval_quota.py."""
    return Worker(
        client,
        task_queue=quota_task_queue(settings.task_queue),
        workflows=ACCOUNTS,
        workflow_runner=SANDBOX,
        # A decision waits for the answer: a worker that is gone must not keep the next one waiting for 10 s.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        build_id=build_id(),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        max_cached_workflows=settings.workflow_cache,
    )


def action_worker(client: Client, settings: Settings, catalogue: Catalogue, systems: Systems) -> Worker:
    """Build the worker of the action queue."""
    approvers = ApproversFile(settings.approvers_path)
    notifier = Notifier(systems, approvers, client, settings.inbox_url)
    return Worker(
        client,
        task_queue=action_task_queue(settings.task_queue),
        activities=[
            notifier.notify,
            notifier.send_digests,
            *catalogue.action_activities(systems.beside(Permits(approvers))),
        ],
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


def load_checked(settings: Settings) -> tuple[Catalogue, Playbooks]:
    """Load playbooks and open sets and hold each against the other.

    Raises PlaybookError, CatalogueError.
    """
    folders = desk_folders(settings.desk_roots)
    catalogue = Catalogue.discover((*import_desks(folders), *CHANNELS))
    playbooks = load_desks(folders, SHIPPED_DESKS, settings.playbooks_dir)
    by_desk = {}
    for desk, in_force in playbooks.by_desk.items():
        catalogue.check(in_force.playbook, str(playbooks.files[desk]))
        by_desk[desk] = in_force.model_copy(update={"playbook": catalogue.completed(in_force.playbook)})
    return catalogue, replace(playbooks, by_desk=by_desk)


def missing_signers(settings: Settings, playbooks: Playbooks) -> list[str]:
    """Give, in a sentence each, the tiers that ask for more signatures than there are people with keys that count.

    The desk works all the same; what such a tier holds waits until somebody has a key. Raises ApproversError.
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
    if role == "check":
        for kind in catalogue.systems(acting=True):
            settings_for(kind)
        print(f"settings, {len(playbooks.by_desk)} playbooks and the open sets hold")
        for shortage in missing_signers(settings, playbooks):
            print(f"warning: {shortage}")
        return 0
    grace = timedelta(seconds=settings.graceful_shutdown_seconds)
    hard_end = HardEnd(grace + MARGIN)
    stop = stop_event(on_signal=hard_end.begin)
    client = await connect(identity=f"dispatch-{role}")
    await check_namespace(client, settings)
    workers = list[Worker]()
    async with AsyncExitStack() as stack:
        if role in {"all", "desk"}:
            await ensure_sweep(client, settings)
            await ensure_follower(client, settings)
            await keep_daily_digest(
                client, DailyDigest.run, task_queue=settings.task_queue, hour=settings.digest_hour
            )
            reading = await stack.enter_async_context(open_systems(catalogue.systems(acting=False)))
            workers.append(allowance_worker(client, settings))
            workers.append(desk_worker(client, settings, catalogue, playbooks, reading, stopping=stop))
        if role in {"all", "actions"}:
            acting = await stack.enter_async_context(open_systems(catalogue.systems(acting=True)))
            workers.append(action_worker(client, settings, catalogue, acting))
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Dispatch Desk's worker")
    parser.add_argument("--role", choices=["all", "desk", "actions"], default="all")
    parser.add_argument(
        "--check", action="store_true", help="validate settings, playbooks and open sets, and end"
    )
    arguments = parser.parse_args()
    sys.exit(run_to_end(lambda: main("check" if arguments.check else arguments.role)))
