"""A role that a model does: on its own queue, on record, within a budget, and never the end of a request."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.work.model_use import ModelFailure, ModelOutcome
from dispatch.storage.documents import DocumentStore
from tests.language_models.model_desk import ASKS, PROMPT, ask, model_desk, sorting_playbook, uses
from tests.language_models.scripted_server import ScriptedServer, says, silent
from tests.roles.yaml_desk import check, write_desk

GARDEN = {"item-1": {"garden": 0.9, "house": 0.1}}


async def test_what_a_model_fills_in_becomes_the_roles_finding(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The model takes the saw for a garden tool, the phrases would not; trail and documents tell who said so."""
    server.play(says(GARDEN, usage=(70, 9)))
    price = {"currency": "EUR", "per_million_in": 10, "per_million_out": 100}
    async with model_desk(client, tmp_path, server, sorting_playbook(), price=price) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
        history = (await case.handle.fetch_history()).to_json()
        documents = DocumentStore(desk.settings.model_documents_dir)
    assert outcome.ending is Ending.DONE
    assert "garden cupboard" in desk.mail_sink.messages()[0]["text"]
    assert (told.sender, told.receiver, told.what) == ("model.small", "specialist.purpose", "an answer")
    assert told.use is not None
    assert (told.use.outcome, told.use.tokens_in, told.use.tokens_out) == (ModelOutcome.ACCEPTED, 70, 9)
    assert (told.use.cost_micros, told.use.currency) == (1600, "EUR")
    assert (told.use.prompt.name, told.use.prompt.version) == ("purpose", "3")
    question = json.loads(documents.get(told.use.question))
    assert ASKS in question["messages"][1]["content"]
    assert json.loads(documents.get(told.use.answer))
    assert PROMPT.splitlines()[1] not in history
    assert "0.9," not in history.replace(" ", "")


async def test_a_wrong_answer_is_repaired_and_the_trail_says_so(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """A label that the playbook does not have is no answer; it goes back once."""
    server.play(says({"item-1": {"boat": 1}}), says(GARDEN))
    async with model_desk(client, tmp_path, server, sorting_playbook()) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
    assert outcome.ending is Ending.DONE
    assert told.what == "a repaired answer"
    assert told.use is not None
    assert (told.use.outcome, told.use.attempts) == (ModelOutcome.REPAIRED, 2)
    assert "another form" in told.why


async def test_the_rules_do_it_where_the_model_gives_nothing_that_can_be_used(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The phrases take the saw for a tool of the house; the request ends as without a model."""
    server.play(silent())
    async with model_desk(client, tmp_path, server, sorting_playbook()) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
        receivers = [entry.receiver for entry in await case.trail()]
    assert outcome.ending is Ending.DONE
    assert "house cupboard" in desk.mail_sink.messages()[0]["text"]
    assert told.use is not None
    assert told.use.failure is ModelFailure.TIMEOUT
    assert told.why.endswith("the rules do it")
    assert receivers.count("specialist.purpose") == 3


async def test_a_person_does_it_where_the_playbook_says_so(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The reason is the model's failure, in words, before the person who decides."""
    server.play(says("I would rather not."))
    async with model_desk(client, tmp_path, server, sorting_playbook(fallback="person")) as desk:
        case = await ask(desk)
        status = await case.until("escalated")
        (told,) = await uses(case)
        trail = await case.trail()
    assert told.why.endswith("a person does it")
    unavailable = next(entry for entry in trail if entry.what == "unavailable")
    assert "the model small gave no answer that can be used: the answer is not JSON" in unavailable.why
    assert status.review_point.owner == "ana"


async def test_a_model_without_a_worker_is_not_waited_for_longer_than_the_playbook_says(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """Another model has a worker, this one has none: the rules do it after the wait, and the trail says why."""
    content = sorting_playbook(model="large")
    content["models"] = {"give_up_after": "1 second"}
    async with model_desk(client, tmp_path, server, content) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
    assert outcome.ending is Ending.DONE
    assert told.use is not None
    assert told.use.failure is ModelFailure.NO_WORKER
    assert told.why == "no worker of the model answered within 1 seconds; the rules do it"
    assert not server.asked


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ({"calls": 1}, "1 of 1 calls"),
        ({"tokens": 20}, "25 of 20 tokens"),
        ({"money": {"EUR": 0.001}}, "EUR 0.0025 of 0.001"),
    ],
)
async def test_over_its_budget_a_request_asks_no_more(
    client: Client, server: ScriptedServer, tmp_path: Path, budget: dict[str, Any], told: str
) -> None:
    """The first role spends what there is; the second falls back before anything is sent, and says so."""
    content = sorting_playbook()
    content["models"] = {"budget": budget}
    content["specialists"]["again"] = copy.deepcopy(content["specialists"]["purpose"])
    content["plan"]["groups"] = [["purpose"], ["again"], ["reply"]]
    content["intents"]["borrow"]["specialists"].append("again")
    server.play(says(GARDEN, usage=(20, 5)))
    price = {"currency": "EUR", "per_million_in": 100, "per_million_out": 100}
    async with model_desk(client, tmp_path, server, content, price=price, prompts=["again"]) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        first, second = await uses(case)
    assert outcome.ending is Ending.DONE
    assert first.what == "an answer"
    assert second.use is not None
    assert (second.use.failure, second.use.attempts) == (ModelFailure.OVER_BUDGET, 0)
    assert told in second.why
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        (None, "classify.md: at specialists.purpose: it cannot be read"),
        ("Say it.", "specialists.purpose: line 1: it names no version"),
    ],
)
def test_check_reads_the_prompt_of_a_role_that_a_model_does(
    tmp_path: Path, prompt: str | None, told: str
) -> None:
    """Before the first question: what is wrong, where, and what to do."""
    folder = write_desk(tmp_path / "desks", sorting_playbook())
    if prompt is not None:
        (folder / "prompts").mkdir()
        (folder / "prompts" / "classify.md").write_text(prompt, encoding="utf-8")
    found = check(folder)
    assert told in found.replace(str(folder), "")


def test_check_refuses_a_fallback_without_a_model(tmp_path: Path) -> None:
    """A line that would do nothing is told."""
    content = sorting_playbook(fallback="person")
    del content["specialists"]["purpose"]["backend"], content["specialists"]["purpose"]["model"]
    assert "fallback belongs to backend: model" in check(write_desk(tmp_path / "desks", content))
