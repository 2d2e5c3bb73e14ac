"""What a trial says would be done with a request, each through the whole process of the support desk."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.trial.result import as_json
from cli.trial.server import Trial, open_trial, trial_settings
from devstack.settings import StackSettings
from dispatch.models.work.playbook import EngineRole, Reading
from runtime.desk_check import desk_alone, folders_of
from runtime.doors.starting import read_request_file

ANN = "Ann Reed <ann.reed@mail.example>"


@asynccontextmanager
async def support() -> AsyncIterator[tuple[Trial, StackSettings]]:
    with trial_settings() as settings:
        loaded = desk_alone(settings, folders_of(settings), "support")
        async with open_trial(loaded, settings) as trial:
            yield trial, settings


def _mail(file: Path, text: str, *headers: str) -> Path:
    head = (f"From: {ANN}", "To: support@desk.example", f"Message-ID: <{file.name}@mail.example>", *headers)
    file.write_text("\n".join([*head, "", text, ""]), encoding="utf-8")
    return file


@pytest.mark.timeout(300)
async def test_each_ending_is_told(tmp_path: Path) -> None:
    """Answered, asked back, a person's, or set apart; what the desk does not determine is null."""
    mails = {
        "answered": _mail(tmp_path / "a.eml", "What are your opening hours?"),
        "question": _mail(tmp_path / "q.eml", "My parcel holds a lamp that is damaged. Please help."),
        "person": _mail(tmp_path / "p.eml", "Where is my order? And do you give piano lessons?"),
        "automatic": _mail(
            tmp_path / "o.eml", "I am away and read no mail about my order.", "Auto-Submitted: auto-replied"
        ),
        "unrouted": _mail(tmp_path / "u.eml", "Could you please tune my piano?"),
    }
    said: dict[str, dict[str, Any]] = {}
    async with support() as (trial, settings):
        for name, mail in mails.items():
            submission = read_request_file(settings, mail)
            said[name] = json.loads(json.dumps(as_json(submission, await trial.run(submission))))
    for name, one in said.items():
        assert one["ending"] == ("person" if name == "unrouted" else name), name
        assert (one["requester"], one["language"]) == (
            "ann.reed@mail.example",
            None if name == "automatic" else "en",
        )
        assert one["automatic"] is (name == "automatic")
        assert all((item["score"] is None) == (one["routed"] is None) for item in one["items"])
    answered = said["answered"]
    assert answered["routed"] == "support"
    (item,) = answered["items"]
    assert (item["text"], item["intent"]) == ("What are your opening hours?", "opening_hours")
    assert item["score"] > 0.5
    (reply,) = answered["actions"]
    assert (reply["name"], reply["tier"]) == ("send_reply", "low")
    assert reply["parameters"]["recipient"] == "ann.reed@mail.example"
    assert [one["parameters"]["purpose"] for one in said["question"]["actions"]] == ["question"]
    # What is understood is answered beside the part that a person takes.
    assert [one["parameters"]["purpose"] for one in said["person"]["actions"]] == ["reply"]
    assert (said["automatic"]["actions"], said["automatic"]["routed"]) == ([], None)
    assert (said["unrouted"]["actions"], said["unrouted"]["routed"]) == ([], None)
    assert [item["intent"] for item in said["unrouted"]["items"]] == [None]


@pytest.mark.timeout(300)
async def test_a_trial_asks_no_model(tmp_path: Path) -> None:
    """Where the playbook gives roles to a model, the rules do them at once; nothing waits for a worker that is not there."""
    with trial_settings() as settings:
        loaded = desk_alone(settings, folders_of(settings), "support")
        in_force = loaded.playbooks.by_desk["support"]
        role = EngineRole(backend="model", model="small", fallback="person")
        given = in_force.playbook.model_copy(update={"reading": Reading(triage=role, extraction=role)})
        writer = given.specialists["reply_writer"].model_copy(update={"backend": "model", "model": "small"})
        given = given.model_copy(update={"specialists": {**given.specialists, "reply_writer": writer}})
        by_desk = {"support": in_force.model_copy(update={"playbook": given})}
        changed = loaded._replace(playbooks=replace(loaded.playbooks, by_desk=by_desk))
        submission = read_request_file(settings, _mail(tmp_path / "a.eml", "What are your opening hours?"))
        async with open_trial(changed, settings) as trial:
            rest = await trial.run(submission)
    assert as_json(submission, rest)["ending"] == "answered"
