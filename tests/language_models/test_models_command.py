"""`dispatch models check`: what each server can do, as a table and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands import parsed
from cli.models import run
from dispatch.models.errors import SettingsError
from runtime.settings import Settings
from tests.language_models.scripted_server import Scene, ScriptedServer, error, reply, says

LISTED = reply(200, json.dumps({"object": "list", "data": [{"id": "m-1", "object": "model", "created": 1}]}))
GOOD = says({"colour": "red", "count": 3})
COUNTED = says("one two three", usage=(12, 20))
CONTEXT = says("x", finish="length", usage=(950, 1))


async def checked(
    server: ScriptedServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *scenes: Scene,
    typed: str = "",
) -> tuple[int, Any]:
    """Run the command on a server that plays the scenes; returns the exit code and what it printed as JSON."""
    server.play(*scenes)
    file = tmp_path / "models.yaml"
    file.write_text(
        f"models: {{small: {{url: '{server.url}', id: m-1, context_tokens: 1000, answer_tokens: 100, "
        "timeouts: {first_token: 2 seconds, total: 5 seconds}}}",
        encoding="utf-8",
    )
    arguments = parsed(["models", "check", "--json", *typed.split()])
    code = await run(arguments, Settings(models_file=file))
    return code, json.loads(capsys.readouterr().out)["models"][0]


async def test_a_server_that_can_do_everything(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reached, the model known, the schema kept, the context as told, and how fast it is."""
    code, found = await checked(server, tmp_path, capsys, LISTED, GOOD, COUNTED, CONTEXT)
    assert code == 0
    assert found["problems"] == []
    for fact in ("is_reachable", "knows_model", "keeps_schema", "context_as_told", "counts_tokens"):
        assert found[fact] is True, fact
    assert found["first_token_seconds"] >= 0
    assert found["tokens_a_second"] > 0
    assert [one["path"] for one in server.asked] == ["/v1/models", *["/v1/chat/completions"] * 3]


@pytest.mark.parametrize(
    ("scenes", "fact", "problem"),
    [
        (
            (reply(200, '{"data": [{"id": "other"}]}'), GOOD, COUNTED, CONTEXT),
            "knows_model",
            "it lists other",
        ),
        ((LISTED, says("hello"), COUNTED, CONTEXT), "keeps_schema", "does not keep to a JSON schema"),
        ((LISTED, GOOD, says("one", usage=None), CONTEXT), "counts_tokens", "counts no tokens"),
        ((LISTED, GOOD, COUNTED, says("x", usage=(300, 1))), "context_as_told", "cuts long questions"),
        ((LISTED, GOOD, COUNTED, error(400, "x", "context_length_exceeded")), "context_as_told", "refuses"),
    ],
)
async def test_what_a_server_cannot_do_is_told(
    server: ScriptedServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    scenes: tuple[Scene, ...],
    fact: str,
    problem: str,
) -> None:
    """In a sentence, and by the exit code; the other questions are asked all the same."""
    code, found = await checked(server, tmp_path, capsys, *scenes)
    assert (code, found[fact], len(found["problems"])) == (1, False, 1)
    assert problem in found["problems"][0]


async def test_a_server_without_a_list_of_models_is_asked_all_the_same(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some leave it out; `--quick` leaves out the long question."""
    code, found = await checked(
        server, tmp_path, capsys, reply(404, "nothing", "text/plain"), GOOD, COUNTED, typed="small --quick"
    )
    assert (code, found["knows_model"], found["context_as_told"]) == (0, True, None)


async def test_what_is_no_model_server_is_told(
    server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what it is instead, and without the questions after it."""
    page = reply(200, "<html></html>", "text/html")
    code, found = await checked(server, tmp_path, capsys, page)
    assert (code, found["keeps_schema"]) == (1, None)
    assert found["problems"] == ["it answered with text/html, not with an answer"]


async def test_a_host_outside_is_not_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table says why."""
    file = tmp_path / "models.yaml"
    file.write_text("models: {far: {url: 'http://93.184.216.34/v1', id: x}}", encoding="utf-8")
    assert await run(parsed(["models", "check"]), Settings(models_file=file)) == 1
    printed = capsys.readouterr().out
    assert "model  reached" in printed
    assert "far: 93.184.216.34 has the address 93.184.216.34, which is not in a private network" in printed


async def test_without_models_it_says_where_they_go(tmp_path: Path) -> None:
    """And which are known, where another is asked for."""
    with pytest.raises(SettingsError, match="DISPATCH_MODELS_FILE"):
        await run(parsed(["models", "check"]), Settings())
    file = tmp_path / "models.yaml"
    file.write_text("models: {far: {url: 'http://127.0.0.1/v1', id: x}}", encoding="utf-8")
    with pytest.raises(SettingsError, match="known: far"):
        await run(parsed(["models", "check", "near"]), Settings(models_file=file))
