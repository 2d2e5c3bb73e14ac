"""The generic roles that a model does beside their rules, each end to end on the real server."""

from pathlib import Path
from typing import Any

from temporalio.client import Client

from dispatch.models.request.status import Ending
from dispatch.models.work.model_use import ModelFailure
from tests.language_models.model_desk import ASKS, ask, model_desk, sorting_playbook, uses
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
