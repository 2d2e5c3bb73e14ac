"""The tool shed of tests/roles with a role that a model does: it sorts what is asked, and a reply follows from that."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from temporalio.client import Client

from dispatch.models.trail import EntryKind, TrailEntry
from tests.desk import Case, Desk, running_desk
from tests.language_models.scripted_server import ScriptedServer
from tests.roles.yaml_desk import DESK, own_desks, playbook, write_desk

ASKS: Final = "May I borrow a saw?"
PROMPT: Final = "version: 3\nSay what the tool is for."


def sorting_playbook(**role: Any) -> dict[str, Any]:
    """Return the playbook: `purpose` labels each item, and only a purpose of its own has a paragraph."""
    content = playbook()
    content["specialists"] = {
        "purpose": {
            "role": "classify",
            "backend": "model",
            "model": "small",
            "config": {"labels": {"garden": ["hedge"], "house": ["saw"]}, "sure": 0.6},
            **role,
        },
        "reply": {
            "role": "write",
            "config": {
                "paragraphs": [
                    {
                        "name": label,
                        "when": [{"value": "purpose.label", "equals": label}],
                        "text": f"That is in the {label} cupboard.",
                    }
                    for label in ("garden", "house")
                ]
            },
        },
    }
    content["intents"]["borrow"]["specialists"] = ["purpose", "reply"]
    content["plan"]["groups"] = [["purpose"], ["reply"]]
    content["review"]["reviewers"] = {
        "rubric": {"role": "judge", "config": {"checks": [{"name": "short", "max_chars": 2000}]}}
    }
    return content


@asynccontextmanager
async def model_desk(
    client: Client,
    folder: Path,
    server: ScriptedServer,
    content: dict[str, Any],
    prompts: Iterable[str] = (),
    **model: Any,
) -> AsyncIterator[Desk]:
    """Run the desk with the scripted server as its model `small`; `model` are further keys of its entry.

    `prompts` names the roles that have one besides `purpose`.
    """
    home = write_desk(folder / "desks", content)
    (home / "prompts").mkdir()
    for name in ("purpose", *prompts):
        (home / "prompts" / f"{name}.md").write_text(PROMPT, encoding="utf-8")
    file = models_file(folder, server, **model)
    with own_desks():
        async with running_desk(client, folder, desks_dir=folder / "desks", models_file=file) as desk:
            yield desk


def models_file(folder: Path, server: ScriptedServer, **model: Any) -> Path:
    """Write a file of models in which the scripted server is `small`; `model` are further keys of its entry."""
    timeouts = {"connect": "1 second", "first_token": "1 second", "total": "2 seconds"}
    models = {"small": {"url": server.url, "id": "m-1", "timeouts": timeouts, **model}}
    file = folder / "models.yaml"
    file.write_text(yaml.safe_dump({"models": models}), encoding="utf-8")
    return file


def write_model_desk(
    folder: Path, server: ScriptedServer, content: dict[str, Any], prompts: Iterable[str] = (), **model: Any
) -> Path:
    """Write the desk under `folder`/desks and the file of models, whose path is returned."""
    home = write_desk(folder / "desks", content)
    (home / "prompts").mkdir()
    for name in ("purpose", *prompts):
        (home / "prompts" / f"{name}.md").write_text(PROMPT, encoding="utf-8")
    timeouts = {"connect": "1 second", "first_token": "1 second", "total": "2 seconds"}
    models = {"small": {"url": server.url, "id": "m-1", "timeouts": timeouts, **model}}
    file = folder / "models.yaml"
    file.write_text(yaml.safe_dump({"models": models}), encoding="utf-8")
    return file


async def ask(desk: Desk) -> Case:
    """Submit the question of these tests."""
    return await desk.submit(ASKS, sender="kim@club.example", desk=DESK)


async def uses(case: Case) -> list[TrailEntry]:
    """Return the entries of the trail that tell of models."""
    return [entry for entry in await case.trail() if entry.kind is EntryKind.MODEL]
