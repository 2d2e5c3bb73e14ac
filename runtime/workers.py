"""Builds the workers: of the desk queue, of the queue of the quotas, and of the action queue."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.worker import Worker

from activities.answer_links import Links
from activities.answers import read_answer
from activities.assembler import Assembler
from activities.catalogue import Catalogue
from activities.contracts import NoticeChannel, Systems
from activities.decision_check import DecisionChecks
from activities.family.parts import read_parts
from activities.guardian import Guardian
from activities.intake import IntakeDesk
from activities.notifier import Notifier
from activities.permits import Permits
from activities.planner import plan
from activities.quotas.mail_quota import MailQuotaDesk
from activities.trail_record import write_trail
from activities.triage import TriageDesk
from activities.verifier import Verifier
from activities.working_time import count_working_time
from dispatch.isolation.text_processes import TextProcesses
from dispatch.models.people.approval_quota import quota_task_queue
from dispatch.playbooks.loader import Playbooks
from dispatch.storage.approvers_file import ApproversFile
from dispatch.storage.document_reader import Documents
from dispatch.storage.documents import DocumentStore
from runtime.answer_links import answer_links_from
from runtime.audit.parts import audit_export, audit_follower
from runtime.build_id import build_id
from runtime.classifiers import classifiers_of
from runtime.settings import Settings
from runtime.webhooks import webhook_follower, webhook_sender
from runtime.worker_parts.backlog_limiter import RunTracker, backlog_limited
from runtime.worker_parts.sandbox import SANDBOX, Sandbox
from workflows.approval_quota import ApprovalQuota
from workflows.audit_follow import AuditFollow
from workflows.audit_sweep import AuditSweep
from workflows.coordinator import Coordinator
from workflows.digest import DailyDigest
from workflows.follow_up import FollowUp
from workflows.mail_quota import MailQuota
from workflows.parts.options import action_task_queue
from workflows.spend_quota import SpendQuota
from workflows.webhook_delivery import WebhookDelivery
from workflows.webhook_follow import WebhookFollow

ACCOUNTS: Final[Sequence[type]] = (ApprovalQuota, MailQuota, SpendQuota)
"""Workflows that activities call; they have a separate worker."""

WORKFLOWS: Final[Sequence[type]] = (
    *(Coordinator, FollowUp, AuditSweep, AuditFollow, DailyDigest, WebhookFollow, WebhookDelivery),
    *ACCOUNTS,
)


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
    links = answer_links_from(settings)
    triage_desk = TriageDesk(playbooks, texts, classifiers_of(settings, playbooks))
    assembler = Assembler(catalogue.composers(), catalogue.action_classes)
    decision_checks = DecisionChecks(
        ApproversFile(settings.approvers_path),
        {name: kind.Parameters for name, kind in catalogue.action_classes.items()},
    )
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
            assembler.assemble,
            assembler.write_message,
            assembler.answer_for_parts,
            read_parts,
            write_trail,
            count_working_time,
            decision_checks.verify_decision,
            decision_checks.verify_extension,
            Guardian(
                systems,
                catalogue.action_classes,
                links.own,
                reserve_mail=MailQuotaDesk(settings.automatic_mails_an_hour).reserve,
            ).inspect,
            Links(links.make).answer_link,
            Verifier(systems, catalogue.action_classes).verify,
            audit.list_missing,
            audit.export_history,
            audit_follower(audit, settings, stopping).follow,
            webhook_follower(client, settings, stopping).follow,
            *catalogue.desk_activities(
                systems.beside(Documents(DocumentStore(settings.documents_dir))).beside(texts)
            ),
        ],
        workflow_runner=Sandbox(under_way),
        tuner=backlog_limited(under_way, settings.workflow_cache),
        build_id=build_id(),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        **{"max_cached_workflows": settings.workflow_cache} | more,
    )


def quota_worker(client: Client, settings: Settings) -> Worker:
    """Build the worker of the queue of the quotas, which needs no outside system; see workflows/approval_quota.py."""
    return Worker(
        client,
        task_queue=quota_task_queue(settings.task_queue),
        workflows=ACCOUNTS,
        workflow_runner=SANDBOX,
        # A decision waits for the answer: a stopped worker must not delay the next one for 10 s.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        build_id=build_id(),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        max_cached_workflows=settings.workflow_cache,
    )


def action_worker(
    client: Client, settings: Settings, catalogue: Catalogue, systems: Systems, notices: NoticeChannel
) -> Worker:
    """Build the worker of the action queue; `notices` brings notices to approvers."""
    approvers = ApproversFile(settings.approvers_path)
    notifier = Notifier(notices, approvers, client, settings.inbox_url)
    return Worker(
        client,
        task_queue=action_task_queue(settings.task_queue),
        activities=[
            notifier.notify,
            notifier.send_digests,
            webhook_sender(settings).deliver,
            *catalogue.action_activities(
                systems.beside(Permits(approvers)).beside(Documents(DocumentStore(settings.documents_dir)))
            ),
        ],
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
    )
