"""A model's worker is killed amid a question: another asks again, and the request ends as if nothing had been."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.work.model_use import ModelOutcome
from tests.acceptance.warm import WarmProgram
from tests.desk import running_desk
from tests.language_models.model_desk import ask, sorting_playbook, uses, write_model_desk
from tests.language_models.scripted_server import ScriptedServer, says, scripted_server, silent
from tests.roles.yaml_desk import own_desks

GARDEN = {"item-1": {"garden": 0.9, "house": 0.1}}
PATIENT = {"connect": "1 second", "first_token": "2 minutes", "total": "2 minutes"}


@pytest.mark.xdist_group("chaos")
@pytest.mark.timeout(180)
async def test_the_next_worker_asks_again_what_a_killed_one_had_asked(client: Client, tmp_path: Path) -> None:
    """The model is asked the same twice, for nobody knows what became of the first; the trail tells of one use."""
    async with scripted_server() as server:
        server.play(silent(), says(GARDEN))
        file = write_model_desk(tmp_path, server, sorting_playbook(), timeouts=PATIENT)
        with own_desks():
            async with running_desk(client, tmp_path, desks_dir=tmp_path / "desks") as desk:
                environment = {
                    "TEMPORAL_ADDRESS": client.service_client.config.target_host,
                    "DISPATCH_TASK_QUEUE": desk.settings.task_queue,
                    "DISPATCH_VAR_DIR": str(tmp_path / "var"),
                    "DISPATCH_DESKS_DIR": str(tmp_path / "desks"),
                    "DISPATCH_PLAYBOOKS_DIR": str(desk.settings.playbooks_dir),
                    "DISPATCH_MODELS_FILE": str(file),
                }
                log = tmp_path / "model.log"
                arguments = ["worker.py", "--role", "model:small"]
                worker = WarmProgram("model worker", arguments, log, environment, says="working")
                try:
                    await worker.start()
                    case = await ask(desk)
                    await _asked(server, 1)
                    await worker.kill9()
                    await worker.start()
                    outcome = await case.outcome()
                    (told,) = await uses(case)
                finally:
                    await worker.stop()
    assert outcome.ending is Ending.DONE
    assert "garden cupboard" in desk.mail_sink.messages()[0]["text"]
    assert told.use is not None
    assert (told.use.outcome, told.use.attempts) == (ModelOutcome.ACCEPTED, 1)
    first, again = server.asked
    assert first["messages"] == again["messages"]


async def _asked(server: ScriptedServer, times: int) -> None:
    async with asyncio.timeout(60):
        while len(server.asked) < times:  # noqa: ASYNC110 (another process asks)
            await asyncio.sleep(0.05)
