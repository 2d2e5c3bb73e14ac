"""One question to a model: what is sent, what is taken, what goes back to be repaired, what is masked and recorded."""

import asyncio
import hashlib
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from pydantic import JsonValue, SecretStr

from dispatch.forms import DataBlock
from dispatch.language_models.calls import ModelCall
from dispatch.language_models.client import LanguageModels
from dispatch.models.work.model_use import ModelFailure
from tests.acceptance.shell import ROOT
from tests.language_models.asked import MAIL, RIGHT, SCHEMA, ask, failed, model
from tests.language_models.scripted_server import ScriptedServer, endless, says, says_unstreamed


async def test_a_right_answer_is_taken(server: ScriptedServer) -> None:
    """Asked with the schema, at temperature 0, once; the use says what it cost."""
    server.play(says(RIGHT, usage=(1000, 10)))
    price = {"currency": "EUR", "per_million_in": "0.5", "per_million_out": "2"}
    reply = await ask(server, price=price)
    assert reply.value == RIGHT
    use = reply.use
    assert (use.outcome, use.attempts, use.tokens_in, use.tokens_out) == ("accepted", 1, 1000, 10)
    assert (use.cost_micros, use.currency, use.why) == (520, "EUR", "")
    sent = server.asked[0]
    assert (sent["path"], sent["model"], sent["temperature"], sent["max_tokens"]) == (
        *("/v1/chat/completions", "m-1"),
        *(0, 1024),
    )
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert MAIL in sent["messages"][1]["content"]


async def test_exactly_what_was_sent_is_what_is_digested(server: ScriptedServer) -> None:
    """Byte for byte, the repairs as well; the answers are all there."""
    server.play(says({"boat": "raft", "days": 2}), says(RIGHT))
    reply = await ask(server)
    question = json.loads(reply.transcript.question)
    assert {"path": "/v1/chat/completions", **question} == server.asked[-1]
    assert hashlib.sha256(reply.transcript.question).hexdigest() == reply.use.question
    assert [json.loads(answer) for answer in json.loads(reply.transcript.answer)] == [
        {"boat": "raft", "days": 2},
        RIGHT,
    ]
    assert hashlib.sha256(reply.transcript.answer).hexdigest() == reply.use.answer


async def test_the_server_learns_nothing_of_the_machine(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its headers are those of one request: no versions, no variables of another product, no proxy."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-somebody")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.play(says(RIGHT))
    await ask(server)
    assert server.headers[0] == {
        "host": f"127.0.0.1:{server.port}",
        "authorization": "Bearer k-1",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": server.headers[0]["content-length"],
        "user-agent": "dispatch-desk",
    }


async def test_a_wrong_form_goes_back_once_with_what_is_wrong(server: ScriptedServer) -> None:
    """Then the right answer is taken, and the use says that it was repaired; the tokens of both count."""
    server.play(says({"boat": "raft", "days": 2}), says(RIGHT))
    reply = await ask(server)
    assert (reply.value, reply.use.outcome, reply.use.attempts) == (RIGHT, "repaired", 2)
    assert reply.use.why == "the answer has another form than asked for: enum at boat"
    assert (reply.use.tokens_in, reply.use.tokens_out) == (40, 10)
    wrong, told = server.asked[1]["messages"][2:]
    assert (wrong["role"], told["role"]) == ("assistant", "user")
    assert "raft" in wrong["content"]
    assert "at boat: 'raft' is not one of ['kayak', 'canoe']" in told["content"]


async def test_what_the_callers_checks_find_goes_back_as_well(server: ScriptedServer) -> None:
    """The record names the check, never the text."""

    def at_least_three(value: JsonValue) -> list[str]:
        assert isinstance(value, dict)
        days = value["days"]
        assert isinstance(days, int)
        return [] if days >= 3 else [f"long_enough: {days} days are too few for Ida Berg"]

    server.play(says(RIGHT), says({"boat": "kayak", "days": 3}))
    reply = await ask(server, checks=at_least_three)
    assert (reply.value, reply.use.outcome) == ({"boat": "kayak", "days": 3}, "repaired")
    assert reply.use.why == "the answer failed the checks: long_enough"
    assert "2 days are too few" in server.asked[1]["messages"][3]["content"]
    server.play(says(RIGHT))
    error = await failed(server, checks=at_least_three, repairs=2)
    assert (error.kind, error.use.attempts, len(server.asked)) == (ModelFailure.FAILED_CHECKS, 3, 3)
    assert "Ida" not in str(error)
    assert (error.use.outcome, error.use.failure) == ("fell_back", "failed_checks")


async def test_a_server_that_does_not_stream_is_understood(server: ScriptedServer) -> None:
    """And one that counts no tokens: they are estimated, so that a budget holds."""
    server.play(says_unstreamed(RIGHT))
    assert (await ask(server)).use.tokens_in == 20
    for usage in (None, (0, 0), (-5, 3), (10**12, 1)):
        server.play(says(RIGHT, usage=usage))
        use = (await ask(server)).use
        assert (100 < use.tokens_in < 1000, 3 < use.tokens_out < 100) == (True, True), usage


async def test_personal_data_is_masked_before_and_put_back_after(server: ScriptedServer) -> None:
    """In the question, in what goes back, and in what is recorded; the caller's checks see the real values."""
    schema = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
    seen = list[JsonValue]()

    def check(value: JsonValue) -> list[str]:
        seen.append(value)
        return ["polite: greet Ida Berg at ida@post.example"] if len(seen) == 1 else []

    server.play(says({"to": "[NAME_1] <[MAIL_2]>"}))
    mail = "I am Ida Berg, write to ida@post.example"
    reply = await ask(server, data=[mail], names=("Ida Berg",), schema=schema, mask=True, checks=check)
    assert reply.value == {"to": "Ida Berg <ida@post.example>"}
    assert seen == [reply.value, reply.value]
    everything = json.dumps(server.asked) + str(reply.transcript.question) + str(reply.transcript.answer)
    assert "Ida" not in everything
    assert "ida@post" not in everything
    assert "greet [NAME_1] at [MAIL_2]" in everything


async def test_a_placeholder_that_the_model_made_up_fails(server: ScriptedServer) -> None:
    """A customer must not read one."""
    server.play(says({"boat": "kayak", "days": 1, "to": "[NAME_9]"}))
    error = await failed(server, mask=True, schema={"type": "object"})
    assert error.why == "the answer failed the checks: placeholders"
    server.play(says({"to": "[NAME_9]"}))
    assert (await ask(server, schema={"type": "object"})).value == {
        "to": "[NAME_9]"
    }  # nothing is masked here


async def test_neither_question_nor_answer_is_in_a_log(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where everything is logged: both hold what customers wrote."""
    caplog.set_level(logging.DEBUG)
    server.play(says({"boat": "raft", "days": 2}), says(RIGHT))
    await ask(server)
    assert "kayak" not in caplog.text
    assert "k-1" not in caplog.text


async def test_the_caller_is_told_of_progress(server: ScriptedServer) -> None:
    """So that an activity can say how far it is."""
    server.play(says(RIGHT))
    told = list[int]()
    call = ModelCall("small", "boats", "Sort.", (DataBlock("mail", MAIL),), SCHEMA)
    async with LanguageModels({"small": model(server)}, {"small": SecretStr("")}) as models:
        await models.ask(call, told.append)
        assert told == sorted(told)
        assert told[-1] > 3
        with pytest.raises(ValueError, match="no model large in the file of models; known: small"):
            await models.ask(ModelCall("large", "boats", "Sort.", (), SCHEMA))
        with pytest.raises(ValueError, match="the schema of boats is wrong"):
            await models.ask(ModelCall("small", "boats", "Sort.", (), {"type": "text"}))


async def test_one_that_is_cancelled_hangs_up(server: ScriptedServer) -> None:
    """A hang must not hold a connection, or the server's work, beyond the caller's patience."""
    server.play(endless(b": still thinking\n\n", pause=0.01))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await ask(server, first=60.0, total=60.0)


AUDITED = """
import asyncio, sys
reached = set()
sys.addaudithook(lambda event, told: reached.add(f"{event} {told[1]}") if event == "socket.connect" else
                 reached.add(f"{event} {told[0]}") if event == "socket.getaddrinfo" else None)
from tests.language_models.asked import ask
from tests.language_models.scripted_server import ScriptedServer
asyncio.run(ask(ScriptedServer(port=int(sys.argv[1]))))
print(*sorted(reached), sep="\\n")
"""


async def test_a_question_connects_to_its_server_and_nowhere_else(server: ScriptedServer) -> None:
    """Heard by Python's own audit of sockets, in a process of its own, from its first import on."""
    server.play(says({"boat": "raft", "days": 2}), says(RIGHT))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AUDITED, str(server.port)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert out.decode().splitlines() == [
        f"socket.connect ('127.0.0.1', {server.port})",
        "socket.getaddrinfo 127.0.0.1",
    ]


def test_the_engine_imports_none_of_it() -> None:
    """35 MB and most of a second: a worker without models pays nothing, nor does a command."""
    program = "import sys, worker, cli.commands, runtime.workers; print([m for m in ('openai', 'httpx2', 'jsonschema') if m in sys.modules])"
    out: Any = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
