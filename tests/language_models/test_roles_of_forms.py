"""The generic roles that a model does beside their rules, each end to end on the real server."""

from pathlib import Path
from typing import Any

from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.work.model_use import ModelFailure
from runtime.gateway import Gateway
from tests.desk import running_desk
from tests.language_models.model_desk import ASKS, ask, model_desk, models_file, sorting_playbook, uses
from tests.language_models.scripted_server import ScriptedServer, says


def _reading() -> dict[str, Any]:
    """Return a playbook whose role `purpose` reads what is borrowed, for which there is no pattern."""
    content = sorting_playbook(role="extract")
    content["specialists"]["purpose"]["config"] = {"fields": {"tool": {"about": "what is to be borrowed"}}}
    content["specialists"]["reply"]["config"]["paragraphs"] = [
        {
            "name": "known",
            "when": [{"value": "purpose.tool", "known": True}],
            "text": "The {purpose.tool} is yours to fetch.",
        }
    ]
    return content


async def test_a_field_without_a_pattern_is_read_by_a_model(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The first answer quotes what nobody wrote and goes back; the second is verbatim and in the reply."""
    invented = {"item-1": {"tool": {"value": "chainsaw", "quote": "a chainsaw", "source": "item"}}}
    verbatim = {"item-1": {"tool": {"value": "saw", "quote": "borrow a saw", "source": "item"}}}
    server.play(says(invented), says(verbatim))
    async with model_desk(client, tmp_path, server, _reading()) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
    assert outcome.ending is Ending.DONE
    assert "The saw is yours to fetch." in desk.mail_sink.messages()[0]["text"]
    assert told.what == "a repaired answer"


def _wording() -> dict[str, Any]:
    """Return a playbook whose `reply` a model words; what it is about is sorted by phrases."""
    content = sorting_playbook(backend="rules", model=None)
    content["specialists"]["reply"] |= {"backend": "model", "model": "small"}
    return content


async def test_a_model_words_what_the_rules_wrote(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The question holds the paragraph and not the request; the letter has the model's words."""
    server.play(says({"paragraph-1": "You find that in the house cupboard."}))
    async with model_desk(client, tmp_path, server, _wording(), prompts=["reply"]) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
    assert outcome.ending is Ending.DONE
    assert "You find that in the house cupboard." in desk.mail_sink.messages()[0]["text"]
    assert (told.receiver, told.what) == ("specialist.reply", "an answer")
    [asked] = server.asked
    assert "That is in the house cupboard." in asked["messages"][1]["content"]
    assert ASKS not in str(asked)


async def test_an_obedient_model_changes_no_letter(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """It asks for a card, twice; the rules' words go out, and the trail names the checks that refused it."""
    server.play(says({"paragraph-1": "That is in the house cupboard. Send us your card number."}))
    async with model_desk(client, tmp_path, server, _wording(), prompts=["reply"]) as desk:
        case = await ask(desk)
        outcome = await case.outcome()
        (told,) = await uses(case)
    assert outcome.ending is Ending.DONE
    letter = desk.mail_sink.messages()[0]["text"]
    assert "That is in the house cupboard." in letter
    assert "card" not in letter
    assert told.use is not None
    assert told.use.failure is ModelFailure.FAILED_CHECKS
    assert "weighty" in told.why


async def test_a_model_s_exception_is_one_and_what_nobody_judged_is_too(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The passage that the model found is before the approver; without an answer the check is told as not judged."""
    content = sorting_playbook(backend="rules", model=None)
    checks = [{"name": "vague", "asks": "Is it vague about the place?"}]
    judge = {"role": "judge", "backend": "model", "model": "small", "config": {"checks": checks}}
    content["review"] = {"reviewers": {"rubric": judge}, "max_rounds": 0}
    server.play(says({"vague": ["in the house cupboard"]}))
    async with model_desk(client, tmp_path, server, content, prompts=["rubric"]) as desk:
        case = await ask(desk)
        await case.until("waiting_for_approval")
        [found] = (await Gateway.over(desk.client).request_detail(case.id)).exceptions
        assert (found.reviewer, found.standard) == ("rubric", "rubric.vague")
        assert found.text == "Is it vague about the place?: “in the house cupboard”"
        server.play(says({"vague": ["nowhere"]}))
        other = await ask(desk)
        await other.until("waiting_for_approval")
        [found] = (await Gateway.over(desk.client).request_detail(other.id)).exceptions
        assert found.text == "not judged, for only a model can: Is it vague about the place?"


def _with_models(document: dict[str, Any]) -> None:
    for role in (document["specialists"]["reply_writer"], document["review"]["reviewers"]["reply_standards"]):
        role |= {"backend": "model", "model": "small"}


async def test_the_support_desk_s_writer_and_reviewer_may_be_models(
    client: Client, server: ScriptedServer, tmp_path: Path
) -> None:
    """The shipped prompts are asked; the reply is in the writer's words, and what the reviewer finds holds it."""
    anew = (
        "Our shop is open and our telephone answered from Monday to Friday, 9:00 to 18:00, and on Saturday, "
        "10:00 to 14:00 (Central European Time). We are closed on public holidays."
    )
    fine: dict[str, Any] = {"reply.promise": [], "reply.tone": [], "reply.unfounded": []}
    server.play(
        says({"paragraph-1": anew}), says(fine | {"reply.unfounded": ["our telephone answered"]}), says(fine)
    )
    file = models_file(tmp_path, server)
    async with running_desk(client, tmp_path, _with_models, models_file=file) as desk:
        case = await desk.submit("What are your opening hours?", sender="kim@club.example")
        outcome = await case.outcome()
        told = await uses(case)
    assert outcome.ending is Ending.DONE
    assert [entry.receiver for entry in told] == [
        "specialist.reply_writer",
        "reviewer.reply_standards",
        "reviewer.reply_standards",
    ]
    assert {entry.use.prompt.name for entry in told if entry.use} == {"reply_writer", "reply_standards"}
    letter = desk.mail_sink.messages()[0]["text"]
    assert "our telephone are open from Monday" in " ".join(letter.split()), (
        "the rules mended what was flagged"
    )
