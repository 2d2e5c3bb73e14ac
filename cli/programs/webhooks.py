"""`dispatch webhooks`: the receivers, and the deliveries that are open or were given up."""

import argparse
import json
from datetime import UTC
from typing import Any

from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from cli.temporal import gateway_of_account
from dispatch.models.moments import format_stamp
from dispatch.models.webhooks import ABOUT, DELIVERY
from runtime.gateway import Gateway
from runtime.settings import Settings
from runtime.webhooks import webhooks_file

_MOST = 200


def add(command: argparse.ArgumentParser, _name: str) -> None:
    """Add its arguments."""
    command.add_argument("--json", action="store_true", help="for scripts")


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print them; returns 1 if one was given up. Raises SettingsError, TemporalUnavailableError."""
    return await show(gateway_of_account(), settings, as_json=arguments.json)


async def show(gateway: Gateway, settings: Settings, *, as_json: bool) -> int:
    """Print what is configured and what is not delivered, newest first; returns the exit code."""
    webhooks = webhooks_file(settings).read()
    query = (
        f"WorkflowType = '{DELIVERY}' AND TaskQueue = '{settings.task_queue}' "
        "AND ExecutionStatus IN ('Running', 'Failed', 'Terminated', 'TimedOut')"
    )
    found, _ = await gateway.page(query, _MOST)
    rows = [_row(one) for one in found]
    given_up = any(row["state"] == "given up" for row in rows)
    if as_json:
        told = [webhook.model_dump(mode="json", exclude={"secret_file"}) for webhook in webhooks]
        print(json.dumps({"webhooks": told, "undelivered": rows}))
        return int(given_up)
    if not webhooks:
        print("no webhook is configured; name a webhooks file in DISPATCH_WEBHOOKS (docs/http.md)")
    for webhook in webhooks:
        print(
            f"{webhook.name}  {webhook.url}  {', '.join(webhook.events)}  {', '.join(webhook.desks) or 'all desks'}"
        )
    for row in rows:
        print(
            f"{row['state']}  {row['event']} of {row['id']} to {row['webhook']}  since {row['since']}  {row['delivery']}"
        )
    return int(given_up)


def _row(found: WorkflowExecutionInfo) -> dict[str, Any]:
    about = json.loads(found.memo.fields[ABOUT].data) if ABOUT in found.memo.fields else {}
    is_open = found.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
    return {
        "state": "on its way" if is_open else "given up",
        **{name: about.get(name, "") for name in ("webhook", "event", "id")},
        "since": format_stamp(found.start_time.ToDatetime(tzinfo=UTC)),
        "delivery": found.execution.workflow_id,
    }
