"""What `dispatch desk check` says of the backends of a desk's roles."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from cli.desk import run
from tests.language_models.model_desk import PROMPT, sorting_playbook
from tests.roles.yaml_desk import own_desks, write_desk
from tests.servers import settings_from


async def _checked(folder: Path) -> int:
    arguments = argparse.Namespace(part="check", name=None, dir=folder)
    with own_desks():
        return await run(arguments, settings_from({}))


def _with_prompts(folder: Path, content: dict[str, Any], *names: str) -> Path:
    home = write_desk(folder / "desks", content)
    (home / "prompts").mkdir()
    for name in names:
        (home / "prompts" / f"{name}.md").write_text(PROMPT, encoding="utf-8")
    return home


async def test_a_line_for_each_role_says_what_it_runs_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model, what takes its place, and the prompt that is found: the role's own, or that of the generic role."""
    content = sorting_playbook()
    content["specialists"]["reply"] |= {"backend": "model", "model": "strong", "fallback": "person"}
    content["guardian"]["opinion"] = {"model": "small"}
    folder = _with_prompts(tmp_path, content, "purpose", "write", "guardian")
    assert await _checked(folder) == 0
    assert capsys.readouterr().out.splitlines() == [
        "loans: nothing is wrong",
        "loans: triage: by rules",
        "loans: reading.intake: by rules; it can work by model",
        "loans: reading.triage: by rules; it can work by model",
        "loans: reading.extraction: by rules; it can work by model",
        "loans: specialists.purpose: by the model small, else by rules; prompt purpose, version 3",
        "loans: specialists.reply: by the model strong, else a person; prompt write, version 3",
        "loans: review.reviewers.rubric: by rules; it can work by model",
        "loans: guardian.opinion: by the model small, else by rules; prompt guardian, version 3",
    ]


async def test_nothing_is_said_of_a_desk_with_which_something_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong comes first, alone."""
    assert await _checked(_with_prompts(tmp_path, sorting_playbook())) == 1
    [told] = capsys.readouterr().out.splitlines()
    assert "specialists.purpose: it cannot be read" in told


async def test_a_desk_without_models_says_so_of_its_guardian(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules and examples are told as what they are."""
    assert await _checked(_with_prompts(tmp_path, sorting_playbook(backend="rules", model=None))) == 0
    told = capsys.readouterr().out
    assert "specialists.purpose: by rules; it can work by examples or model" in told
    assert "guardian: by rules; it asks no model for an opinion" in told
