"""Checks the documentation against the project: settings, files, make targets, states, links and pictures."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio import workflow

from cli import commands
from devstack import approvers
from devstack.settings import StackSettings
from dispatch.models.people.decision import ApprovalKind, DecisionType
from dispatch.models.request.status import Ending, RequestState
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from dispatch.models.trail import EntryKind
from runtime.worker_parts.shutdown import HARD_END_CODE
from workflows.coordinator import Coordinator
from workflows.follow_up import FollowUp

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
)
PROCESS = (ROOT / "docs" / "process.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

# What a running desk makes, and what stands for any name.
NOT_IN_THE_TREE = re.compile(r"^(var/.*|\.venv/.*|.*<.*|.*\*.*)$")
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(!?)\[[^\]\n]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"^\.?[\w.<>*-]+(/[\w.<>*-]*)+$")
_ROOT_FILE = re.compile(r"^[\w-]+\.(py|yml|toml|lock|md)$")


def prose(page: Path) -> str:
    """Return a page without its fenced blocks, which show what a person types or writes."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def paths_named(page: Path) -> Iterator[str]:
    """Yield what a page names as a file or folder of this project, in code or in words."""
    top = {entry.name for entry in ROOT.iterdir()}
    for code in _CODE.findall(prose(page)):
        if (_PATH.match(code) and code.lstrip("./").split("/")[0] in top) or _ROOT_FILE.match(code):
            yield code
    yield from re.findall(r"(?<![\w/`(])docs/[\w/.-]+\.md", prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    checkpoints = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in checkpoints}


def rows_of(table: str) -> dict[str, str]:
    """Return variable -> default of the settings table; a default is in code, and empty where there is none."""
    found = re.findall(r"^\| `(DISPATCH_\w+)` \| (?:`([^`]*)`)? *\|", table, flags=re.MULTILINE)
    return dict(found)


def long_lines(page: Path) -> set[str]:
    """Return the lines of a page's paragraphs: no heading, picture, row of a table or short last line."""
    return {
        line for line in prose(page).splitlines() if len(line) > 60 and not line.startswith(("#", "!", "|"))
    }


def default_of(name: str) -> str:
    default = StackSettings.model_fields[name].default
    if hasattr(default, "get_secret_value"):
        default = default.get_secret_value()
    if isinstance(default, Path) and default.is_absolute():
        default = default.relative_to(ROOT)
    return "" if default is None else str(default)


def test_the_settings_table_is_whole_and_right() -> None:
    """Every setting with its default, and no variable that nothing reads."""
    told = rows_of(OPERATIONS)
    expected = {f"DISPATCH_{name.upper()}": default_of(name) for name in StackSettings.model_fields}
    assert told == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_variable_named_is_a_setting(page: Path) -> None:
    """A reader who copies a misspelt variable from a page would see no effect."""
    declared = re.findall(
        r"^        (\w+): \w+ = Field\(", page.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    known = {f"DISPATCH_{name.upper()}" for name in (*StackSettings.model_fields, *declared)}
    known |= set(re.findall(r"_variable: (DISPATCH_\w+)", page.read_text(encoding="utf-8")))
    named = set(re.findall(r"\bDISPATCH_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8")))
    assert {
        name for name in named if name not in known and not any(k.startswith(name) for k in known)
    } == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_exists(page: Path) -> None:
    """A path in a page is one that a reader can open."""
    missing = [
        path
        for path in paths_named(page)
        if not NOT_IN_THE_TREE.match(path) and not any((base / path).exists() for base in (ROOT, page.parent))
    ]
    assert not missing, (
        f"{page.name} names {missing}; correct the page, or NOT_IN_THE_TREE for what is made later"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_named_exists(page: Path) -> None:
    """A command in a page is one that a reader can run."""
    targets = set(
        re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", text, flags=re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_is_there(page: Path) -> None:
    """Links between pages resolve, down to the heading; pictures exist, are small, and need no network."""
    for picture, target in _LINK.findall(prose(page)):
        if target.startswith(("http://", "https://")):
            assert not picture, f"{page.name}: {target} would be fetched from the network"
            continue
        file, _, anchor = target.partition("#")
        there = page if not file else (page.parent / file)
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(there), f"{page.name}: {there.name} has no heading #{anchor}"
        if picture:
            assert there.stat().st_size < 300_000, f"{target} is larger than 300 KB"


def test_every_picture_is_shown_once() -> None:
    """Every picture is shown on exactly one page."""
    shown = [
        (page.parent / target).resolve()
        for page in PAGES
        for picture, target in _LINK.findall(prose(page))
        if picture
    ]
    assert sorted(shown) == sorted(file.resolve() for file in (ROOT / "docs" / "images").iterdir())


def test_every_exit_code_is_described() -> None:
    """The exit codes of `dispatch` and worker.py are in one table."""
    named = set(re.findall(r"^    (\d+(?:, \d+)?) +\w", commands.__doc__ or "", flags=re.MULTILINE))
    assert len(named) == 5
    for code in (*named, str(HARD_END_CODE)):
        assert re.search(rf"^\| {code} \| .+ \|$", OPERATIONS, flags=re.MULTILINE), code


def test_every_person_of_the_demo_is_described() -> None:
    """The documentation describes the sample person ana, and whether she can sign."""
    page = (ROOT / "docs" / "sample-data.md").read_text(encoding="utf-8")
    for person in approvers._PEOPLE:
        assert f"| {person.name} | {person.role} | {'yes' if person.signs else 'no'} |" in page
    assert f"`{approvers.DEMO_PASSPHRASE}`" in page


def test_the_glossary_is_whole() -> None:
    """Each role of the team is a row of the glossary, once."""
    for word in ("desk", "playbook", "specialist", "reviewer", "guardian", "approver", "action", "verifier"):
        assert len(re.findall(rf"^\| {word} \| .+ \|$", PROCESS, flags=re.MULTILINE)) == 1, word


def test_the_readme_is_one_page() -> None:
    """The README fits on one page; all other facts are on their own pages."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_paragraph_stands_on_two_pages(page: Path) -> None:
    """No paragraph occurs on two pages, because a correction would reach only one."""
    others = {line for other in PAGES if other != page for line in long_lines(other)}
    assert not long_lines(page) & others


def test_the_licence_is_named() -> None:
    """The package says under which licence it may be used, and the text is there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith(f"{project['license']} License")


@pytest.mark.parametrize("word", [*RequestState, *Ending])
def test_every_state_and_ending_is_described(word: str) -> None:
    """Every state and ending has a row in docs/process.md."""
    assert re.search(rf"^\| `{word}` \| .+ \|$", PROCESS, flags=re.MULTILINE)


@pytest.mark.parametrize("word", [*EntryKind, *DecisionType, *ApprovalKind, *SEARCH_ATTRIBUTES])
def test_every_word_of_the_messages_is_described(word: str) -> None:
    """Kinds of entries, decision types, gates and search attributes are all there."""
    told = "settlement" if word == ApprovalKind.ESCALATION else word
    assert re.search(rf"\b{told}\b", PROCESS)


@pytest.mark.parametrize("kind", [Coordinator, FollowUp])
def test_every_handler_is_described(kind: type) -> None:
    """Every message and query of a request or a follow-up is in docs/process.md."""
    defined = workflow._Definition.must_from_class(kind)
    names = {*defined.signals, *defined.updates, *defined.queries}
    assert {"decide", "extend", "status", "trail", "detail"} <= names
    for name in names:
        assert name is not None
        assert f"| `{name}` |" in PROCESS


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.name
)
def test_a_decision_record_has_its_parts(page: Path) -> None:
    """Number, status, context, decision, consequences; numbers run without a gap."""
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    for part in ("**Status**", "## Context", "## Decision", "## Consequences"):
        assert part in text
    numbers = sorted(int(file.name[:4]) for file in page.parent.glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
