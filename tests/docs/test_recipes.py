"""The examples of the documentation, run as they stand on the page."""

import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from temporalio.client import Client

import desks
from cli import commands
from tests.desk import Desk, running_desk
from tests.docs.markdown import Block, blocks_of
from tests.signers import Signer, write_approvers

ROOT = Path(__file__).parents[2]
EXTENDING = ROOT / "docs" / "extending.md"
NEEDS: Final = {
    "demo": "runs until Ctrl-C; tests/acceptance/test_make_demo.py plays it",
    "suite": "is the run that this test is part of",
    "needs-desk": "needs a running desk, or the reader's own files",
    "needs-file": "writes a file where it is typed",
}
"""Why a shell block is not run, by the word on its fence; any other block of the pages below is."""
ORDERS: Final = "repairs.db"
HTTP = ROOT / "docs" / "http.md"
PAGES = (ROOT / "README.md", EXTENDING, HTTP)
ALL_PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
COMMANDS = [
    pytest.param(line, id=f"{block.place}: {line[:60]}")
    for page in PAGES
    for block in blocks_of(page)
    if block.language == "sh" and not NEEDS.keys() & block.attributes.keys()
    for line in block.source.splitlines()
    if line.strip()
]
QUOTED = [
    pytest.param(block, id=block.place)
    for page in PAGES
    for block in blocks_of(page)
    if "from" in block.attributes
]


def write_desk(home: Path) -> Path:
    """Write the desk that docs/extending.md builds into a folder of desks, and return its own folder."""
    folder = home / "repairs"
    for block in blocks_of(EXTENDING):
        if name := block.attributes.get("file"):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.source, encoding="utf-8")
        elif name := block.attributes.get("merge"):
            file = folder / name
            document = yaml.safe_load(file.read_text(encoding="utf-8"))
            _merge(document, yaml.safe_load(block.source))
            file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


COMMAND: Final = ".venv/bin/dispatch"
"""What `make setup` writes: a call of this checkout's starter.py."""


def run(command: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.replace(COMMAND, ".venv/bin/python starter.py")],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DISPATCH_VAR_DIR": str(tmp_path / "var")}
        | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def _own_desks() -> Iterator[None]:
    """Forget the desk of the page afterwards: modules and search path are the process's."""
    path = list(desks.__path__)
    yield
    desks.__path__[:] = path
    for name in [name for name in sys.modules if name.startswith("desks.repairs")]:
        del sys.modules[name]
    vars(desks).pop("repairs", None)


@pytest.fixture
async def repairs(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _own_desks: None
) -> AsyncIterator[Desk]:
    monkeypatch.setenv("DISPATCH_REPAIRS_DATABASE", str(tmp_path / ORDERS))
    home = tmp_path / "my-desks"
    write_desk(home)
    async with running_desk(client, tmp_path, desks_dir=home) as desk:
        write_approvers(desk.settings.approvers_path, Signer("ana"))
        yield desk


def test_the_recipes_desk_is_accepted(tmp_path: Path) -> None:
    """A reader who copies every block of docs/extending.md has a desk that `worker.py --check` accepts."""
    folder = write_desk(tmp_path / "my-desks")
    assert {str(file.relative_to(folder)) for file in folder.rglob("*.py")} == {
        "specialists/repair_price.py",
        "composers/price_note.py",
        "reviewers/reading_ease.py",
        "systems/order_book.py",
        "systems/order_entry.py",
        "actions/order_repair.py",
    }
    checked = run(".venv/bin/python worker.py --check", tmp_path, DISPATCH_DESKS_DIR=str(folder.parent))
    assert (checked.returncode, "5 playbooks" in checked.stdout) == (0, True), checked


def test_the_recipes_have_the_shape_of_this_project(tmp_path: Path) -> None:
    """What a reader copies passes the linter's formatter, so that the first commit needs no change."""
    folder = write_desk(tmp_path)
    formatted = run(f".venv/bin/ruff format --diff --config pyproject.toml {folder}", tmp_path)
    assert formatted.returncode == 0, formatted.stdout


async def test_a_request_goes_through_the_recipes_desk(repairs: Desk, tmp_path: Path) -> None:
    """The specialist prices the repair, a person approves the order, it is entered once, and the reply goes out."""
    case = await repairs.submit(
        "Hello,\n\nplease repair my mower.\n\nKim", sender="kim@post.example", name="Kim", desk="repairs"
    )
    status = await case.until("waiting_for_approval")
    assert status.review_point.owner == "ana"
    accepted, why = await case.decide("approve", by="ana")
    assert accepted, why
    outcome = await case.outcome()
    assert outcome.ending == "done", outcome
    with closing(sqlite3.connect(tmp_path / ORDERS)) as connection:
        assert connection.execute("SELECT tool FROM orders").fetchall() == [("mower",)]
    (mail,) = repairs.mail_sink.rows("SELECT recipient, text FROM messages")
    assert mail["recipient"] == "kim@post.example"
    assert "We repair your mower for EUR 89.00." in mail["text"]


async def test_a_tool_that_is_not_named_is_asked_for(repairs: Desk) -> None:
    """The playbook's required field leads to a question, and its answer to the price."""
    case = await repairs.submit("Can you repair something?", sender="kim@post.example", desk="repairs")
    await case.until("waiting_for_information")
    await case.answer(tool="saw")
    status = await case.until("waiting_for_approval")
    assert status.desk == "repairs"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_needs_no_server_works(command: str, tmp_path: Path) -> None:
    """Every shell line of these pages is run as it stands, unless its fence says what it needs."""
    done = run(command, tmp_path)
    assert done.returncode == 0, done
    assert done.stdout.strip()


def test_there_are_commands_to_run() -> None:
    """The test above does not pass because a fence was misread."""
    assert len(COMMANDS) >= 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_fence_says_what_is_known(page: Path) -> None:
    """A misspelt word on a fence would leave a block out without a word."""
    known = {"file", "merge", "from", *NEEDS}
    unknown = {(block.place, word) for block in blocks_of(page) for word in block.attributes.keys() - known}
    assert not unknown
    python = [block.place for block in blocks_of(page) if block.language == "python" and not block.attributes]
    assert not python, f"{python}: say file=... or from=..., so that it is run or compared"


@pytest.mark.parametrize("block", QUOTED)
def test_what_is_quoted_stands_in_its_source(block: Block) -> None:
    """The README shows parts of real files; each part, up to a line of three dots or dashes, is in the file as it is."""
    source = _without_indent((ROOT / block.attributes["from"]).read_text(encoding="utf-8"))
    for part in block.source.split("\n---\n"):
        assert _without_indent(part).strip() in source


def _without_indent(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


_COMMAND_LINE: Final = re.compile(r"(?:^|[\s'/])dispatch (?=[a-z])")


def _typed() -> Iterator[tuple[str, list[str]]]:
    """Yield every complete `dispatch` command of the documentation's blocks, with its place."""
    for page in ALL_PAGES:
        for block in blocks_of(page):
            for line in block.source.splitlines():
                found = _COMMAND_LINE.search(line.partition("#")[0])
                if found and block.language in {"sh", "text"}:
                    rest = line[found.end() :]
                    words = re.sub(r"[\[\]']|\.\.\.\]", "", rest)
                    yield f"{block.place}: {line.strip()[:80]}", shlex.split(words, comments=True)


@pytest.mark.parametrize("typed", [pytest.param(words, id=place) for place, words in _typed()])
def test_the_command_line_knows_what_a_page_types(typed: list[str]) -> None:
    """Commands, options and their values are as the documentation writes them."""
    commands.parsed(typed)


def test_the_pages_type_commands() -> None:
    """The test above does not pass because no block was read."""
    assert len(list(_typed())) > 30
