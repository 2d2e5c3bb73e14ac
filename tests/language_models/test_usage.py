"""What models were used for: summed over open, ended and exported requests alike, each question once."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from cli.audit.commands import run as run_audit
from cli.audit.usage import run as run_usage
from cli.commands import parsed
from dispatch.audit.query.usage import KEYS, Question, totals
from dispatch.models.request.status import Ending
from dispatch.models.work.model_use import ModelFailure, ModelOutcome, ModelUse
from runtime.audit.parts import audit_export
from runtime.audit.usage import usage_since
from runtime.gateway import Gateway
from runtime.settings import Settings
from tests.desk import Case, Desk
from tests.language_models.model_desk import ask, model_desk, sorting_playbook
from tests.language_models.scripted_server import ScriptedServer, says

GARDEN = {"item-1": {"garden": 0.9, "house": 0.1}}
LONG_AGO = date(2020, 1, 1)
PRICE = {"currency": "EUR", "per_million_in": 10, "per_million_out": 100}


def used(day: int, model: str, outcome: ModelOutcome, **more: Any) -> Question:
    use = ModelUse(role="purpose", model=model, outcome=outcome, attempts=1, **more)
    return Question(
        request_id=f"r-{day}", desk="tools", at=datetime(2026, 5, day, 23, 59, tzinfo=UTC), use=use
    )


@pytest.mark.parametrize(
    ("by", "questions"),
    [
        ("request", {"r-1": 2, "r-2": 1}),
        ("desk", {"tools": 3}),
        ("role", {"tools.purpose": 3}),
        ("model", {"large": 1, "small": 2}),
        ("day", {"2026-05-01": 2, "2026-05-02": 1}),
    ],
)
def test_questions_are_summed_by_what_is_asked_for(by: str, questions: Mapping[str, int]) -> None:
    """Costs of different currencies are never added up."""
    sums = totals(
        [
            used(
                1, "small", ModelOutcome.ACCEPTED, tokens_in=20, tokens_out=5, cost_micros=7, currency="EUR"
            ),
            used(1, "large", ModelOutcome.REPAIRED, tokens_in=30, cost_micros=9, currency="USD"),
            used(2, "small", ModelOutcome.FELL_BACK, failure=ModelFailure.TIMEOUT, seconds=1.5),
        ],
        KEYS[by],
    )
    assert {one.key: one.questions for one in sums} == questions
    assert sum(one.tokens_in for one in sums) == 50
    assert sum(one.accepted for one in sums) == sum(one.repaired for one in sums) == 1
    assert sum(one.failures.get("timeout", 0) for one in sums) == 1
    costs = [one.cost_micros for one in sums]
    assert sum(one.get("EUR", 0) for one in costs) == 7
    assert sum(one.get("USD", 0) for one in costs) == 9


async def test_an_open_request_an_ended_one_and_an_exported_one_are_counted_once_each(
    client: Client,
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The figures stay when a request moves into the audit store; the command prints what the trail says."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    server.play(says(GARDEN, usage=(70, 9)), says(GARDEN, usage=(70, 9)), says("no"))
    async with model_desk(client, tmp_path, server, sorting_playbook(fallback="person"), price=PRICE) as desk:
        done = [await _ended(desk), await _ended(desk)]
        left = await ask(desk)
        await left.until("escalated")
        await audit_export(client, desk.settings).export_history([done[0].id])
        gateway = Gateway.over(client)
        usage = await usage_since(gateway, desk.settings, LONG_AGO)
        assert usage.left_out == []
        assert sorted(one.request_id for one in usage.questions) == sorted(
            [*(case.id for case in done), left.id]
        )
        told = await _typed(desk.settings, capsys, "--by", "role", "--json")
        (role,) = told["totals"]
        assert (role["key"], role["questions"], role["accepted"]) == ("loans.purpose", 3, 2)
        assert (role["fell_back"], role["failures"]) == (1, {"not_json": 1})
        assert (role["tokens_in"] >= 140, role["cost_micros"]["EUR"] >= 3200) == (True, True)
        assert (await _typed(desk.settings, capsys, "--since", "2999-01-01", "--json"))["totals"] == []
        await audit_export(client, desk.settings).export_history([done[1].id])
        assert await _typed(desk.settings, capsys, "--by", "role", "--json") == told


async def _ended(desk: Desk) -> Case:
    case = await ask(desk)
    assert (await case.outcome()).ending is Ending.DONE
    return case


async def _typed(settings: Settings, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert await run_usage(parsed(["usage", *words]), settings) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


async def test_erasing_a_request_deletes_what_its_models_were_asked_and_answered(
    client: Client,
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its question quotes the requester; the documents of another request, asked otherwise, stay."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", client.service_client.config.target_host)
    server.play(says(GARDEN))
    async with model_desk(client, tmp_path, server, sorting_playbook()) as desk:
        settings = desk.settings.model_copy(update={"audit_seal": True})
        erased = await _ended(desk)
        other = await desk.submit("May I borrow the long saw?", sender="lee@club.example", desk="loans")
        await other.outcome()
        documents = sorted(settings.model_documents_dir.glob("??/*"))
        assert [b"borrow a saw" in file.read_bytes() for file in documents].count(True) == 1
        await audit_export(client, settings).export_history([erased.id, other.id])
        asked = ["audit", "erase", "--requester", "kim@club.example", "--reason", "asked", "--yes", "--json"]
        capsys.readouterr()
        assert await run_audit(parsed(asked), settings) == 0
        report = json.loads(capsys.readouterr().out)
    left = [file.read_bytes() for file in settings.model_documents_dir.glob("??/*")]
    assert not any(b"borrow a saw" in document for document in left)
    assert any(b"the long saw" in document for document in left)
    assert len(report["model_documents_deleted"]) == 1
    assert len(report["model_documents_kept"]) == 1, "both models answered the same words"
