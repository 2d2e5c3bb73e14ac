"""Every way in which a model or its server fails: the kind it is told as, within its bounds, and what was spent."""

import json
import time
from typing import Any

import pytest

from dispatch.models.work.model_use import ModelFailure
from tests.language_models.asked import MAIL, RIGHT, ask, failed
from tests.language_models.scripted_server import (
    SSE,
    Scene,
    ScriptedServer,
    chunks,
    endless,
    error,
    refuses,
    reply,
    resets,
    says,
    silent,
)
from tests.language_models.test_hosts import PUBLIC, Names

HTML = "<html><body>Sign in to the office network</body></html>"
BROKEN = b'data: {"choices": [{"index"'
WORD = chunks("x", finish=None, usage=None).split(b"\n\n")[1] + b"\n\n"
REPORTED = b'data: {"error": {"message": "kayak: out of memory", "code": 500}}\n\n'

KINDS: list[tuple[str, Scene, str, int]] = [
    ("not JSON", says("A kayak, for two days."), "not_json", 2),
    ("half of JSON", says('{"boat": "kayak"'), "not_json", 2),
    ("wrong schema", says({"boat": "raft"}), "wrong_schema", 2),
    ("a number that is none", says('{"boat": "kayak", "days": NaN}'), "not_json", 2),
    ("empty", says(""), "empty", 1),
    ("refusal", refuses("I cannot help with boats."), "refusal", 1),
    ("filtered", says("", finish="content_filter"), "refusal", 1),
    ("cut at its most tokens", says('{"boat": "kay', finish="length"), "cut_off", 1),
    ("stopped in the middle", reply(200, chunks(str(RIGHT))[:300], SSE), "cut_off", 1),
    ("a page of HTML with 200", reply(200, HTML, "text/html"), "not_a_model_server", 1),
    ("a page of HTML with 404", reply(404, HTML, "text/html"), "not_a_model_server", 1),
    ("JSON of something else", reply(200, '{"hello": "world"}'), "not_a_model_server", 1),
    ("events of something else", reply(200, b"data: {}\n\ndata: [DONE]\n\n", SSE), "not_a_model_server", 1),
    ("no event at all", reply(200, b"", SSE), "not_a_model_server", 1),
    ("half an event", reply(200, BROKEN + b"\n\n", SSE), "not_a_model_server", 1),
    ("a redirect", reply(302, "", Location=f"http://{PUBLIC}/v1"), "not_a_model_server", 1),
    ("missing model", error(404, "model m-1 does not exist", "model_not_found"), "missing_model", 1),
    ("a wrong key", error(401, "bad key k-1"), "server_error", 1),
    ("a question it does not like", error(400, "kayak is no field"), "server_error", 1),
    ("context overflow", error(400, "too long", "context_length_exceeded"), "context_overflow", 1),
    ("500 again and again", error(500, "kayak trace"), "server_error", 3),
    ("429 again and again", error(429, "slow down"), "rate_limited", 3),
    ("an error within the answer", reply(200, REPORTED, SSE), "server_error", 3),
    ("reset at once", resets(), "unreachable", 3),
    ("reset in the middle", resets(chunks(str(RIGHT))[:200]), "unreachable", 3),
    ("10 MB of text", says("x" * 10_000_000), "too_large", 1),
    ("10 MB without an end", endless(b"data: " + b"x" * 65536), "too_large", 1),
    ("more parts than it may have tokens", endless(WORD), "too_large", 1),
    ("a compressed answer", reply(200, b"\x1f\x8b", SSE, Content_Encoding="gzip"), "too_large", 1),
]


@pytest.mark.parametrize(("scene", "kind", "asked"), [k[1:] for k in KINDS], ids=[k[0] for k in KINDS])
async def test_each_failure_is_told_as_what_it_is(
    server: ScriptedServer, scene: Scene, kind: str, asked: int
) -> None:
    """With how often was asked, and in a sentence without a word of the customer, the model or the server."""
    server.play(scene)
    found = await failed(server, total=8.0)
    assert (found.kind, len(server.asked)) == (kind, asked)
    assert (found.use.outcome, found.use.failure, found.use.attempts) == ("fell_back", kind, asked)
    assert found.use.question
    for word in ("kayak", "Sign in", "k-1", "office", "trace", "slow down", "raft"):
        assert word not in str(found)


ODD: list[Any] = [
    *(None, 1, "x", [], [1], {"choices": None}, {"choices": 1}, {"choices": {"0": 1}}, {"choices": [None]}),
    *({"choices": [{}]}, {"choices": [{"delta": None}]}, {"choices": [{"delta": 1}]}, {"choices": [[]]}),
    *({"choices": [{"delta": {"content": 5}}]}, {"choices": [{"delta": {"content": ["a"]}}]}, {"error": 1}),
    *(
        {"choices": [{"delta": {"refusal": {"a": 1}}}]},
        {"choices": [], "usage": 1},
        {"error": {"message": 3}},
    ),
]


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_a_part_of_another_form_is_no_answer(server: ScriptedServer, odd: Any) -> None:
    """Streamed or in one piece, alone or after a right beginning: a failure with a kind, never an error of the program."""
    event = f"data: {json.dumps(odd)}\n\n".encode()
    begun = chunks(json.dumps(RIGHT)).split(b'data: {"id": "1", "object": "chat.completion.chunk"')[:3]
    begun = [b'data: {"id": "1", "object": "chat.completion.chunk"'.join(begun)]
    for body, media_type in ((event, SSE), (begun[0] + event, SSE), (json.dumps(odd), "application/json")):
        server.play(reply(200, body, media_type))
        found = await failed(server, total=8.0)
        assert found.kind in {
            ModelFailure.NOT_A_MODEL_SERVER,
            ModelFailure.SERVER_ERROR,
            ModelFailure.CUT_OFF,
        }


@pytest.mark.parametrize(
    ("scene", "first"),
    [
        (silent(), 0.4),
        (endless(b"d", pause=0.05), 60.0),
        (endless(b": ping\n\n", pause=0.05), 0.4),
        (endless(WORD, pause=0.05), 0.4),
    ],
    ids=["silent", "a byte now and then", "alive and no word", "a word now and then"],
)
async def test_a_slow_answer_is_cut_off(server: ScriptedServer, scene: Scene, first: float) -> None:
    """At the time to the first word, or at the total, whichever is passed; a byte a second keeps nothing open."""
    server.play(scene)
    begun = time.monotonic()
    found = await failed(server, first=min(first, 1.0), total=1.0)
    assert found.kind == ModelFailure.TIMEOUT
    assert time.monotonic() - begun < 2.5
    assert len(server.asked) == 1


async def test_a_busy_server_is_asked_again_when_it_says(server: ScriptedServer) -> None:
    """Retry-After is honoured where it ends within the deadline; each question counts."""
    server.play(error(429, "slow down", Retry_After="1"), says(RIGHT))
    begun = time.monotonic()
    reply_ = await ask(server, total=8.0)
    assert (reply_.value, reply_.use.outcome, reply_.use.attempts) == (RIGHT, "accepted", 2)
    assert time.monotonic() - begun >= 1.0


async def test_a_wait_beyond_the_deadline_is_not_begun(server: ScriptedServer) -> None:
    """The fallback takes its place at once."""
    server.play(error(429, "slow down", Retry_After="3600"), says(RIGHT))
    begun = time.monotonic()
    assert (await failed(server, total=8.0)).kind == ModelFailure.RATE_LIMITED
    assert (time.monotonic() - begun < 1.0, len(server.asked)) == (True, 1)


@pytest.mark.parametrize(
    "scene", [error(500, "x"), error(429, "x"), resets(), error(503, "x", Retry_After="0")]
)
async def test_a_short_failure_is_outlasted(server: ScriptedServer, scene: Scene) -> None:
    """Two of them in a row."""
    server.play(scene, scene, says(RIGHT))
    assert (await ask(server, total=8.0)).value == RIGHT


async def test_a_question_that_cannot_fit_is_not_sent(server: ScriptedServer) -> None:
    """It would be cut by some servers without a word."""
    server.play(says(RIGHT))
    found = await failed(server, data=[MAIL * 2000])
    assert (found.kind, server.asked, found.use.question) == (ModelFailure.CONTEXT_OVERFLOW, [], "")


async def test_where_nobody_listens_nothing_is_reached(server: ScriptedServer) -> None:
    """After a few tries."""
    found = await failed(server, url="http://127.0.0.1:9/v1")
    assert (found.kind, found.why) == (ModelFailure.UNREACHABLE, "the server was not reached")


async def test_a_name_that_leads_outside_is_refused(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it led to this machine a moment ago (rebinding); nothing of the question leaves."""
    names: Any = Names(monkeypatch, ["127.0.0.1"], [PUBLIC])
    server.play(says({"boat": "raft", "days": 2}))
    found = await failed(server, url=f"http://model.example:{server.port}/v1")
    assert (found.kind, names.lookups, len(server.asked)) == (ModelFailure.REFUSED_HOST, 2, 1)
    assert PUBLIC in found.why
