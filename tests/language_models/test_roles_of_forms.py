"""The generic roles that a model does beside their rules, each end to end on the real server."""

from pathlib import Path
from typing import Any

from temporalio.client import Client

from dispatch.models.request.status import Ending
from tests.language_models.model_desk import ask, model_desk, sorting_playbook, uses
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
