"""The order in which the `temporal` program is looked for; the programs here are fakes that only tell a version."""

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devstack import temporal_build, temporal_program
from dispatch.models.errors import DevStackError
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
GOOD = "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"


def fake(path: Path, says: str = GOOD) -> Path:
    """Write a fake program that answers every call with `says`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Place:
    """An empty machine: no PATH, no cache, and a list of what was said."""

    def __init__(self, tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tmp, self.said = tmp, list[str]()
        self.path = tmp / "bin"
        self.path.mkdir()
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp / "cache"))
        monkeypatch.delenv("DISPATCH_TEMPORAL_PROGRAM", raising=False)
        self.cached = tmp / "cache" / "dispatch-desk" / "temporal-1.5.1" / "temporal"

    def find(self, program: Path | None = None) -> Path:
        settings = Settings(temporal_program=None if program is None else str(program))
        return temporal_program.find(settings, self.said.append)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK's download fail as it does without a network, on every machine."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def test_the_setting_comes_first(place: Place) -> None:
    """A named program is used although there is another on PATH."""
    fake(place.path / "temporal")
    named = fake(place.tmp / "mine" / "temporal")
    assert place.find(named) == named
    assert place.said == [f"DISPATCH_TEMPORAL_PROGRAM: {named} (server 1.29.1)"]


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (None, "cannot be run"),
        ("tctl version 1.18", "not Temporal's command line"),
        ("temporal version 1.1.0 (Server 1.25.0, UI 2.30.3)", "needs 1.29 or newer"),
    ],
)
def test_a_wrong_setting_is_an_error_and_nothing_else_is_tried(
    place: Place, says: str | None, why: str
) -> None:
    """Running another server than the one asked for would be worse than not running."""
    fake(place.path / "temporal")
    named = place.tmp / "mine"
    if says is not None:
        fake(named, says)
    with pytest.raises(
        DevStackError, match=rf"^DISPATCH_TEMPORAL_PROGRAM is wrong: .*{why}.*; correct or unset it\.$"
    ):
        place.find(named)
    assert place.said == []


def test_path_comes_before_the_cache(place: Place) -> None:
    """A program the person installed is preferred to the one kept for the desk."""
    on_path = fake(place.path / "temporal")
    fake(place.cached)
    assert place.find() == on_path
    assert place.said == [f"PATH: {on_path} (server 1.29.1)"]


def test_a_newer_server_is_taken_with_a_warning(place: Place) -> None:
    """Newer servers keep what the desk uses, but it was not measured there."""
    on_path = fake(place.path / "temporal", "temporal version 1.9.0 (Server 1.31.0, UI 2.50.0)")
    assert place.find() == on_path
    assert place.said == [
        f"PATH: {on_path} (server 1.31.0); warning: the desk was tried on server 1.29, this one is newer"
    ]


def test_a_useless_program_on_path_is_passed_over(place: Place) -> None:
    """An old server has no task fairness: said, and the cache is asked."""
    fake(place.path / "temporal", "temporal version 1.1.0 (Server 1.25.0, UI 2.30.3)")
    fake(place.cached)
    assert place.find() == place.cached
    assert "runs server 1.25.0, the desk needs 1.29 or newer" in place.said[0]
    assert place.said[1] == f"cache: {place.cached} (server 1.29.1)"


def test_without_any_the_download_fails_in_bounded_time_and_go_is_asked_for(
    place: Place, offline: None
) -> None:
    """Each try is said in one line, and the last failure says what to do."""
    with pytest.raises(
        DevStackError, match=r"Go, which would build it, is not on PATH: install Go or put a temporal"
    ):
        place.find()
    tries = [line.split(":")[0] for line in place.said]
    assert tries == ["PATH", "cache", "SDK download", "SDK download"]
    assert "failed, " in place.said[-1]
    assert not any("\n" in line for line in place.said)
    assert not place.cached.exists()


def test_go_builds_into_the_cache_and_the_next_search_finds_it_there(place: Place, offline: None) -> None:
    """The build lands whole, under the name the cache is asked for, and leaves nothing else; Go is a fake here."""
    go = place.path / "go"
    program = place.tmp / "built"
    fake(program)
    go.write_text(
        '#!/bin/sh\nwhile [ "$1" != "-o" ]; do case "$1" in -mod=*) mod=$1;; esac; shift; done\n'
        f'[ "$mod" = "-mod=readonly" ] && [ -f go.sum ] && /bin/cp {program} "$2"\n'
    )
    go.chmod(0o755)
    assert place.find() == place.cached
    assert sorted(file.name for file in place.cached.parent.iterdir()) == ["making.lock", "temporal"]
    place.said.clear()
    assert place.find() == place.cached
    assert place.said == ["PATH: no temporal", f"cache: {place.cached} (server 1.29.1)"]


def test_a_failed_build_is_one_sentence_with_gos_own_last_line(place: Place, offline: None) -> None:
    """The reason is Go's; what to do is ours; nothing half made stays behind."""
    go = place.path / "go"
    go.write_text("#!/bin/sh\necho 'dial tcp: no route to host' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(
        DevStackError, match=r"go build of temporal failed \(dial tcp: no route to host\); mend that, or"
    ):
        place.find()
    assert [file.name for file in place.cached.parent.iterdir()] == ["making.lock"]


def test_too_little_disk_is_said_before_anything_is_made(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that fills the disk fails late and obscurely."""
    monkeypatch.setattr(temporal_build, "_NEEDED_BYTES", 2**62)
    with pytest.raises(
        DevStackError, match=r"^building temporal needs 2 GB of disk and .* GB free; free some"
    ):
        place.find()


def test_two_at_a_time_build_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first and takes what it made."""
    builds: list[str] = []
    first_builds, second_waits = threading.Event(), threading.Event()

    def build(folder: Path, say: temporal_build.Say) -> Path:
        builds.append("built")
        first_builds.set()
        assert second_waits.wait(10)
        return fake(folder / "temporal")

    monkeypatch.setattr(temporal_build, "_download", lambda _folder, _say: None)
    monkeypatch.setattr(temporal_build, "_build", build)
    first = threading.Thread(target=temporal_build.make, args=(place.said.append,))
    first.start()
    assert first_builds.wait(10)
    assert temporal_build.make(lambda _line: second_waits.set()) == place.cached
    first.join(10)
    assert builds == ["built"]


def test_a_cache_that_cannot_be_written_is_one_sentence(place: Place) -> None:
    """A read-only home is named, with the variable that moves the cache."""
    (place.tmp / "cache").write_text("a file where the folder should be")
    with pytest.raises(
        DevStackError, match=r"^the cache .* cannot be used \(.*\); make it writable or set XDG_CACHE_HOME"
    ):
        place.find()


def test_the_command_prints_the_path_last_and_fails_without_a_traceback(place: Place) -> None:
    """`make temporal` relies on its exit code and a person on its last line."""
    named = fake(place.tmp / "temporal")
    command = [sys.executable, "-m", "devstack.temporal_program"]
    found = subprocess.run(
        command,
        env={"DISPATCH_TEMPORAL_PROGRAM": str(named)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines()[-1] == str(named)
    lost = subprocess.run(
        command,
        env={"DISPATCH_TEMPORAL_PROGRAM": str(named) + "-lost"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lost.returncode == 1
    assert lost.stderr.startswith("temporal: DISPATCH_TEMPORAL_PROGRAM is wrong:")
    assert lost.stderr.count("\n") == 1
