"""The guardian's opinion by a model, end to end: it raises, or the rules stand; and what the audit reads of models."""

from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from dispatch.audit.models import AuditKind
from dispatch.audit.read.trail import trail_of_events
from dispatch.models.request.status import Ending
from dispatch.models.work.guardian import GuardDecision
from dispatch.models.work.playbook import Tier
from runtime.gateway import Gateway
from tests.language_models.model_desk import ask, model_desk, sorting_playbook, uses
from tests.language_models.scripted_server import ScriptedServer, says
from tests.roles.yaml_desk import check, write_desk


def _with_opinion(**opinion: Any) -> dict[str, Any]:
    content = sorting_playbook(backend="rules", model=None)
    content["guardian"]["opinion"] = {"model": "small", **opinion}
    content["guardian"]["tiers"]["medium"]["waiting"]["role_names"] = True
    return content


async def test_a_model_s_opinion_holds_what_the_rules_allow(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The reply would go out; the model quotes the request and puts it where a person decides, who reads why."""
    server.play(says({"tier": "medium", "quote": "borrow a saw"}))
    async with model_desk(client, tmp_path, server, _with_opinion(), prompts=["guardian"]) as desk:
        case = await ask(desk)
        status = await case.until("waiting_for_approval")
        [result] = (await Gateway.over(desk.client).request_detail(case.id)).guard_results
        (told,) = await uses(case)
        await case.decide("approve", by="ana")
        outcome = await case.outcome()
    assert status.review_point.owner == "ana"
    assert (result.decision, result.tier) == (GuardDecision.HOLD, Tier.MEDIUM)
    assert "because of “borrow a saw”" in " ".join(reason.text for reason in result.reasons)
    assert (told.receiver, told.sender) == ("guardian", "model.small")
    assert outcome.ending is Ending.DONE


@pytest.mark.parametrize(
    ("answer", "fallback"),
    [
        ({"tier": "low", "quote": ""}, "rules"),
        ({"tier": "medium", "quote": "words of nobody"}, "rules"),
        ({"tier": "medium", "quote": "words of nobody"}, "person"),
    ],
    ids=["agreed", "invented", "a person in its place"],
)
async def test_without_a_higher_opinion_the_rules_stand_or_a_person_looks(
    client: Client, server: ScriptedServer, tmp_path: Path, answer: dict[str, Any], fallback: str
) -> None:
    """An opinion with invented words is none; the playbook says what takes its place."""
    held = fallback == "person"
    server.play(says(answer))
    async with model_desk(
        client, tmp_path, server, _with_opinion(fallback=fallback), prompts=["guardian"]
    ) as desk:
        case = await ask(desk)
        if held:
            await case.until("waiting_for_approval")
        else:
            assert (await case.outcome()).ending is Ending.DONE
        [result] = (await Gateway.over(desk.client).request_detail(case.id)).guard_results
    assert (result.tier is Tier.MEDIUM) is held
    assert (result.opinion is not None) is (answer["tier"] == "low")


async def test_the_audit_reads_what_a_model_found_as_what_the_rules_found(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """A model's exception is one in the trail that is made from history; an answer that is none is told as none."""
    content = _with_opinion()
    rubric = {"checks": [{"name": "vague", "asks": "Is it vague?"}]}
    judge = {"role": "judge", "backend": "model", "model": "small", "config": rubric}
    content["review"] = {"reviewers": {"rubric": judge}, "max_rounds": 0}
    server.play(says({"vague": ["the house cupboard"]}), says({"tier": "high", "quote": ""}))
    async with model_desk(client, tmp_path, server, content, prompts=["rubric", "guardian"]) as desk:
        case = await ask(desk)
        await case.until("waiting_for_approval")
        history = await case.handle.fetch_history()
        trail = trail_of_events(history.events)
    found = [entry for entry in trail.entries if entry.kind is AuditKind.EXCEPTION]
    assert [entry.why for entry in found] == ["Is it vague?: “the house cupboard”"]
    results = [entry.what for entry in trail.entries if entry.kind is AuditKind.RESULT]
    assert "no answer of a model" in results
    assert "no exceptions" not in results


def test_check_reads_the_prompt_of_the_guardian(tmp_path: Path) -> None:
    """Before the first question, as that of any role."""
    found = check(write_desk(tmp_path / "desks", _with_opinion()))
    assert "guardian.md: at guardian.opinion: it cannot be read" in found
