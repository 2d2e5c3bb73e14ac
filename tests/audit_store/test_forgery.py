"""What an attacker can do who writes to the store: each forgery is found, on the desk's machine and by an auditor elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from terminal.commands import run
from tests.audit_store import forged
from tests.audit_store.made import NOW, documents, lines_of, store_at
from tests.audit_store.test_commands import Typed

LINES = 5
VERIFY = ("audit", "verify", "--no-replay", "--json")


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """Give the var folder of a machine that has exported LINES requests."""
    store_at(tmp_path / "desk" / "audit").append(documents(LINES), NOW)
    return tmp_path / "desk"


@pytest.fixture
def typed(var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    monkeypatch.setenv("DISPATCH_VAR_DIR", str(var))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")

    def type_in(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return type_in


@pytest.mark.parametrize(
    ("attack", "line", "what"),
    [
        (forged.forge_a_record, LINES + 1, "not with"),
        (forged.forge_the_store, 1, "not with"),
        (forged.swap_the_public_key, 1, "not with"),
        (forged.empty_the_manifest, 0, "is not in the chain"),
        (forged.cut_the_end, 0, "is not in the chain"),
    ],
)
def test_the_desks_own_machine_finds_it(
    typed: Typed, var: Path, attack: Callable[[Path], None], line: int, what: str
) -> None:
    """Its pinned key and the head that it remembers are enough: nothing has to be typed."""
    assert typed(*VERIFY)[0] == 0
    attack(var / "audit")
    code, said, _ = typed(*VERIFY)
    assert code == 1
    told = json.loads(said)
    assert told["result"] == "broken"
    assert any(one["line"] == line and what in one["what"] for one in told["broken"])


@pytest.mark.parametrize("attack", [forged.remove_the_store, forged.remove_the_manifest])
def test_a_store_that_is_gone_is_no_whole_store(
    typed: Typed, var: Path, attack: Callable[[Path], None]
) -> None:
    """One sentence says where it was looked for and what this machine had exported there; exit code 2."""
    attack(var / "audit")
    code, said, complaint = typed(*VERIFY)
    assert (code, said) == (2, "")
    assert str(var / "audit" / "store") in complaint


@pytest.mark.parametrize("attack", [forged.forge_a_record, forged.forge_the_store, forged.cut_the_end])
def test_an_exporter_signs_nothing_on_top_of_it(var: Path, attack: Callable[[Path], None]) -> None:
    """What follows the head that it remembers is not its own: it refuses, and the store stays as it is."""
    attack(var / "audit")
    before = lines_of(var / "audit")
    with pytest.raises(Exception, match="audit acknowledge"):
        store_at(var / "audit").append(documents(LINES + 1)[-1:], NOW)
    assert lines_of(var / "audit") == before
