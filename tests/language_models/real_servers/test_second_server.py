"""A second server that nobody here wrote: LM-Proxy (MIT), a gateway before a function that answers as its file says.

It streams without counting tokens and knows no schema. No lock has it; install it into an environment of its own, and name
its program: `TEST_LM_PROXY=/path/to/lm-proxy make test ARGS=tests/language_models/real_servers/test_second_server.py`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml
from pydantic import SecretStr

from devstack.ports import LOOPBACK, free_port
from dispatch.forms import DataBlock
from dispatch.language_models.calls import ModelCall, ModelFailedError
from dispatch.language_models.client import LanguageModels
from dispatch.language_models.models_file import LanguageModel
from dispatch.models.work.model_use import ModelFailure, ModelOutcome
from tests.language_models.asked import MAIL

PROGRAM = os.environ.get("TEST_LM_PROXY", "")
KEY = "sk-of-these-tests"
SCHEMA = {
    "type": "object",
    "properties": {"boat": {"enum": ["kayak", "canoe"]}, "days": {"type": "integer"}},
    "required": ["boat", "days"],
    "additionalProperties": False,
}
GIVEN = {"kayak": json.dumps({"boat": "kayak", "days": 3}), "prose": "I would take the kayak.", "empty": ""}
BEHIND = """
GIVEN = {given!r}
async def answer(prompt, **asked):
    text = GIVEN[asked["model"]]
    for at in range(0, len(text), 7):
        for callback in asked.get("callbacks") or [asked.get("callback")]:
            told = callback(text[at:at + 7])
            if told is not None:
                await told
    return text
"""
pytestmark = [
    pytest.mark.skipif(not PROGRAM, reason="TEST_LM_PROXY names no lm-proxy; it is no part of the locks"),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Run the gateway, which needs no network: what stands behind it is a function of its own process."""
    folder: Path = tmp_path_factory.mktemp("lm-proxy")
    (folder / "behind.py").write_text(BEHIND.format(given=GIVEN), encoding="utf-8")
    port = free_port()
    content = {
        "host": LOOPBACK,
        "port": port,
        "connections": {"behind": "behind.answer"},
        "routing": dict.fromkeys(GIVEN, "behind.*"),
        "groups": {"default": {"api_keys": [KEY]}},
    }
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "--config", str(file)),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(120):
            while not await _answers(http, f"http://{LOOPBACK}:{port}/v1/models"):
                assert process.returncode is None
                await asyncio.sleep(0.5)
        yield f"http://{LOOPBACK}:{port}/v1"
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 60)


async def _answers(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(address)).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.HTTPError:
        return False


async def ask(url: str, name: str, key: str = KEY) -> ModelOutcome:
    model = LanguageModel.model_validate({"name": "second", "url": url, "id": name})
    call = ModelCall(
        "second", "boats", "Say which boat is wanted, for how many days.", (DataBlock("mail", MAIL),), SCHEMA
    )
    async with LanguageModels({"second": model}, {"second": SecretStr(key)}) as models:
        reply = await models.ask(call)
    assert reply.value == {"boat": "kayak", "days": 3}
    assert reply.use.tokens_in > 0
    return reply.use.outcome


async def test_what_it_answers_is_read(url: str) -> None:
    """Streamed in its own way, with its own counting of tokens."""
    assert await ask(url, "kayak") is ModelOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("name", "key", "kind"),
    [
        ("prose", KEY, ModelFailure.NOT_JSON),
        ("empty", KEY, ModelFailure.EMPTY),
        ("nobody", KEY, ModelFailure.SERVER_ERROR),
        ("kayak", "sk-of-somebody-else", ModelFailure.SERVER_ERROR),
    ],
)
async def test_what_goes_wrong_there_is_told_as_what_it_is(
    url: str, name: str, key: str, kind: ModelFailure
) -> None:
    """For a model that it routes nowhere it answers 500, and that is what is told."""
    with pytest.raises(ModelFailedError) as raised:
        await ask(url, name, key)
    assert raised.value.kind is kind
