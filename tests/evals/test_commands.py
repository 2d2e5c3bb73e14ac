"""`dispatch evals compare`, `diff` and `harvest` as a person types them."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.evals.roles import REVIEW, EvalRun
from tests.acceptance.shell import Shell
from tests.audit_store.made import filled
from tests.language_models.scripted_server import ScriptedServer, says, scripted_server


@pytest.fixture
def typed(tmp_path: Path) -> Shell:
    return Shell({"DISPATCH_VAR_DIR": str(tmp_path / "var"), "DISPATCH_DESKS_DIR": str(tmp_path / "own")})


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path) -> Path:
    """Write a desk with two cases of its own."""
    (tmp_path / "own").mkdir()
    shell = Shell({"DISPATCH_VAR_DIR": str(tmp_path / "var")})
    (await shell.starter("desk", "new", "boat_hire", "--in", tmp_path / "own")).words("desk check --dir")
    folder = tmp_path / "own" / "boat_hire"
    (folder / "evals").mkdir()
    return folder


def write(file: Path, *cases: Mapping[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")


ASKED = {"text": "Please answer my example question.", "labels": ["example_question"], "source": "a"}
MISSED = {"text": "Could you rent me a bicycle <b>now</b>?", "labels": ["example_question"], "source": "b"}


async def test_each_role_is_measured_by_each_backend_and_kept(
    typed: Shell, desk: Path, tmp_path: Path
) -> None:
    """Figures at the terminal, a run as JSON, and a page on which what customers wrote is escaped; then what changed."""
    write(desk / "evals" / "own.jsonl", ASKED, MISSED)
    said = await typed.starter("evals", "compare", "boat_hire")
    said.words("intents", "rules", "written to")
    home = tmp_path / "var" / "evals"
    run = EvalRun.model_validate_json((home / "latest.json").read_text(encoding="utf-8"))
    cases = run.desks["boat_hire"]["intents"]["rules"].cases
    assert [(case.case, case.verdict) for case in cases] == [
        ("own.jsonl:1", "right"),
        ("own.jsonl:2", "person"),
    ]
    page = (home / "latest.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;now&lt;/b&gt;" in page
    assert "<script" not in page
    assert page.count('<rect class="right"') == 1
    (await typed.starter("evals", "diff")).sentence("there are not two runs")
    elsewhere = typed.but(DISPATCH_VAR_DIR=str(tmp_path / "empty"))
    (await elsewhere.starter("evals", "diff", home / "latest.json")).sentence("there are not two runs")
    write(desk / "evals" / "own.jsonl", ASKED, ASKED | {"labels": ["other"]})
    await typed.starter("evals", "compare", "boat_hire")
    changed = await typed.starter("evals", "diff")
    changed.words("1 cases were decided otherwise", "person -> wrong: own.jsonl:2")


async def test_a_model_is_measured_beside_the_rules(
    typed: Shell, desk: Path, tmp_path: Path, server: ScriptedServer
) -> None:
    """In each role that it can do and that has a prompt; what it took, and where the rules took its place, is told."""
    write(desk / "evals" / "own.jsonl", ASKED, MISSED)
    write(
        desk / "evals" / "review" / "reply_standards.jsonl",
        {"draft": "Hello,\n\nsoon.\n\nBye", "source": "s"},
    )
    (desk / "prompts").mkdir()
    (desk / "prompts" / "triage.md").write_text("version: 1\nSay what is asked.", encoding="utf-8")
    models = {"models": {"small": {"url": server.url, "id": "m-1"}}}
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(models), encoding="utf-8")
    server.play(says({"item-1": {"intent": "example_question", "score": 0.9}}, usage=(30, 4)))
    asking = typed.but(DISPATCH_MODELS_FILE=str(tmp_path / "models.yaml"))
    (await asking.starter("evals", "compare", "boat_hire", "--model", "small")).words("model:small")
    run = EvalRun.model_validate_json(
        (tmp_path / "var" / "evals" / "latest.json").read_text(encoding="utf-8")
    )
    measured = run.desks["boat_hire"]["intents"]["model:small"]
    assert [case.verdict for case in measured.cases] == ["right", "person"]
    assert (measured.tokens, measured.fell_back, len(server.asked)) == (34, 0, 1)
    assert set(run.desks["boat_hire"]["reply_standards"]) == {"rules"}


async def test_wrong_cases_of_roles_are_told_together(typed: Shell, desk: Path) -> None:
    """Before anything is measured: a field and a reviewer that the desk does not have, and a model that nobody listed."""
    write(desk / "evals" / "own.jsonl", ASKED | {"labels": ["nothing_known"]})
    write(desk / "evals" / "fields" / "a.jsonl", {"text": "x", "fields": {"boat": "b"}, "source": "s"})
    write(desk / "evals" / "review" / "nobody.jsonl", {"draft": "x", "source": "s"})
    said = await typed.starter("evals", "compare", "boat_hire")
    assert said.code == 1
    assert "no intent 'nothing_known'" in said.err
    assert "the desk has no field 'boat'" in said.err
    assert "the desk has no reviewer 'nobody'" in said.err
    write(desk / "evals" / "own.jsonl", ASKED)
    (desk / "evals" / "fields" / "a.jsonl").unlink()
    (desk / "evals" / "review" / "nobody.jsonl").unlink()
    (await typed.starter("evals", "compare", "boat_hire", "--model", "small")).sentence("no model small")


async def test_what_people_decided_otherwise_becomes_cases_to_review(typed: Shell, tmp_path: Path) -> None:
    """From the recorded histories: a request that was routed, and drafts that were edited, sent back and rejected."""
    filled(tmp_path, 0)
    store = ("--store", tmp_path / "store")
    said = await typed.starter("evals", "harvest", *store, "--out", tmp_path / "cases")
    said.words("1 texts that a person routed or sorted", "6 drafts that a person changed or rejected")
    (read,) = _lines(tmp_path / "cases" / "intents.jsonl")
    assert read["labels"] == ["other"]
    assert "radios" in read["text"]
    drafts = _lines(tmp_path / "cases" / "review.jsonl")
    assert {draft["source"].split(":")[1] for draft in drafts} == {"edit", "respond", "reject"}
    assert all(draft["labels"] == [REVIEW] and draft["evidence"] and draft["note"] for draft in drafts)
    assert not re.search(r"[\w.]+@[\w.]+", json.dumps(drafts))
    again = await typed.starter("evals", "harvest", *store, "--out", tmp_path / "cases")
    again.sentence("is there already")


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
