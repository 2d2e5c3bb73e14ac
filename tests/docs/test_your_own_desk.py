"""docs/your-own-desk.md, done step by step as a stranger would: each block where it stands, on one machine."""

import os
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.docs.markdown import Block, blocks_of
from tests.docs.test_recipes import NEEDS, ROOT, run

PAGE: Final = ROOT / "docs" / "your-own-desk.md"
DESK: Final = "my-desks/it_support"


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _change(file: Path, block: Block) -> None:
    """Do what a block of YAML says to a file of the desk; what is an example of something now, is of nothing else."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    more = yaml.safe_load(block.source)
    _merge(document, more)
    if file.name == "examples.yaml":
        moved = {text for texts in more["intents"].values() for text in texts}
        document["other"] = [text for text in document["other"] if text not in moved]
    file.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.mark.timeout(400)
def test_a_stranger_comes_to_a_desk_of_their_own(tmp_path: Path) -> None:
    """Copied, checked, tried, changed, taught and measured: every command succeeds and says what the page says."""
    said: dict[str, str] = {}
    for block in blocks_of(PAGE):
        if name := block.attributes.get("merge"):
            _change(tmp_path / DESK / name, block)
        elif name := block.attributes.get("file"):
            (tmp_path / DESK / name).write_text(block.source, encoding="utf-8")
        elif block.language == "sh" and not NEEDS.keys() & block.attributes.keys():
            for line in block.source.splitlines():
                # A trial starts the Temporal program, which is found or kept where this user's is.
                place = {name: os.environ[name] for name in ("HOME", "PATH")}
                done = run(line.replace("my-desks", str(tmp_path / "my-desks")), tmp_path, **place)
                assert done.returncode == 0, (line, done)
                said[line] = said.get(line, "") + done.stdout
    told = "\n".join(said.values())
    assert told.count("it_support: nothing is wrong") == 2
    assert "nothing was sent and nothing was done" in told
    assert "Reset of the own password" in told or "reset_own_password" in told
    assert "sales-systems" in told
    assert (
        "at the reception" in said[f".venv/bin/dispatch desk try --dir {DESK} {DESK}/samples/16-guests.eml"]
    )
