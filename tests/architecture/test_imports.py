"""Who may import whom, as the design's layout says; each failure names its remedy."""

import ast
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PURE: Final = (
    "dispatch.models",
    "dispatch.forms",
    "dispatch.text",
    "dispatch.guard",
    "dispatch.approval",
    "dispatch.ranking",
    "dispatch.process",
)
ENGINE: Final = (
    *PURE,
    "dispatch.texts",
    "dispatch.playbooks",
    "dispatch.storage",
    "dispatch.notifications",
    "dispatch.isolation",
    "dispatch.http",
    "dispatch.hosts",
    "dispatch.language_models",
    "dispatch.rate_limits",
    "dispatch.temporal_errors",
    "dispatch.audit",
    "dispatch.classification",
    "dispatch.roles",
    "dispatch.evals",
)
CONTRACTS: Final = (
    "activities.contracts",
    "activities.failures",
    "activities.permits",
)

MAY_IMPORT: Final[dict[str, tuple[str, ...]]] = {
    # The engine, each room after those that it stands on.
    "dispatch.models": (),
    "dispatch.text": ("dispatch.models",),
    "dispatch.forms": (),
    "dispatch.guard": ("dispatch.models", "dispatch.text", "dispatch.forms"),
    "dispatch.approval": ("dispatch.models", "dispatch.text", "dispatch.guard"),
    "dispatch.ranking": ("dispatch.models",),
    "dispatch.process": (
        "dispatch.models",
        "dispatch.text",
        "dispatch.guard",
        "dispatch.approval",
        "dispatch.ranking",
        "dispatch.texts",
        "dispatch.forms",
    ),
    "dispatch.roles": ("dispatch.models", "dispatch.text", "dispatch.process", "dispatch.forms"),
    "dispatch.evals": ("dispatch.models", "dispatch.text"),
    "dispatch.texts": ("dispatch.models", "dispatch.playbooks"),
    "dispatch.playbooks": PURE,
    "dispatch.storage": (*PURE, "dispatch.playbooks"),
    "dispatch.notifications": (*PURE, "dispatch.texts"),
    "dispatch.isolation": ("dispatch.models",),
    "dispatch.http": ("dispatch.models",),
    "dispatch.hosts": ("dispatch.models", "dispatch.http"),
    "dispatch.language_models": (*PURE, "dispatch.playbooks", "dispatch.hosts", "dispatch.http"),
    "dispatch.rate_limits": (),
    "dispatch.temporal_errors": ("dispatch.models",),
    "dispatch.audit": ("dispatch.models", "dispatch.storage"),
    "dispatch.classification": (*PURE, "dispatch.playbooks", "dispatch.isolation", "dispatch.hosts"),
    # What runs it.
    "activities": ENGINE,
    "workflows": (*PURE, "dispatch.audit", "activities"),
    "runtime": (*ENGINE, "activities", "workflows", "desks"),
    # What is plugged in: never another desk, never another channel.
    "channels": (*ENGINE, *CONTRACTS, "channels.watching"),
    "desks": (*ENGINE, *CONTRACTS, "channels"),
    # What starts it; nobody imports these.
    "cli": (*ENGINE, "runtime", "devstack"),
    "inbox": (*ENGINE, "runtime"),
    "devstack": (*ENGINE, "runtime"),
    "starter": (*ENGINE, "runtime", "workflows", "cli"),
    "worker": (*ENGINE, "runtime", "workflows", "activities", "channels", "desks"),
}
REMEDY: Final = {
    "desks": "only runtime/desks.py knows desks; declare it on the desk's own class",
    "channels": "the engine knows no channel; declare it on the channel's own class and pass it in",
    "runtime": "take the value as a parameter, and let worker.py, cli or inbox read the settings",
    "workflows": "call it through runtime, which alone knows the SDK and the workflows",
    "starter": "use runtime/gateway.py, the one client of Temporal for cli, inbox and demo",
    "activities": "move what both need into dispatch, or into activities/contracts.py",
}

MAY_NAME_DESKS: Final = ("runtime.desks", "devstack.settings")
EXCEPTIONS: Final = {
    ("devstack.settings", "desks"): "its stand-ins take the place of the support desk's systems",
    ("devstack.settings", "channels"): "its stand-ins take the place of the mail channel's systems",
    ("devstack.demo", "inbox"): "runs the inbox in the demo's own process",
    (
        "runtime.doors",
        "channels",
    ): "says which channel reads which form of file, and runs the doors of channels",
}

NO_IO: Final = (
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


def _files(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        place = ROOT / room.replace(".", "/")
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


@functools.cache
def _imports(file: Path) -> tuple[str, ...]:
    return tuple(_imported(file))


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _within(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def _own(module: str) -> str:
    """Return what a module may import freely: its room, or its own desk or channel."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in {"dispatch", "desks", "channels"} else parts[0]


def _rule(module: str) -> tuple[str, ...]:
    return next(allowed for room, allowed in MAY_IMPORT.items() if _within(module, (room,)))


@functools.cache
def _against_the_rules() -> tuple[tuple[str, str], ...]:
    """Return each module with each name that it may not import."""
    return tuple(_wrong_imports())


def _wrong_imports() -> Iterator[tuple[str, str]]:
    rooms = tuple(MAY_IMPORT)
    for file in _files(*rooms):
        module = _module(file)
        for name in _imports(file):
            ours = _within(name, (*rooms, "desks", "channels"))
            if ours and not _within(name, (_own(module), *_rule(module))):
                yield module, name


def _excused(module: str, name: str) -> bool:
    return any(_within(module, (by,)) and _within(name, (what,)) for by, what in EXCEPTIONS)


def test_every_package_has_its_rule() -> None:
    """A new room is named here before it can be imported, or import."""
    folders = {file.parent.relative_to(ROOT) for file in ROOT.glob("dispatch/*/__init__.py")}
    found = {".".join(folder.parts) for folder in folders}
    unnamed = found - set(MAY_IMPORT)
    assert not unnamed, f"{sorted(unnamed)} are in no rule; add them to MAY_IMPORT with what they stand on"


def test_imports_go_one_way() -> None:
    """So that each room can be read, tested and changed alone."""
    wrong = [
        f"{module} imports {name}: {REMEDY.get(name.split('.')[0], 'move the code down to a room that both may import')}"
        for module, name in _against_the_rules()
        if not _excused(module, name)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=" imports ".join)
def test_an_exception_is_still_needed(exception: tuple[str, str]) -> None:
    """What nobody needs any more would excuse the next one."""
    by, what = exception
    needed = any(_within(m, (by,)) and _within(n, (what,)) for m, n in _against_the_rules())
    assert needed, f"{by} imports {what} no longer; delete its line"


def test_only_the_composition_names_a_desk() -> None:
    """A desk can be added or left out without a line of the engine changed."""
    for file in _files(*MAY_IMPORT):
        module = _module(file)
        desks = [name for name in _imports(file) if _within(name, ("desks",))]
        known = _within(module, (*MAY_NAME_DESKS, "desks"))
        assert not desks or known, f"{module} imports {desks}; {REMEDY['desks']}"


@pytest.mark.parametrize("room", PURE)
def test_the_pure_rooms_have_no_io_and_no_clock(room: str) -> None:
    """They can be run anywhere, replayed, and tested without a server."""
    for file in _files(room):
        where = file.relative_to(ROOT)
        wrong = [name for name in _imports(file) if _within(name, NO_IO)]
        assert not wrong, f"{where} imports {wrong}; do it in an activity or a system and pass the value in"
        assert ".now(" not in file.read_text(encoding="utf-8"), (
            f"{where} reads the clock; take the time from the handoff"
        )


@pytest.mark.parametrize("folder", ["specialists", "composers", "reviewers", "actions"])
def test_the_members_of_an_open_set_never_import_one_another(folder: str) -> None:
    """Each stands alone; one can be taken out without the others."""
    for file in itertools.chain(ROOT.glob(f"desks/*/{folder}/*.py"), ROOT.glob(f"channels/*/{folder}/*.py")):
        own = _module(file).rpartition(".")[0]
        wrong = [name for name in _imports(file) if _within(name, (own,))]
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}; share it through the desk's rules"


def test_the_audit_knows_of_temporal_the_history_types_alone() -> None:
    """It reads any history that was ever written, with no client, no worker and no contract of today's workflows."""
    for file in _files("dispatch.audit"):
        wrong = [
            n for n in _imports(file) if _within(n, ("temporalio",)) and not _within(n, ("temporalio.api",))
        ]
        assert not [n for n in wrong if n != "temporalio"], (
            f"{file.relative_to(ROOT)} imports {wrong}; fetch histories in runtime"
        )


def test_the_reading_of_a_trail_has_no_io_and_no_clock() -> None:
    """One history gives one trail, for every reader, at any place and time."""
    waiting, read = [ROOT / "dispatch/audit/read/trail.py"], set[Path]()
    while waiting:
        file = waiting.pop()
        if file in read or not file.exists():
            continue
        read.add(file)
        names = [n for n in _imports(file) if not _within(n, ("temporalio.api",)) and n != "temporalio"]
        wrong = [n for n in names if _within(n, NO_IO)]
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}, and the trail is read with it"
        assert ".now(" not in file.read_text(encoding="utf-8"), f"{file.relative_to(ROOT)} reads the clock"
        waiting += [ROOT / f"{n.replace('.', '/')}.py" for n in names if _within(n, ("dispatch",))]
    assert ROOT / "dispatch/audit/read/links.py" in read
