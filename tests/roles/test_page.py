"""docs/declared-roles.md: its examples hold, and its reference is that of the schema."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.models.declared.reads import Read
from tests.docs.declared_reference import PAGE, written
from tests.docs.markdown import blocks_of
from tests.roles.access_desk import access_playbook
from tests.roles.yaml_desk import check, write_desk


def test_the_reference_is_written_from_the_schema() -> None:
    """Every key with its default; python -m tests.docs.declared_reference writes it again."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page)


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


@pytest.mark.usefixtures("_test_roles")
def test_the_examples_of_the_page_hold(tmp_path: Path) -> None:
    """What a reader copies from the page into the desk is accepted by `dispatch desk check`."""
    content = access_playbook()
    del content["actions"], content["specialists"], content["guardian"]["actions"]["grant_access"]
    systems: dict[str, Any] = {}
    for block in blocks_of(PAGE):
        if block.attributes.get("merge") == "playbook.yaml":
            _merge(content, yaml.safe_load(block.source))
        elif block.attributes.get("file") == "systems.yaml":
            systems = yaml.safe_load(block.source)["systems"]
    assert set(systems) == {"tickets", "directory", "status"}
    assert set(content["specialists"]) == {"find_account"}
    assert check(write_desk(tmp_path / "desks", content, systems)) == ""


def test_the_other_reads_of_the_page_hold() -> None:
    """The statement and the tool that the page shows can be declared."""
    lines = [
        line
        for block in blocks_of(PAGE)
        if block.language == "yaml" and not block.attributes
        for line in block.source.splitlines()
    ]
    reads = [Read.model_validate(yaml.safe_load(line)["read"]) for line in lines if line.startswith("read:")]
    assert [read.kind for read in reads] == ["sql", "mcp"]
