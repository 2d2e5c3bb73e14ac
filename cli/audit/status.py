"""`dispatch audit status`: requests that Temporal closed and the store lacks, and what will export them."""

import argparse
import json
from typing import Any, Final

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from cli.account import identity
from dispatch.audit.store.manifest import Index
from dispatch.audit.store.store import index_of
from dispatch.audit.store_models import Followed, Missing, SweepReport
from dispatch.models.moments import format_stamp
from dispatch.temporal_errors import is_not_found
from runtime.audit.parts import SWEEP, audit_export, backend_from, follower_id, schedule_id
from runtime.connection import connect
from runtime.settings import Settings

_SHOWN: Final = 20
_WAITS: Final = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED


async def tell_status(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print which requests Temporal closed and the store lacks."""
    client, place = await connect(identity=identity()), backend_from(settings)
    exporter = audit_export(client, settings)
    refused = await exporter.refusal()
    told = {
        "store": place.name,
        "refused": refused,
        **({} if refused else _gap(await exporter.list_missing(), index_of(place))),
        "on_other_task_queues": await exporter.elsewhere(),
        **await _sweeps(client, settings),
        "follower": await _follower(client, settings),
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        for name, value in told.items():
            if value not in (None, [], "") and (value or name != "on_other_task_queues"):
                shown = ", ".join(value) if isinstance(value, list) else value
                print(f"{name.replace('_', ' '):>20}  {shown}")
        if told.get("missing"):
            print("\ndispatch audit export")
    return 1 if refused or told.get("missing") else 0


def _gap(missing: Missing, index: Index) -> dict[str, Any]:
    return {
        "records": index.head.seq,
        "head": index.head.digest if index.head.seq else None,
        "closed_in_temporal": missing.closed,
        "missing": missing.total,
        "missing_ids": list(missing.request_ids[:_SHOWN]),
    }


async def _sweeps(client: Client, settings: Settings) -> dict[str, Any]:
    """Return when the sweep ran last, its result, and when it runs next."""
    told: dict[str, Any] = {}
    try:
        described = await client.get_schedule_handle(schedule_id(settings)).describe()
    except RPCError as error:
        if not is_not_found(error):
            raise
        told["schedule"] = f"there is no schedule {schedule_id(settings)}; a worker makes it when it starts"
    else:
        if described.schedule.state.paused:
            told["schedule"] = f"paused: {described.schedule.state.note or 'no reason given'}"
        elif described.info.next_action_times:
            told["next_sweep"] = described.info.next_action_times[0].isoformat(timespec="seconds")
    query = f"WorkflowType = '{SWEEP}' AND TaskQueue = '{settings.task_queue}'"
    async for found in client.list_workflows(query, limit=1):
        state = found.status.name.lower() if found.status else "unknown"
        told["last_sweep"] = f"{found.start_time.isoformat(timespec='seconds')}, {state}"
        if found.status is WorkflowExecutionStatus.COMPLETED:
            handle = client.get_workflow_handle(found.id, run_id=found.run_id, result_type=SweepReport)
            report = await handle.result()
            told["last_sweep"] += (
                f": {report.exported} exported, {len(report.failed)} failed, {report.left} left"
            )
    return told


async def _follower(client: Client, settings: Settings) -> str:
    """Describe the follower's progress, and what delays it."""
    if not settings.audit_follow_seconds:
        return "switched off by DISPATCH_AUDIT_FOLLOW_SECONDS; the sweep exports"
    name = follower_id(settings)
    try:
        described = await client.get_workflow_handle(name).describe()
    except RPCError as error:
        if not is_not_found(error):
            raise
        return f"there is no {name}; a worker starts it when it starts"
    if described.status is not WorkflowExecutionStatus.RUNNING:
        state = described.status.name.lower() if described.status else "unknown"
        return f"{name} has ended ({state}); a worker starts it again when it starts"
    attempt = next(iter(described.raw_description.pending_activities), None)
    if attempt is None:
        return "between two turns"
    told = await _told(client, attempt)
    if attempt.last_failure.message and attempt.state == _WAITS:
        return f"{told}; attempt {attempt.attempt} follows: {attempt.last_failure.message}"
    return told


async def _told(client: Client, attempt: PendingActivityInfo) -> str:
    """Read an attempt's last heartbeat, which Temporal may show up to 15 seconds late."""
    payloads = list(attempt.heartbeat_details.payloads)
    if not payloads:
        return "no worker is following yet"
    (followed,) = await client.data_converter.decode(payloads[:1], [Followed])
    return f"has seen what was closed by {format_stamp(followed.until)}; {followed.exported} exported"
