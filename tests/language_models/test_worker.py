"""A model's own worker: its queue, its limits, and what of a question stands in history."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue, SecretStr
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.language_models.asking import CheckMaker
from devstack.temporal_server import TemporalServer
from dispatch.language_models.calls import Check
from dispatch.language_models.client import LanguageModels
from dispatch.models.errors import SettingsError
from dispatch.models.work.model_use import ModelAnswer, ModelOutcome, ModelQuestion, StoredText
from dispatch.storage.documents import DocumentStore
from runtime.language_models.models import model_named
from runtime.language_models.workers import model_worker
from runtime.settings import Settings
from tests.acceptance.shell import ROOT, Shell
from tests.language_models.asked import MAIL, RIGHT, SCHEMA, model
from tests.language_models.scripted_server import ScriptedServer, says, silent
from workflows.parts.options import MODEL_HEARTBEAT, model_task_queue


@workflow.defn(name="AsksOneModel")
class AsksOneModel:
    """Hands a question to the queue of a model, as a role's workflow would."""

    @workflow.run
    async def run(self, queue: str, question: ModelQuestion) -> ModelAnswer:
        answer: ModelAnswer = await workflow.execute_activity(
            "model.ask",
            question,
            task_queue=queue,
            result_type=ModelAnswer,
            heartbeat_timeout=MODEL_HEARTBEAT,
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        return answer


class Asker:
    """Puts questions to a queue, with their texts in a store."""

    def __init__(self, client: Client, store: DocumentStore, queue: str, own: str) -> None:
        self.client, self.store, self.queue, self._own = client, store, queue, own
        self.asked = ""

    async def ask(self, **more: Any) -> ModelAnswer:
        question = ModelQuestion.model_validate(
            {
                "role": "boats",
                "system": self.stored("prompt", "Say which boat is wanted."),
                "data": [self.stored("mail", MAIL)],
                "answer_schema": SCHEMA,
                **more,
            }
        )
        self.asked = f"asks-{uuid.uuid4().hex}"
        return await self.client.execute_workflow(
            AsksOneModel.run, args=[self.queue, question], id=self.asked, task_queue=self._own
        )

    def stored(self, name: str, text: str) -> StoredText:
        return StoredText(name=name, sha256=self.store.put(text.encode(), "text/plain", name).sha256)


@asynccontextmanager
async def asker(client: Client, folder: Path, queue: str) -> AsyncIterator[Asker]:
    own = f"asks-{uuid.uuid4().hex[:8]}"
    worker = Worker(
        client, task_queue=own, workflows=[AsksOneModel], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        yield Asker(client, DocumentStore(folder / "documents"), queue, own)


def few_days(facts: JsonValue) -> Check:
    def check(value: JsonValue) -> list[str]:
        assert isinstance(value, dict)
        return [] if value["days"] == facts else ["days_told: other days than the mail says"]

    return check


CHECKS: dict[str, CheckMaker] = {"few_days": few_days}


@pytest.fixture
async def desk(client: Client, server: ScriptedServer, tmp_path: Path) -> AsyncIterator[Asker]:
    """Run the worker of one model in this process."""
    settings = Settings(var_dir=tmp_path, task_queue=f"q-{uuid.uuid4().hex[:8]}", graceful_shutdown_seconds=0)
    small = model(server, first=0.5, total=1.0)
    async with LanguageModels({"small": small}, {"small": SecretStr("")}) as models:
        worker = model_worker(client, settings, small, models, CHECKS)
        async with worker, asker(client, tmp_path, model_task_queue(settings.task_queue, "small")) as asking:
            yield asking


async def test_question_and_answer_are_documents_and_history_has_their_digests(
    desk: Asker, server: ScriptedServer
) -> None:
    """No word of the customer or the prompt stands in history, and both can be read again by their digests."""
    server.play(says({"boat": "raft", "days": 2}), says(RIGHT))
    answer = await desk.ask()
    assert (answer.value, answer.use.outcome, answer.use.model) == (RIGHT, "repaired", "small")
    question = json.loads(desk.store.get(answer.use.question))
    assert MAIL in question["messages"][1]["content"]
    assert len(json.loads(desk.store.get(answer.use.answer))) == 2
    history = (await desk.client.get_workflow_handle(desk.asked).fetch_history()).to_json()
    for text in (MAIL, "Say which boat"):
        assert text not in history


async def test_a_failure_is_a_result_that_is_recorded(desk: Asker, server: ScriptedServer) -> None:
    """The workflow chooses what takes the answer's place; nothing is tried again and again."""
    server.play(silent())
    answer = await desk.ask()
    assert (answer.value, answer.use.outcome, answer.use.failure) == (None, ModelOutcome.FELL_BACK, "timeout")
    assert desk.store.get(answer.use.question)


async def test_a_check_of_the_worker_has_the_questions_facts(desk: Asker, server: ScriptedServer) -> None:
    """By its name; one that the worker does not have is refused, not passed over."""
    server.play(says(RIGHT))
    assert (await desk.ask(check="few_days", facts=2)).use.outcome == ModelOutcome.ACCEPTED
    assert (await desk.ask(check="few_days", facts=9)).use.why == "the answer failed the checks: days_told"
    for wrong in ({"check": "no_such"}, {"answer_schema": {"type": "text"}}):
        with pytest.raises(WorkflowFailureError):
            await desk.ask(**wrong)


async def test_a_worker_of_one_model_is_a_role(
    client: Client, temporal: TemporalServer, server: ScriptedServer, tmp_path: Path
) -> None:
    """`worker.py --role model:NAME` listens on the model's queue, asks, and ends with 0 when told to."""
    server.play(says(RIGHT))
    queue, file = f"q-{uuid.uuid4().hex[:8]}", tmp_path / "models.yaml"
    file.write_text(
        f"models: {{small: {{url: '{server.url}', id: m-1, key_variable: SMALL_KEY, requests_a_second: 20}}}}",
        encoding="utf-8",
    )
    shell = Shell(
        {
            "TEMPORAL_ADDRESS": temporal.address,
            "DISPATCH_VAR_DIR": str(tmp_path),
            "DISPATCH_TASK_QUEUE": queue,
            "DISPATCH_MODELS_FILE": str(file),
            "DISPATCH_GRACEFUL_SHUTDOWN_SECONDS": "1",
            "SMALL_KEY": "k-7",
        }
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "worker.py", "--role", "model:small"), cwd=ROOT, env=shell.environment
    )
    try:
        async with asyncio.timeout(60), asker(client, tmp_path, f"{queue}-model-small") as asking:
            assert (await asking.ask()).value == RIGHT
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


def test_a_model_elsewhere_stops_the_worker_at_start(tmp_path: Path) -> None:
    """Before anybody's text is in a queue for it."""
    file = tmp_path / "models.yaml"
    file.write_text("models: {far: {url: 'http://93.184.216.34/v1', id: x}}", encoding="utf-8")
    with pytest.raises(SettingsError, match="not in a private network"):
        model_named(Settings(models_file=file), "far")
