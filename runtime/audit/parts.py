"""The audit store's part of the composition root, shared by the worker and the command line."""

import asyncio
from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.audit_export import AuditExport
from activities.following.audit import AuditFollower
from dispatch.audit.query.extract_file import ExtractFile
from dispatch.audit.store.backend import StoreBackend
from dispatch.audit.store.backends import backend_of
from dispatch.audit.store.export_keys import ExportKey, LocalCheckpoints, PinnedKey
from dispatch.audit.store.request_keys import RequestKeys
from dispatch.audit.store.store import AuditStore
from dispatch.audit.store_models import PublicKey
from dispatch.models.errors import SettingsError
from runtime.followers import ensure_follower_is, id_of_the_desk
from runtime.settings import Settings
from workflows.audit_follow import AuditFollow
from workflows.audit_sweep import AuditSweep
from workflows.coordinator import Coordinator
from workflows.follow_up import FollowUp

KEPT: Final = (Coordinator.__name__, FollowUp.__name__)
"""The workflows whose histories are the record of requests; those of the sweep and the follower are not."""

SWEEP: Final = AuditSweep.__name__
"""The type of the sweep's workflows."""

_RETENTION_OVER_INTERVAL: Final = 3


def schedule_id(settings: Settings) -> str:
    """Return the id of the sweep's schedule; each desk in a namespace has its own."""
    return id_of_the_desk("audit-sweep", settings)


def follower_id(settings: Settings) -> str:
    """Return the id of the follower's workflow, in the same way."""
    return id_of_the_desk("audit-follow", settings)


def backend_from(settings: Settings, where: str = "") -> StoreBackend:
    """Open the store of the settings, or another one; raises AuditStoreError."""
    return backend_of(
        where or settings.audit_store or settings.audit_dir / "store",
        s3_endpoint=settings.audit_s3_endpoint,
        timeout_seconds=settings.client_timeout_seconds,
    )


def pin_from(settings: Settings) -> PinnedKey:
    """Open this machine's pinned export key."""
    return PinnedKey(settings.audit_dir / "export.pub")


def export_key_from(settings: Settings) -> ExportKey:
    """Open the export key, created on first use; raises AuditStoreError if an existing one is missing."""
    return ExportKey(settings.audit_dir / "export.key", pin_from(settings))


def export_key_id_from(settings: Settings) -> str | None:
    """Return the fingerprint of this machine's export key; None where it has none."""
    path = settings.audit_dir / "export.key"
    return ExportKey(path).key_id if path.exists() else None


def own_key_from(settings: Settings) -> PublicKey | None:
    """Return the key that this machine trusts: the pinned one, or that of the export key; None where it has neither."""
    pinned = pin_from(settings).read()
    if pinned is None and (settings.audit_dir / "export.key").exists():
        key = export_key_from(settings)
        return PublicKey(key.key_id, key.public_key)
    return pinned


def store_from(settings: Settings, place: StoreBackend) -> AuditStore:
    """Open a store for export; the export key is created, and pinned, on first use."""
    key, keys = export_key_from(settings), keys_from(settings)
    seal_with = keys.key_for if settings.audit_seal else None
    return AuditStore(place, key, checkpoints_from(settings), seal_with, pin_from(settings).read_or_pin(key))


def checkpoints_from(settings: Settings) -> LocalCheckpoints:
    """Open this machine's memory of the heads that it wrote."""
    return LocalCheckpoints(settings.audit_dir / "heads.json")


def keys_from(settings: Settings) -> RequestKeys:
    """Open the keys of sealed requests."""
    return RequestKeys(settings.audit_dir / "keys")


def extract_from(settings: Settings, place: StoreBackend) -> ExtractFile:
    """Open the extract of a store; it contains what the available keys can decrypt."""
    return ExtractFile(settings.audit_dir, place, keys_from(settings).find)


def audit_export(client: Client, settings: Settings) -> AuditExport:
    """Build the exporter; the export key is created on first use."""
    place = backend_from(settings)
    store, extract = store_from(settings, place), extract_from(settings, place)
    return AuditExport(client, store, extract, settings.task_queue, KEPT, keys_from(settings).is_destroyed)


def audit_follower(audit: AuditExport, settings: Settings, stopping: asyncio.Event | None) -> AuditFollower:
    """Build the follower of an exporter; it runs at the interval of this worker's settings until `stopping`."""
    return AuditFollower(audit, timedelta(seconds=settings.audit_follow_seconds), stopping=stopping)


def check_retention(namespace: str, retention: timedelta, settings: Settings) -> None:
    """Refuse a namespace whose retention is shorter than three intervals of the sweep.

    Raises SettingsError.
    """
    least = _RETENTION_OVER_INTERVAL * timedelta(minutes=settings.audit_sweep_minutes)
    if retention < least:
        raise SettingsError(
            f"namespace {namespace} keeps closed requests for {retention}, and the audit sweep runs every "
            f"{settings.audit_sweep_minutes} minutes: it must keep them three times as long, {least}. Raise its "
            "retention ('temporal operator namespace update --retention'), or lower DISPATCH_AUDIT_SWEEP_MINUTES."
        )


async def ensure_sweep(client: Client, settings: Settings) -> None:
    """Create the sweep's schedule, or set its interval from the settings; a person's pause stays."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            AuditSweep.run,
            id=schedule_id(settings),
            task_queue=settings.task_queue,
            static_summary="exports closed requests to the audit store",
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=timedelta(minutes=settings.audit_sweep_minutes))]
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )
    try:
        await client.create_schedule(schedule_id(settings), schedule, trigger_immediately=True)
    except ScheduleAlreadyRunningError:

        def renewed(old: ScheduleUpdateInput) -> ScheduleUpdate:
            schedule.state = old.description.schedule.state
            return ScheduleUpdate(schedule=schedule)

        await client.get_schedule_handle(schedule_id(settings)).update(renewed)


async def ensure_follower(client: Client, settings: Settings) -> None:
    """Start the follower if there is none; end a running one if the settings switch it off."""
    await ensure_follower_is(
        client,
        settings,
        AuditFollow.run,
        follower_id(settings),
        wanted=bool(settings.audit_follow_seconds),
        summary="exports requests to the audit store as they end",
    )
