"""Who may import whom, as the design's layout says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = (
    "dispatch",
    "activities",
    "workflows",
    "worker",
    "starter",
    "terminal",
    "audit_composition",
    "embedded",
    "inbox",
    "bench",
)
MAY_IMPORT = {
    "dispatch/models": ("dispatch.models",),
    "dispatch/rules": ("dispatch.models", "dispatch.rules"),
    "dispatch/playbooks": ("dispatch.models", "dispatch.rules", "dispatch.playbooks"),
    "dispatch/clients": (
        "dispatch.models",
        "dispatch.clients",
        "dispatch.rules",
        "runtime.settings",
        "dispatch.storage.private_folders",
        "dispatch.playbooks.strict_yaml",
        "dispatch.audit.store.manifest",
    ),
    "dispatch/audit": ("dispatch.models", "dispatch.audit", "dispatch.storage.private_folders"),
    "activities": ("dispatch", "activities"),
    "activities/specialists": ("dispatch", "activities.failures"),
    "activities/reviewers": ("dispatch", "activities.failures"),
    "activities/actions": ("dispatch", "activities.failures"),
    "inbox": ("dispatch", "inbox", "starter", "workflows.parts.status_publisher"),
    "inbox/pages": ("dispatch", "inbox", "starter"),
    "workflows": ("dispatch.models", "dispatch.rules", "activities", "workflows"),
}
NO_IO = (
    "asyncio",
    "os",
    "pathlib",
    "socket",
    "httpx",
    "sqlite3",
    "subprocess",
    "random",
    "secrets",
    "time",
    "temporalio",
)


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _within(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    """Imports go one way, so that each room can be read, tested and changed alone."""
    for file in sorted((ROOT / room).glob("*.py")):
        wrong = [n for n in _imports(file) if _within(n, OURS) and not _within(n, MAY_IMPORT[room])]
        assert not wrong, (
            f"{file.relative_to(ROOT)} imports {wrong}; move the code, or pass the thing in from worker.py"
        )


@pytest.mark.parametrize("room", ["dispatch/models", "dispatch/rules"])
def test_the_pure_rooms_have_no_io_and_no_clock(room: str) -> None:
    """Models and rules can be run anywhere, replayed, and tested without a server."""
    for file in sorted((ROOT / room).glob("*.py")):
        wrong = [n for n in _imports(file) if _within(n, NO_IO)]
        assert not wrong, (
            f"{file.relative_to(ROOT)} imports {wrong}; do it in an activity or a client and pass it in"
        )
        text = file.read_text(encoding="utf-8")
        assert ".now(" not in text, (
            f"{file.relative_to(ROOT)} reads the clock; take the time from the handoff"
        )


def test_specialists_reviewers_and_actions_never_import_one_another() -> None:
    """Each of an open set stands alone; what two of them need belongs in dispatch/rules."""
    for room in ("specialists", "reviewers", "actions"):
        for file in sorted((ROOT / "activities" / room).glob("*.py")):
            wrong = [n for n in _imports(file) if n.startswith(f"activities.{room}.")]
            assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}; share it through dispatch/rules"


def test_the_audit_knows_of_temporal_the_history_types_alone() -> None:
    """It reads any history that was ever written, with no client, no worker and no contract of today's workflows."""
    for file in sorted((ROOT / "dispatch/audit").glob("*.py")):
        wrong = [
            n for n in _imports(file) if _within(n, ("temporalio",)) and not _within(n, ("temporalio.api",))
        ]
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}; fetch histories in a root module"


def test_the_reading_of_a_trail_has_no_io_and_no_clock() -> None:
    """One history gives one trail, whoever reads it, wherever and whenever."""
    begin = ROOT / "dispatch/audit/read/trail.py"
    waiting, read = [begin], set[Path]()
    while waiting:
        file = waiting.pop()
        if file in read or not file.exists():
            continue
        read.add(file)
        names = [n for n in _imports(file) if not _within(n, ("temporalio.api",))]
        wrong = [n for n in names if _within(n, NO_IO)]
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}, and the trail is read with it"
        assert ".now(" not in file.read_text(encoding="utf-8"), f"{file.relative_to(ROOT)} reads the clock"
        waiting += [ROOT / f"{n.replace('.', '/')}.py" for n in names if _within(n, ("dispatch",))]
    assert ROOT / "dispatch/audit/read/links.py" in read
