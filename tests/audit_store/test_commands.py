"""The commands as they are typed, against a store that holds every recorded history; no server runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.audit.read.steps import steps
from dispatch.audit.store.manifest import sha256
from tests.audit_store.made import NOW, documents, lines_of, object_file, store_at, write_lines
from tests.audit_store.typed import Typed, typed_at
from tests.desk import SHIPPED_SUPPORT
from tests.servers import ROOT


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a var folder whose audit store holds each recorded history once."""
    folder = tmp_path_factory.mktemp("var")
    store_at(folder / "audit").append(documents(), NOW)
    return folder


@pytest.fixture
def typed(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    return typed_at(home, monkeypatch, capsys)


def test_verify_replays_every_history_and_says_whole(home: Path) -> None:
    """Every record holds, and every run replays on the code at hand or says which code wrote it."""
    environment = {"DISPATCH_VAR_DIR": str(home), "TEMPORAL_ADDRESS": "127.0.0.1:9", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "cli", "audit", "verify", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told["broken"], done.stderr) == (0, [], b"")
    assert told["records"] == len(documents())
    counts = told["counts"]
    unreplayed = [note for note in told["notes"] if "not replayed" in note["what"]]
    assert counts.get("runs replayed", 0) + len(unreplayed) == len(documents())
    assert counts["known heads in the chain"] == 1


def test_verify_in_words_names_the_first_broken_record(typed: Typed, home: Path) -> None:
    """One changed byte: exit code 1, the line, the request and what is wrong."""
    audit = home / "audit"
    line = lines_of(audit)[4]
    file = object_file(audit, line)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"refund", b"Refund", 1))
    try:
        code, said, _ = typed("audit", "verify", "--no-replay")
    finally:
        file.write_bytes(whole)
    assert code == 1
    assert f"BROKEN, first at line 5 ({json.loads(line)['request_id']}): its history" in said


def test_verify_refuses_a_head_that_is_not_in_the_chain(typed: Typed, home: Path) -> None:
    """A chain cut short is found by a head that was noted elsewhere, and by this machine's own memory."""
    audit = home / "audit"
    lines = lines_of(audit)
    head = sha256(lines[-1].rstrip())
    assert typed("audit", "verify", "--no-replay", "--head", head)[0] == 0
    write_lines(audit, lines[:-1])
    try:
        code, said, _ = typed("audit", "verify", "--no-replay")
    finally:
        write_lines(audit, lines)
    assert code == 1
    assert "known from this machine, which wrote it is not in the chain" in said


def test_questions_are_answered(typed: Typed) -> None:
    """Amounts with who approved them, in a form for scripts."""
    _, said, _ = typed("audit", "questions", "amounts", "--above", "10000", "--currency", "EUR", "--json")
    rows = json.loads(said)["amounts"]
    amounts = [row["amount_minor"] for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[-1] > 10000
    assert {(row["currency"], row["action"]) for row in rows} == {("EUR", "issue_refund")}
    assert all(row["approved_by"] for row in rows)


def test_the_page_of_all_questions(typed: Typed, tmp_path: Path) -> None:
    """One page holds every answer and needs nothing from elsewhere."""
    page = tmp_path / "questions.html"
    assert typed("audit", "questions", "--html", str(page))[0] == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<section") == 7
    assert "blocked: " in text
    assert "<script" not in text
    assert "http" not in text.replace('http-equiv="', "").replace("https://", "")


def test_an_unknown_question_is_refused(typed: Typed) -> None:
    """The sentence names the questions there are."""
    code, _, complaint = typed("audit", "questions", "weather")
    assert code == 2
    assert complaint.startswith("error: there is no question 'weather'; there are: amounts, fast,")


def changed_playbook(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    document = yaml.safe_load(SHIPPED_SUPPORT.read_text(encoding="utf-8"))
    change(document)
    file = folder / "stricter.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


def test_what_if_names_the_actions_that_would_flip(typed: Typed, tmp_path: Path) -> None:
    """A limit of EUR 40: refunds above it would be blocked, those of a person's tier stay held."""

    def stricter(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["actions"]["issue_refund"]["amounts"]["EUR"] = [
            {"up_to_minor": 500, "tier": "low"},
            {"up_to_minor": 4000, "tier": "medium"},
        ]

    _, said, complaint = typed("what-if", "--playbook", str(changed_playbook(tmp_path, stricter)), "--json")
    assert complaint == ""
    told = json.loads(said)
    flips = {
        (one["amount_minor"], one["before"]["decision"], one["after"]["decision"]) for one in told["flips"]
    }
    assert (1200, "allow", "hold") in flips
    assert (4990, "hold", "block") in flips
    # One of EUR 20.00 stays as it was; one beside another of EUR 30.00 is judged by the sum.
    assert all("EUR 50.00" in one["why"] for one in told["flips"] if one["amount_minor"] == 2000)
    assert told["not_judged"] == []


def test_what_if_with_the_playbook_that_was_in_force_flips_nothing(typed: Typed, tmp_path: Path) -> None:
    """Ruled on with the playbook that a history itself holds, every decision comes out as it was recorded."""
    events = documents()[0].runs[0].events
    triage = next(step.result for step in steps(events) if step.name == "triage")
    file = tmp_path / "then.yaml"
    file.write_text(yaml.safe_dump(triage["playbook"]["playbook"], sort_keys=False), encoding="utf-8")
    _, said, complaint = typed("what-if", "--playbook", str(file), "--json")
    assert complaint == ""
    told = json.loads(said)
    assert (told["flips"], told["not_judged"]) == ([], [])
    assert told["actions"] > 40


def test_what_if_refuses_a_playbook_that_does_not_hold(typed: Typed, tmp_path: Path) -> None:
    """The sentence names the file that was given, the place in it and the remedy."""

    def broken(playbook: dict[str, Any]) -> None:
        playbook["guardian"]["actons"] = {}

    code, _, complaint = typed("what-if", "--playbook", str(changed_playbook(tmp_path, broken)))
    assert code == 2
    assert "stricter.yaml: at guardian.actons: the field 'actons' is unknown" in complaint


def test_anchors_are_held_against_the_chain(typed: Typed, home: Path) -> None:
    """An anchor's head must stay in the chain; its time stamp request names the head's digest."""
    audit = home / "audit"
    assert typed("audit", "anchor")[0] == 0
    (request,) = (audit / "store" / "anchors").glob("*.tsq")
    shown = subprocess.run(
        ["openssl", "ts", "-query", "-in", str(request), "-text"], capture_output=True, text=True, check=True
    ).stdout
    assert "Hash Algorithm: sha256" in shown
    told = json.loads(typed("audit", "verify", "--no-replay", "--json")[1])
    assert told["counts"]["anchors in the chain"] == 1


def test_a_history_is_taken_out_as_temporals_own_json(typed: Typed, home: Path, tmp_path: Path) -> None:
    """What comes out is what went in, and any reader of histories reads it."""
    document = documents()[2]
    file = tmp_path / "history.json"
    assert typed("audit", "fetch", document.request_id, str(file))[0] == 0
    assert json.loads(file.read_text(encoding="utf-8"))["events"] == list(document.runs[0].events)
    code, said, _ = typed("trail", "--from", str(file))
    assert (code, document.request_id in said) == (0, True)
    code, _, complaint = typed("audit", "fetch", "nobody", str(file))
    assert (code, "nobody is not in" in complaint) == (2, True)
