"""A model's own worker: a role of its own, its queue, and what stops it at start."""

import asyncio
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from devstack.temporal_server import TemporalServer
from dispatch.models.errors import SettingsError
from dispatch.models.handoff import PENDING_HANDOFF
from dispatch.models.request.item import Item
from dispatch.models.request.submission import Party
from dispatch.models.work.finding import Brief, FindingByModel
from runtime.language_models.models import model_named
from runtime.settings import Settings
from tests.acceptance.shell import ROOT, Shell
from tests.language_models.model_desk import PROMPT, sorting_playbook
from tests.language_models.scripted_server import ScriptedServer, says
from tests.roles.yaml_desk import DESK, write_desk
from workflows.parts.options import MODEL_HEARTBEAT

GARDEN = {"item-1": {"garden": 0.9, "house": 0.1}}


@workflow.defn(name="AsksOneModel")
class AsksOneModel:
    """Hands a brief to the queue of a model, as a request's workflow does."""

    @workflow.run
    async def run(self, queue: str, brief: Brief) -> FindingByModel:
        answered: FindingByModel = await workflow.execute_activity(
            "role.classify",
            brief,
            task_queue=queue,
            result_type=FindingByModel,
            heartbeat_timeout=MODEL_HEARTBEAT,
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        return answered


async def ask(client: Client, queue: str, **changed: object) -> FindingByModel:
    """Ask as the tool shed's role `purpose`."""
    brief = Brief(
        handoff=PENDING_HANDOFF,
        specialist="purpose",
        desk=DESK,
        request_id="r-1",
        requester=Party(address="kim@club.example"),
        subject="A question",
        items=(Item(item_id="item-1", text="May I borrow a saw?"),),
        config=sorting_playbook()["specialists"]["purpose"]["config"],
    ).model_copy(update=changed)
    own = f"asks-{uuid.uuid4().hex[:8]}"
    asking = Worker(
        client, task_queue=own, workflows=[AsksOneModel], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with asking:
        return await client.execute_workflow(
            AsksOneModel.run, args=[queue, brief], id=f"asks-{uuid.uuid4().hex}", task_queue=own
        )


async def test_a_worker_of_one_model_is_a_role(
    client: Client, temporal: TemporalServer, server: ScriptedServer, tmp_path: Path
) -> None:
    """`worker.py --role model:NAME` listens on the model's queue, does roles, and ends with 0 when told to."""
    server.play(says(GARDEN))
    folder = write_desk(tmp_path / "desks", sorting_playbook())
    (folder / "prompts").mkdir()
    (folder / "prompts" / "classify.md").write_text(PROMPT, encoding="utf-8")
    queue, file = f"q-{uuid.uuid4().hex[:8]}", tmp_path / "models.yaml"
    small = {"url": server.url, "id": "m-1", "key_variable": "SMALL_KEY", "requests_a_second": 20}
    file.write_text(yaml.safe_dump({"models": {"small": small}}), encoding="utf-8")
    shell = Shell(
        {
            "TEMPORAL_ADDRESS": temporal.address,
            "DISPATCH_VAR_DIR": str(tmp_path),
            "DISPATCH_TASK_QUEUE": queue,
            "DISPATCH_DESKS_DIR": str(tmp_path / "desks"),
            "DISPATCH_MODELS_FILE": str(file),
            "DISPATCH_GRACEFUL_SHUTDOWN_SECONDS": "1",
            "SMALL_KEY": "k-7",
        }
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "worker.py", "--role", "model:small"), cwd=ROOT, env=shell.environment
    )
    try:
        async with asyncio.timeout(60):
            answered = await ask(client, f"{queue}-model-small")
        assert answered.result is not None
        assert answered.result.facts == {
            "by_item": {"item-1": {"label": "garden", "scores": {"garden": 0.9, "house": 0.1}}}
        }
        assert server.headers[0]["authorization"] == "Bearer k-7"
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    unknown = await shell.worker("--role", "model:large")
    unknown.sentence("has no model large; known: small")
    (await shell.but(SMALL_KEY="").worker("--check")).sentence("set SMALL_KEY")
    file.write_text(yaml.safe_dump({"models": {"other": small}}), encoding="utf-8")
    missing = await shell.worker("--check")
    missing.sentence(
        "the playbook of loans gives a role to the model small, which DISPATCH_MODELS_FILE does not have"
    )


def test_a_model_elsewhere_stops_the_worker_at_start(tmp_path: Path) -> None:
    """Before anybody's text is in a queue for it."""
    file = tmp_path / "models.yaml"
    file.write_text("models: {far: {url: 'http://93.184.216.34/v1', id: x}}", encoding="utf-8")
    with pytest.raises(SettingsError, match="not in a private network"):
        model_named(Settings(models_file=file), "far")
